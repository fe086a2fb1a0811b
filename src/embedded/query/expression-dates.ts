import { CommandError } from '../errors.ts';
import { dayOfWeek, dayOfYear, isoDayOfWeek, weekDate, weekOfYear, yearOf } from './calendar.ts';
import { dateFormatter } from './date-format.ts';
import { dateParser, parseDate } from './date-parse.ts';
import { compileNamed, requireInstant, zoneAt } from './expression-date-arguments.ts';
import type { NamedParts, Signature } from './expression-date-arguments.ts';
import { DATE_ARITHMETIC } from './expression-date-arithmetic.ts';
import { isNullish, typeNameOf } from './expression-arguments.ts';
import type { Compiling, Evaluate, Operator, Scope } from './expression-scope.ts';
import { toLocal } from './time-zones.ts';
import type { TimeZone } from './time-zones.ts';
import { isObject, show } from './value-types.ts';

/** A part of a date, from what clocks show. */
type Part = (local: number) => number;

const TIME_PARTS: Readonly<Record<string, Part>> = {
  hour: (local) => new Date(local).getUTCHours(),
  minute: (local) => new Date(local).getUTCMinutes(),
  second: (local) => new Date(local).getUTCSeconds(),
  millisecond: (local) => new Date(local).getUTCMilliseconds(),
};

const CALENDAR_PARTS: Readonly<Record<string, Part>> = {
  year: yearOf,
  month: (local) => new Date(local).getUTCMonth() + 1,
  day: (local) => new Date(local).getUTCDate(),
  ...TIME_PARTS,
};

const WEEK_PARTS: Readonly<Record<string, Part>> = {
  isoWeekYear: (local) => weekDate(local).year,
  isoWeek: (local) => weekDate(local).week,
  isoDayOfWeek,
  ...TIME_PARTS,
};

/** The operators that take one part of a date. */
const PARTS: Readonly<Record<string, Part>> = {
  $year: yearOf,
  $month: (local) => new Date(local).getUTCMonth() + 1,
  $dayOfMonth: (local) => new Date(local).getUTCDate(),
  $dayOfWeek: dayOfWeek,
  $dayOfYear: dayOfYear,
  $week: weekOfYear,
  ...Object.fromEntries(Object.entries({ ...TIME_PARTS, ...WEEK_PARTS }).map(([name, part]) => [`$${name}`, part])),
};

const ONLY_OBJECT = 'only supports an object as its argument';

const TO_PARTS: Signature = {
  notObject: [40524, () => ONLY_OBJECT],
  unrecognized: 40520,
  required: { date: 40522 },
  optional: ['timezone', 'iso8601'],
};

const TO_STRING: Signature = {
  notObject: [18629, () => ONLY_OBJECT],
  unrecognized: 18534,
  required: { date: 18628 },
  optional: ['format', 'timezone', 'onNull'],
};

const FROM_STRING: Signature = {
  notObject: [40540, (type) => `only supports an object as an argument, found: ${type}`],
  unrecognized: 40541,
  required: { dateString: 40542 },
  optional: ['timezone', 'format', 'onError', 'onNull'],
};

/** The date of an operator on one part, which may come alone, in brackets, or by name and with a zone. */
function compileDate(name: string, argument: unknown, compiling: Compiling): NamedParts {
  if (Array.isArray(argument)) {
    if (argument.length === 1) return { date: compiling.compile(argument[0], compiling) };
    const given = `but was given ${String(argument.length)}`;
    throw new CommandError(40536, `${name} accepts exactly one argument if given an array, ${given}`);
  }
  if (!isObject(argument) || Object.keys(argument)[0]?.startsWith('$') === true) {
    return { date: compiling.compile(argument, compiling) };
  }
  const unknown = Object.keys(argument).find((part) => part !== 'date' && part !== 'timezone');
  if (unknown !== undefined) throw new CommandError(40535, `unrecognized option to ${name}: "${unknown}"`);
  if (!Object.hasOwn(argument, 'date')) {
    throw new CommandError(40539, `missing 'date' argument to ${name}, provided: ${name}: ${show(argument)}`);
  }
  return Object.fromEntries(
    Object.entries(argument).map(([part, value]) => [part, compiling.compile(value, compiling)]),
  );
}

