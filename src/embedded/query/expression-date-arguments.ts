import { ObjectId, Timestamp } from 'bson';
import { CommandError, notSupported } from '../errors.ts';
import { isTimeUnit, parseDayOfWeek } from './date-units.ts';
import type { TimeUnit } from './date-units.ts';
import { isNullish, typeNameOf } from './expression-arguments.ts';
import type { Compiling, Evaluate, Scope } from './expression-scope.ts';
import { timeZone, UTC } from './time-zones.ts';
import type { TimeZone } from './time-zones.ts';
import { isObject } from './value-types.ts';

/** How an operator takes its named arguments, with MongoDB's codes for those that it refuses. */
export interface Signature {
  readonly notObject: readonly [code: number, message: (type: string) => string];
  readonly unrecognized: number;
  readonly required: Readonly<Record<string, number>>;
  readonly optional: readonly string[];
  /** What is said of a missing argument where it is not the name of it. */
  readonly missing?: string;
}

export type NamedParts = Readonly<Record<string, Evaluate | undefined>>;

/** Compiles the arguments that are given. @throws CommandError for an argument that is missing or that the operator does not know */
export function compileNamed(name: string, argument: unknown, signature: Signature, compiling: Compiling): NamedParts {
  const { notObject, unrecognized, required, optional } = signature;
  if (!isObject(argument)) throw new CommandError(notObject[0], `${name} ${notObject[1](typeNameOf(argument))}`);
  for (const part of Object.keys(argument)) {
    if (Object.hasOwn(required, part) || optional.includes(part)) continue;
    throw new CommandError(unrecognized, `Unrecognized argument to ${name}: ${part}`);
  }
  for (const [part, code] of Object.entries(required)) {
    if (Object.hasOwn(argument, part)) continue;
    throw new CommandError(code, signature.missing ?? `Missing '${part}' parameter to ${name}`);
  }
  return Object.fromEntries(
    Object.entries(argument).map(([part, value]) => [part, compiling.compile(value, compiling)]),
  );
}

/** The value as an instant in milliseconds, undefined for what is no date; ObjectIds and timestamps stand for their time. */
export function instantOf(value: unknown): number | undefined {
  if (value instanceof Date) return checked(value.getTime());
  if (value instanceof ObjectId) return value.getTimestamp().getTime();
  return value instanceof Timestamp ? value.t * 1_000 : undefined;
}

/** MongoDB's dates reach further than those of JavaScript. */
function checked(instant: number): number {
  if (Number.isNaN(instant)) throw notSupported('a date 275,760 years away from 1970');
  return instant;
}

/** The value as an instant. @throws CommandError 16006 */
export function requireInstant(value: unknown): number {
  const instant = instantOf(value);
  if (instant !== undefined) return instant;
  throw new CommandError(16006, `can't convert from BSON type ${typeNameOf(value)} to Date`);
}

/**
 * The zone, UTC where none is asked for; undefined for null or missing.
 * @throws CommandError 40517 for no string, 40485 for an unknown zone
 */
export function zoneAt(evaluate: Evaluate | undefined, scope: Scope): TimeZone | undefined {
  if (evaluate === undefined) return UTC;
  const name = evaluate(scope);
  if (typeof name === 'string') return timeZone(name);
  if (isNullish(name)) return undefined;
  throw new CommandError(40517, `timezone must evaluate to a string, found ${typeNameOf(name)}`);
}

/** As {@link zoneAt}; refusals name the operator. */
export function zoneFor(name: string, evaluate: Evaluate | undefined, scope: Scope): TimeZone | undefined {
  try {
    return zoneAt(evaluate, scope);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const context = `${name} parameter 'timezone' value parsing failed`;
    throw new CommandError(error.code, `${context} :: caused by :: ${error.message}`);
  }
}

/** @throws CommandError 5439013 for no string, 5439014 for no unit */
export function unitOf(name: string, value: unknown): TimeUnit {
  if (typeof value !== 'string') {
    throw new CommandError(5439013, `${name} requires 'unit' to be a string, but got ${typeNameOf(value)}`);
  }
  if (isTimeUnit(value)) return value;
  throw new CommandError(5439014, `${name} parameter 'unit' value cannot be recognized as a time unit: ${value}`);
}

/** The day that weeks start on, 1 being Monday. @throws CommandError 5439015 for no string, 5439016 for no day */
export function startOfWeekOf(name: string, value: unknown): number {
  if (typeof value !== 'string') {
    throw new CommandError(5439015, `${name} requires 'startOfWeek' to be a string, but got ${typeNameOf(value)}`);
  }
  const day = parseDayOfWeek(value);
  if (day !== undefined) return day;
  const problem = `value cannot be recognized as a day of a week: ${value}`;
  throw new CommandError(5439016, `${name} parameter 'startOfWeek' ${problem}`);
}
