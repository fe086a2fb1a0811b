import { CommandError } from '../errors.ts';
import { HOUR_MS, midnight, MINUTE_MS, SECOND_MS, weekMidnight } from './calendar.ts';
import { isNullish, typeNameOf } from './expression-arguments.ts';
import type { Compiling, Evaluate, Operator, Scope } from './expression-scope.ts';
import { zoneAt } from './expression-date-arguments.ts';
import { toInstant } from './time-zones.ts';
import { isObject, numberOf, show } from './value-types.ts';

/** The members of a date by calendar or by ISO week, with what stands for a missing one. */
const CALENDAR: Readonly<Record<string, number>> = { month: 1, day: 1 };
const ISO: Readonly<Record<string, number>> = { isoWeek: 1, isoDayOfWeek: 1 };
const TIME: Readonly<Record<string, number>> = { hour: 0, minute: 0, second: 0, millisecond: 0 };

/** Years have a code of their own for being out of range; seconds and milliseconds may be any number. */
const YEARS: Readonly<Record<string, number>> = { year: 40523, isoWeekYear: 31095 };
const UNBOUNDED: readonly string[] = ['second', 'millisecond'];

function wholeNumber(name: string, value: unknown): number {
  const number = numberOf(value);
  if (number === undefined || !Number.isInteger(number)) {
    const found = `${typeNameOf(value)} with value ${show(value)}`;
    throw new CommandError(40515, `'${name}' must evaluate to an integer, found ${found}`);
  }
  const yearCode = Object.hasOwn(YEARS, name) ? YEARS[name] : undefined;
  if (yearCode !== undefined && (number < 1 || number > 9_999)) {
    const range = 'the range 1 to 9999';
    throw new CommandError(yearCode, `'${name}' must evaluate to an integer in ${range}, found ${show(value)}`);
  }
  const isInRange = number >= -32_768 && number <= 32_767;
  if (isInRange || UNBOUNDED.includes(name)) return number;
  const range = `the range [-32768, 32767]; value ${show(value)} is not in range`;
  throw new CommandError(31034, `'${name}' must evaluate to a value in ${range}`);
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
  const date = isIso ? weekMidnight({ year, week: second, day: third }) : midnight(year, second - 1, third);
  return date + hour * HOUR_MS + minute * MINUTE_MS + seconds * SECOND_MS + milliseconds;
}

const dateFromParts: Operator = (argument, compiling) => {
  if (!isObject(argument)) throw new CommandError(40519, '$dateFromParts only supports an object as its argument');
  const isIso = Object.hasOwn(argument, 'isoWeekYear');
  if (!isIso && !Object.hasOwn(argument, 'year')) {
    throw new CommandError(40516, "$dateFromParts requires either 'year' or 'isoWeekYear' to be present");
  }
  const parts = compileParts(argument, compiling);
  const timezone = Object.hasOwn(argument, 'timezone') ? compiling.compile(argument.timezone, compiling) : undefined;
  return (scope) => {
    const values = partsAt(parts, scope);
    const zone = zoneAt(timezone, scope);
    return values === undefined || zone === undefined ? null : new Date(toInstant(dateOf(values, isIso), zone));
  };
};

/** Operators that make dates of their parts. */
export const DATE_PARTS: Readonly<Record<string, Operator>> = { $dateFromParts: dateFromParts };