function partOperator(name: string, part: Part): Operator {
  return (argument, compiling) => {
    const { date, timezone } = compileDate(name, argument, compiling);
    return (scope) => {
      const value = date?.(scope);
      if (isNullish(value)) return null;
      const instant = requireInstant(value);
      const zone = zoneAt(timezone, scope);
      return zone === undefined ? null : part(toLocal(instant, zone));
    };
  };
}

/** Undefined for null or missing. */
function isByWeek(evaluate: Evaluate | undefined, scope: Scope): boolean | undefined {
  const value = evaluate === undefined ? false : evaluate(scope);
  if (typeof value === 'boolean') return value;
  if (isNullish(value)) return undefined;
  throw new CommandError(40521, `iso8601 must evaluate to a bool, found ${typeNameOf(value)}`);
}

const dateToParts: Operator = (argument, compiling) => {
  const { date, timezone, iso8601 } = compileNamed('$dateToParts', argument, TO_PARTS, compiling);
  return (scope) => {
    const value = date?.(scope);
    const zone = zoneAt(timezone, scope);
    const byWeek = zone === undefined ? undefined : isByWeek(iso8601, scope);
    if (zone === undefined || byWeek === undefined || isNullish(value)) return null;
    const local = toLocal(requireInstant(value), zone);
    const parts = Object.entries(byWeek ? WEEK_PARTS : CALENDAR_PARTS);
    return Object.fromEntries(parts.map(([name, part]) => [name, part(local)]));
  };
};

/** What to do with dates in the format asked for: the one that stands for none, or undefined for null or missing. */
function formatAt<Use>(
  evaluate: Evaluate | undefined,
  scope: Scope,
  [name, code]: readonly [name: string, code: number],
  [make, standard]: readonly [(format: string) => Use, Use],
): Use | undefined {
  if (evaluate === undefined) return standard;
  const format = evaluate(scope);
  if (typeof format === 'string') return make(format);
  if (isNullish(format)) return undefined;
  const found = `${typeNameOf(format)} with value ${show(format)}`;
  throw new CommandError(code, `${name} requires that 'format' be a string, found: ${found}`);
}

const inUtc = dateFormatter('%Y-%m-%dT%H:%M:%S.%LZ');
const elsewhere = dateFormatter('%Y-%m-%dT%H:%M:%S.%L');

function formatPlainly(instant: number, zone: TimeZone): string {
  return (zone.isUtc ? inUtc : elsewhere)(instant, zone);
}

const dateToString: Operator = (argument, compiling) => {
  const { date, format, timezone, onNull } = compileNamed('$dateToString', argument, TO_STRING, compiling);
  return (scope) => {
    const value = date?.(scope);
    // A wrong format or zone is refused even where there is no date.
    const write = formatAt(format, scope, ['$dateToString', 18533], [dateFormatter, formatPlainly]);
    const zone = zoneAt(timezone, scope);
    if (isNullish(value)) return onNull === undefined ? null : onNull(scope);
    if (zone === undefined || write === undefined) return null;
    return write(requireInstant(value), zone);
  };
};

function requireText(value: unknown): string {
  if (typeof value === 'string') return value;
  const found = `${typeNameOf(value)} with value ${show(value)}`;
  throw new CommandError(241, `$dateFromString requires that 'dateString' be a string, found: ${found}`);
}

const dateFromString: Operator = (argument, compiling) => {
  const parts = compileNamed('$dateFromString', argument, FROM_STRING, compiling);
  const { dateString, format, timezone, onNull, onError } = parts;
  return (scope) => {
    const value = dateString?.(scope);
    const read = formatAt(format, scope, ['$dateFromString', 40684], [dateParser, parseDate]);
    const zone = zoneAt(timezone, scope);
    if (isNullish(value)) return onNull === undefined ? null : onNull(scope);
    try {
      const text = requireText(value);
      return zone === undefined || read === undefined ? null : new Date(read(text, zone));
    } catch (error) {
      if (onError === undefined || !(error instanceof CommandError) || error.code !== 241) throw error;
      return onError(scope);
    }
  };
};

/** The operators that read and write dates, and those that count with them. */
export const DATES: Readonly<Record<string, Operator>> = {
  ...Object.fromEntries(Object.entries(PARTS).map(([name, part]) => [name, partOperator(name, part)])),
  ...DATE_ARITHMETIC,
  $dateToParts: dateToParts,
  $dateToString: dateToString,
  $dateFromString: dateFromString,
};
