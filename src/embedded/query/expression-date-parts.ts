import { CommandError } from '../errors.ts';
import { isNullish, typeNameOf } from './expression-arguments.ts';
import type { Compiling, Evaluate, Operator, Scope } from './expression-scope.ts';
import { isObject, numberOf, show } from './value-types.ts';

/** The members of a date by calendar or by ISO week, with what stands for a missing one. */
const CALENDAR: Readonly<Record<string, number>> = { month: 1, day: 1 };
const ISO: Readonly<Record<string, number>> = { isoWeek: 1, isoDayOfWeek: 1 };
const TIME: Readonly<Record<string, number>> = { hour: 0, minute: 0, second: 0, millisecond: 0 };

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** How far a zone is ahead of UTC at an instant, in milliseconds. @throws CommandError 40485 for an unknown zone */
function offsetOf(zone: string, instant: number): number {
  const fixed = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone);
  if (fixed !== null) {
    const [, sign, hours = '0', minutes = '0'] = fixed;
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
  }
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    const name = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
    return name === 'GMT' ? 0 : offsetOf(name.replace('GMT', ''), instant);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CommandError(40485, `unrecognized time zone identifier: "${zone}"`);
  }
}

/** The instant at which clocks in the zone show what they would show in UTC at `local`. */
function toUtc(local: number, zone: string): Date {
  const guess = local - offsetOf(zone, local);
  // The offset may change between the two.
  return new Date(local - offsetOf(zone, guess));
}

function midnight(year: number, month: number, day: number): number {
  // Date.UTC takes years before 100 for ones of the twentieth century.
  return new Date(0).setUTCFullYear(year, month, day);
}

function isoMidnight(year: number, week: number, day: number): number {
  const fourth = midnight(year, 0, 4);
  const monday = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY_MS;
  return monday + ((week - 1) * 7 + day - 1) * DAY_MS;
}

function wholeNumber(name: string, value: unknown): number {
  const number = numberOf(value);
  if (number === undefined || !Number.isInteger(number)) {
    const found = `${typeNameOf(value)} with value ${show(value)}`;
    throw new CommandError(40515, `'${name}' must evaluate to an integer, found ${found}`);
  }
  const [least, most] = name.toLowerCase().endsWith('year') ? [1, 9_999] : [-32_768, 32_767];
  if (number >= least && number <= most) return number;
  const code = least === 1 ? 40523 : 31034;
  const range = `the range ${String(least)} to ${String(most)}`;
  throw new CommandError(code, `'${name}' must evaluate to an integer in ${range}, found ${show(value)}`);
}

function compileParts(argument: Record<string, unknown>, compiling: Compiling): [string, Evaluate | number][] {
  const isIso = Object.hasOwn(argument, 'isoWeekYear');
  const defaults = { ...(isIso ? { isoWeekYear: NaN, ...ISO } : { year: NaN, ...CALENDAR }), ...TIME };
  for (const name of Object.keys(argument)) {
    if (Object.hasOwn(defaults, name) || name === 'timezone') continue;
    const isMixed = [CALENDAR, ISO].some((parts) => Object.hasOwn(parts, name)) || name === 'year';
    if (isMixed) throw new CommandError(40489, '$dateFromParts does not allow mixing natural dates with ISO dates');
    throw new CommandError(40518, `Unrecognized argument to $dateFromParts: ${name}`);
  }
  return Object.entries(defaults).map(([name, fallback]) => [
    name,
    Object.hasOwn(argument, name) ? compiling.compile(argument[name], compiling) : fallback,
  ]);
}

function partsAt(parts: readonly [string, Evaluate | number][], scope: Scope): number[] | undefined {
  const values = parts.map(([name, part]) => [name, typeof part === 'number' ? part : part(scope)] as const);
  if (values.some(([, value]) => isNullish(value))) return undefined;
  return values.map(([name, value]) => wholeNumber(name, value));
}

function dateOf(values: readonly number[], isIso: boolean): number {
  const [year = 1, second = 1, third = 1, hour = 0, minute = 0, seconds = 0, milliseconds = 0] = values;
  const date = isIso ? isoMidnight(year, second, third) : midnight(year, second - 1, third);
  return date + (hour * 60 + minute) * MINUTE_MS + seconds * 1_000 + milliseconds;
}

/** The name of the zone, undefined for null or missing. */
function zoneAt(timezone: Evaluate, scope: Scope): string | undefined {
  const zone = timezone(scope);
  if (isNullish(zone)) return undefined;
  if (typeof zone === 'string') return zone;
  throw new CommandError(40517, `timezone must evaluate to a string, found ${typeNameOf(zone)}`);
}

const dateFromParts: Operator = (argument, compiling) => {
  if (!isObject(argument)) throw new CommandError(40519, '$dateFromParts only supports an object as its argument');
  const isIso = Object.hasOwn(argument, 'isoWeekYear');
  if (!isIso && !Object.hasOwn(argument, 'year')) {
    throw new CommandError(40516, "$dateFromParts requires either 'year' or 'isoWeekYear' to be present");
  }
  const parts = compileParts(argument, compiling);
  const timezone = compiling.compile(Object.hasOwn(argument, 'timezone') ? argument.timezone : 'UTC', compiling);
  return (scope) => {
    const values = partsAt(parts, scope);
    const zone = zoneAt(timezone, scope);
    return values === undefined || zone === undefined ? null : toUtc(dateOf(values, isIso), zone);
  };
};

/** Operators that make dates of their parts. */
export const DATE_PARTS: Readonly<Record<string, Operator>> = { $dateFromParts: dateFromParts };
