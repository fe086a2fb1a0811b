import { CommandError } from '../errors.ts';
import { HOUR_MS, midnight, MINUTE_MS, SECOND_MS, weekMidnight } from './calendar.ts';
import { formatParts, MONTH_NAMES, rememberingFormats } from './date-format.ts';
import { toInstant } from './time-zones.ts';
import type { TimeZone } from './time-zones.ts';

/** What was read of a date, by name, as it was written. */
type Found = Readonly<Record<string, string | undefined>>;

const MONTH = `(?<monthName>${MONTH_NAMES.flatMap((name) => [name, name.slice(0, 3)]).join('|')})`;
const DAY_WITH_ENDING = '(?<day>\\d{1,2})(?:st|nd|rd|th)?';

/** Dates that are read without a format, as PHP's `strtotime` reads them, whose library MongoDB uses. */
const DATES = [
  '(?<year>\\d{4})-(?<month>\\d{1,2})-(?<day>\\d{1,2})',
  '(?<year>\\d{4})/(?<month>\\d{1,2})/(?<day>\\d{1,2})',
  '(?<year>\\d{4})(?<month>\\d{2})(?<day>\\d{2})',
  '(?<year>\\d{4})-?(?<dayOfYear>\\d{3})',
  '(?<isoYear>\\d{4})-?W(?<week>\\d{2})(?:-?(?<weekDay>[1-7]))?',
  '(?<year>\\d{4})-(?<month>\\d{2})',
  '(?<month>\\d{1,2})/(?<day>\\d{1,2})/(?<year>\\d{4})',
  '(?<day>\\d{1,2})[-.](?<month>\\d{1,2})[-.](?<year>\\d{4})',
  `${MONTH}\\.?[ \\t-]*${DAY_WITH_ENDING},?[ \\t-]+(?<year>\\d{4})`,
  `${DAY_WITH_ENDING}[ \\t-]*${MONTH}\\.?,?[ \\t-]*(?<year>\\d{4})`,
  `${MONTH}\\.?,?[ \\t-]+(?<year>\\d{4})`,
];

const TIME =
  '(?<hour>\\d{1,2})(?::?(?<minute>[0-5]\\d)(?::?(?<second>[0-5]\\d|60)(?:[.,:](?<fraction>\\d+))?)?)?(?:\\s*(?<half>[ap])\\.?m\\.?)?';
const ZONE = '(?<zone>Z|UTC|GMT|(?:GMT|UTC)?[+-]\\d{1,2}:?(?:\\d{2})?)';

const PATTERNS = DATES.map((date) => new RegExp(`^\\s*${date}(?:(?:T|\\s+|\\s+at\\s+)${TIME})?\\s*${ZONE}?\\s*$`, 'i'));

/** What of a format reads what, and into which part. */
const SPECIFIERS: Readonly<Record<string, string>> = {
  '%': '%',
  b: `(?<monthName>${MONTH_NAMES.map((name) => name.slice(0, 3)).join('|')})`,
  B: `(?<monthName>${MONTH_NAMES.join('|')})`,
  d: '(?<day>\\d{1,2})',
  G: '(?<isoYear>\\d{4})',
  H: '(?<hour>\\d{1,2})',
  j: '(?<dayOfYear>\\d{1,3})',
  L: '(?<fraction>\\d{1,3})',
  m: '(?<month>\\d{1,2})',
  M: '(?<minute>[0-5]?\\d)',
  S: '(?<second>[0-5]?\\d|60)',
  u: '(?<weekDay>[1-7])',
  V: '(?<week>\\d{1,2})',
  Y: '(?<year>\\d{4})',
  z: ZONE,
  Z: '(?<zoneMinutes>[+-]?\\d+)',
};

function failed(text: string, reason: string): CommandError {
  return new CommandError(241, `Error parsing date string '${text}'; ${reason}`);
}

function incomplete(text: string): CommandError {
  const problem = 'an incomplete date/time string has been found, with elements missing';
  return new CommandError(241, `${problem}: "${text}"`);
}

function numberAt(found: Found, part: string): number | undefined {
  const text = found[part];
  return text === undefined ? undefined : Number(text);
}

function monthOf(found: Found): number | undefined {
  const name = found.monthName?.slice(0, 3).toLowerCase();
  if (name === undefined) return numberAt(found, 'month');
  return MONTH_NAMES.findIndex((month) => month.toLowerCase().startsWith(name)) + 1;
}

/** The start of the day that was read. */
function dayOf(text: string, found: Found): number {
  const isoYear = numberAt(found, 'isoYear');
  if (isoYear !== undefined) return weekDayOf(text, found, isoYear);
  const year = numberAt(found, 'year');
  const ordinal = numberAt(found, 'dayOfYear');
  const month = ordinal === undefined ? monthOf(found) : 1;
  if (year === undefined || month === undefined) throw incomplete(text);
  // Without a format a month stands for its first day.
  const day = ordinal ?? numberAt(found, 'day') ?? 1;
  const local = midnight(year, month - 1, day);
  const isOnCalendar = ordinal === undefined ? new Date(local).getUTCMonth() === month - 1 : ordinal <= 366;
  if (!isOnCalendar || day === 0) throw failed(text, 'The parsed date was invalid');
  return local;
}

