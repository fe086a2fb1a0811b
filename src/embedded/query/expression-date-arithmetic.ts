import { CommandError } from '../errors.ts';
import { addUnits, difference, truncate } from './date-units.ts';
import { compileNamed, instantOf, startOfWeekOf, unitOf, zoneAt, zoneFor } from './expression-date-arguments.ts';
import type { Signature } from './expression-date-arguments.ts';
import { isNullish, typeNameOf } from './expression-arguments.ts';
import type { Evaluate, Operator, Scope } from './expression-scope.ts';
import { integerOf, numberOf, show } from './value-types.ts';

const ONLY_OBJECT = 'only supports an object as its argument';
const SUNDAY = 7;

const TRUNC: Signature = {
  notObject: [5439007, () => ONLY_OBJECT],
  unrecognized: 5439008,
  required: { date: 5439009, unit: 5439010 },
  optional: ['binSize', 'timezone', 'startOfWeek'],
};

const DIFF: Signature = {
  notObject: [5166301, () => ONLY_OBJECT],
  unrecognized: 5166302,
  required: { startDate: 5166303, endDate: 5166304, unit: 5166305 },
  optional: ['timezone', 'startOfWeek'],
};

function addSignature(name: string): Signature {
  return {
    notObject: [5166400, () => 'expects an object as its argument'],
    unrecognized: 5166401,
    required: { startDate: 5166402, unit: 5166402, amount: 5166402 },
    optional: ['timezone'],
    missing: `${name} requires startDate, unit, and amount to be present`,
  };
}

/** A whole number of 64 bits, undefined for anything else. */
function wholeNumber(value: unknown): number | undefined {
  const number = numberOf(value);
  if (number === undefined || !Number.isInteger(number) || integerOf(value) === undefined) return undefined;
  return number;
}

/** The value of an argument, or what stands for one that is not given. */
function valueAt(evaluate: Evaluate | undefined, scope: Scope, standard: unknown): unknown {
  return evaluate === undefined ? standard : evaluate(scope);
}

function binSizeOf(value: unknown): number {
  const size = wholeNumber(value);
  if (size === undefined) {
    const found = `value '${show(value)}' of type ${typeNameOf(value)}`;
    throw new CommandError(5439017, `$dateTrunc requires 'binSize' to be a 64-bit integer, but got ${found}`);
  }
  if (size > 0) return size;
  throw new CommandError(5439018, `$dateTrunc requires 'binSize' to be greater than 0, but got value ${String(size)}`);
}

function instantFor(name: string, part: string, value: unknown, code: number): number {
  const instant = instantOf(value);
  if (instant !== undefined) return instant;
  throw new CommandError(code, `${name} requires '${part}' to be a date, but got ${typeNameOf(value)}`);
}

/** When weeks start; only weeks ask for it, so that for other units anything will do. */
function weekStartAt(evaluate: Evaluate | undefined, scope: Scope, unit: unknown): unknown {
  return unit === 'week' ? valueAt(evaluate, scope, 'sunday') : 'sunday';
}

function dayOfWeekOf(name: string, value: unknown): number {
  return value === 'sunday' ? SUNDAY : startOfWeekOf(name, value);
}

const dateTrunc: Operator = (argument, compiling) => {
  const parts = compileNamed('$dateTrunc', argument, TRUNC, compiling);
  return (scope) => {
    const date = parts.date?.(scope);
    const unit = parts.unit?.(scope);
    const size = valueAt(parts.binSize, scope, 1);
    const weekStart = weekStartAt(parts.startOfWeek, scope, unit);
    if ([date, unit, size, weekStart].some(isNullish)) return null;
    const zone = zoneFor('$dateTrunc', parts.timezone, scope);
    if (zone === undefined) return null;
    const instant = instantFor('$dateTrunc', 'date', date, 5439012);
    const bins = {
      size: binSizeOf(size),
      unit: unitOf('$dateTrunc', unit),
      startOfWeek: dayOfWeekOf('$dateTrunc', weekStart),
      zone,
    };
    return new Date(truncate(instant, bins));
  };
};

const dateDiff: Operator = (argument, compiling) => {
  const parts = compileNamed('$dateDiff', argument, DIFF, compiling);
  return (scope) => {
    const start = parts.startDate?.(scope);
    const end = parts.endDate?.(scope);
    const unit = parts.unit?.(scope);
    const weekStart = weekStartAt(parts.startOfWeek, scope, unit);
    if ([start, end, unit, weekStart].some(isNullish)) return null;
    const zone = zoneFor('$dateDiff', parts.timezone, scope);
    if (zone === undefined) return null;
    const range = [
      instantFor('$dateDiff', 'startDate', start, 5166307),
      instantFor('$dateDiff', 'endDate', end, 5166307),
    ] as const;
    return difference(range, unitOf('$dateDiff', unit), zone, dayOfWeekOf('$dateDiff', weekStart));
  };
};

function adding(name: string, sign: 1 | -1): Operator {
  const signature = addSignature(name);
  return (argument, compiling) => {
    const parts = compileNamed(name, argument, signature, compiling);
    return (scope) => {
      const start = parts.startDate?.(scope);
      const unit = parts.unit?.(scope);
      const amount = parts.amount?.(scope);
      if (isNullish(start) || isNullish(unit) || isNullish(amount)) return null;
      const knownUnit = unitOf(name, unit);
      const zone = zoneAt(parts.timezone, scope);
      if (zone === undefined) return null;
      const instant = instantOf(start);
      if (instant === undefined) {
        throw new CommandError(5166403, `${name} requires startDate to be convertible to a date`);
      }
      const count = wholeNumber(amount);
      if (count === undefined) throw new CommandError(5166405, `${name} expects integer amount of time units`);
      return new Date(addUnits(instant, knownUnit, sign * count, zone));
    };
  };
}

/** The operators that count with dates. */
export const DATE_ARITHMETIC: Readonly<Record<string, Operator>> = {
  $dateTrunc: dateTrunc,
  $dateDiff: dateDiff,
  $dateAdd: adding('$dateAdd', 1),
  $dateSubtract: adding('$dateSubtract', -1),
};
