import { CommandError } from '../errors.ts';
import { dayOfWeek, dayOfYear, isoDayOfWeek, MINUTE_MS, weekDate, weekOfYear, yearOf } from './calendar.ts';
import { toLocal } from './time-zones.ts';
import type { TimeZone } from './time-zones.ts';

export const MONTH_NAMES: readonly string[] = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** Writes one part of a date. @param local what clocks show @param offset how far they are ahead of UTC, both in milliseconds */
type Write = (local: number, offset: number) => string;

function padded(width: number, part: (local: number) => number): Write {
  return (local) => {
    const number = part(local);
    if (number >= 0 && number <= 9_999) return String(number).padStart(width, '0');
    const problem = `date component was outside the supported range of 0-9999: ${String(number)}`;
    throw new CommandError(18537, `Could not convert date to string: ${problem}`);
  };
}

function monthOf(local: number): number {
  return new Date(local).getUTCMonth();
}

function offsetText(_local: number, offset: number): string {
  const minutes = Math.abs(Math.trunc(offset / MINUTE_MS));
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'));
  return `${offset < 0 ? '-' : '+'}${hours ?? ''}${rest ?? ''}`;
}

const SPECIFIERS: Readonly<Record<string, Write>> = {
  '%': () => '%',
  b: (local) => (MONTH_NAMES[monthOf(local)] ?? '').slice(0, 3),
  B: (local) => MONTH_NAMES[monthOf(local)] ?? '',
  d: padded(2, (local) => new Date(local).getUTCDate()),
  G: padded(4, (local) => weekDate(local).year),
  H: padded(2, (local) => new Date(local).getUTCHours()),
  j: padded(3, dayOfYear),
  L: padded(3, (local) => new Date(local).getUTCMilliseconds()),
  m: padded(2, (local) => monthOf(local) + 1),
  M: padded(2, (local) => new Date(local).getUTCMinutes()),
  S: padded(2, (local) => new Date(local).getUTCSeconds()),
  u: padded(1, isoDayOfWeek),
  U: padded(2, weekOfYear),
  V: padded(2, (local) => weekDate(local).week),
  w: padded(1, dayOfWeek),
  Y: padded(4, yearOf),
  z: offsetText,
  Z: (_local, offset) => String(Math.trunc(offset / MINUTE_MS)),
};

/** What a format consists of: texts to be taken as they are, and specifiers without their percent sign. */
export type FormatPart = Readonly<{ text: string } | { specifier: string }>;

/**
 * Takes a format apart.
 * @throws CommandError 18535 for a percent sign at the end, 18536 for a specifier that is not allowed
 */
export function formatParts(format: string, isAllowed: (specifier: string) => boolean): FormatPart[] {
  return (format.match(/%[^]?|[^%]+/gu) ?? []).map((part) => {
    if (!part.startsWith('%')) return { text: part };
    const specifier = part.slice(1);
    if (specifier === '') throw new CommandError(18535, "Unmatched '%' at end of format string");
    if (isAllowed(specifier)) return { specifier };
    throw new CommandError(18536, `Invalid format character '%${specifier}' in format string`);
  });
}

/** Keeps what was made of the formats seen last. */
export function rememberingFormats<Result>(make: (format: string) => Result): (format: string) => Result {
  const memo = new Map<string, Result>();
  return (format) => {
    const known = memo.get(format);
    if (known !== undefined) return known;
    const made = make(format);
    if (memo.size >= 100) memo.clear();
    memo.set(format, made);
    return made;
  };
}

/** Writes an instant as clocks in a zone show it. */
export type FormatDate = (instant: number, zone: TimeZone) => string;

/**
 * Prepares a format of `$dateToString`.
 * @throws CommandError 18535 or 18536 for a wrong format; what it returns throws 18537 for years outside of 0 to 9999
 */
export const dateFormatter: (format: string) => FormatDate = rememberingFormats((format) => {
  const writes = formatParts(format, (specifier) => Object.hasOwn(SPECIFIERS, specifier)).map((part): Write => {
    if ('text' in part) return () => part.text;
    return SPECIFIERS[part.specifier] ?? (() => '');
  });
  return (instant, zone) => {
    const local = toLocal(instant, zone);
    let text = '';
    for (const write of writes) text += write(local, local - instant);
    return text;
  };
});