function weekDayOf(text: string, found: Found, year: number): number {
  if (found.year !== undefined || monthOf(found) !== undefined || found.day !== undefined) {
    throw failed(text, 'Mixing of ISO dates with natural dates is not allowed');
  }
  const week = numberAt(found, 'week') ?? 1;
  if (week < 1 || week > 53) throw failed(text, 'The parsed date was invalid');
  return weekMidnight({ year, week, day: numberAt(found, 'weekDay') ?? 1 });
}

function timeOf(text: string, found: Found): number {
  const hour = hourOf(text, found);
  const minute = numberAt(found, 'minute') ?? 0;
  const fraction = Math.floor(Number(`0.${found.fraction ?? '0'}`) * 1_000 + 1e-6);
  const time = hour * HOUR_MS + minute * MINUTE_MS + (numberAt(found, 'second') ?? 0) * SECOND_MS;
  return time + fraction;
}

function hourOf(text: string, found: Found): number {
  const hour = numberAt(found, 'hour') ?? 0;
  if (found.half === undefined) {
    if (hour > 24) throw failed(text, 'Unexpected character');
    return hour;
  }
  if (hour < 1 || hour > 12) throw failed(text, 'Unexpected character');
  return (hour % 12) + (found.half.toLowerCase() === 'p' ? 12 : 0);
}

/** How far the zone that was read is ahead of UTC; undefined where none was. */
function offsetOf(found: Found): number | undefined {
  const minutes = numberAt(found, 'zoneMinutes');
  if (minutes !== undefined) return minutes * MINUTE_MS;
  if (found.zone === undefined) return undefined;
  const parts = /([+-])(\d{1,2}):?(\d{2})?$/.exec(found.zone);
  if (parts === null) return 0;
  const [, sign, hours, rest = '0'] = parts;
  const offset = Number(hours) * HOUR_MS + Number(rest) * MINUTE_MS;
  return sign === '-' ? -offset : offset;
}

/** @throws CommandError 241 for a string that names a zone although one is given */
function combine(text: string, found: Found, zone: TimeZone): number {
  const local = dayOf(text, found) + timeOf(text, found);
  const offset = offsetOf(found);
  if (offset === undefined) return toInstant(local, zone);
  if (zone.isUtc) return local - offset;
  const isName = /^[a-z]+$/i.test(found.zone ?? '');
  const what = isName ? `time zone information ('${found.zone ?? ''}')` : 'GMT offset';
  throw new CommandError(241, `you cannot pass in a date/time string with ${what} together with a timezone argument`);
}

/**
 * Reads a date without a format, in the zone unless the text names an offset.
 * @returns milliseconds since 1970 @throws CommandError 241 (ConversionFailure)
 */
export function parseDate(text: string, zone: TimeZone): number {
  for (const pattern of PATTERNS) {
    const found = pattern.exec(text)?.groups;
    if (found !== undefined) return combine(text, found, zone);
  }
  if (/^\s*(?:\d{1,4}|\d{1,2}:\d{2}(?::\d{2})?)\s*$/.test(text)) throw incomplete(text);
  throw failed(text, 'Unexpected character');
}

/** Reads dates of one format. */
export type ParseDate = (text: string, zone: TimeZone) => number;

/**
 * Prepares a format of `$dateFromString`.
 * @throws CommandError 18535 or 18536 for a wrong format; what it returns throws 241 for a text that does not follow it
 */
export const dateParser: (format: string) => ParseDate = rememberingFormats((format) => {
  const parts = formatParts(format, (specifier) => Object.hasOwn(SPECIFIERS, specifier));
  const seen = new Set<string>();
  const source = parts.map((part) => {
    if ('text' in part) return part.text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
    const reads = SPECIFIERS[part.specifier] ?? '';
    // A part given twice counts once; a group can have a name only once.
    const name = /^\(\?<(\w+)>/.exec(reads)?.[1] ?? '';
    const isSecond = name !== '' && seen.has(name);
    seen.add(name);
    return isSecond ? reads.replace(`?<${name}>`, '?:') : reads;
  });
  const pattern = new RegExp(`^${source.join('')}$`, 'i');
  const hasDay = ['day', 'dayOfYear', 'isoYear'].some((part) => seen.has(part));
  return (text, zone) => {
    const found = pattern.exec(text)?.groups;
    if (found === undefined) throw failed(text, `it does not follow the format '${format}'`);
    if (!hasDay) throw incomplete(text);
    return combine(text, found, zone);
  };
});
