import { Binary, Long } from 'bson';
import { CommandError } from '../errors.ts';
import { typeAlias } from '../bson/order.ts';
import type { ValueTest } from './path-predicate.ts';
import { integerOf, isNaNValue, isNumeric, numberOf, show } from './value-types.ts';

/** BSON's type numbers and the names that `$type` takes for them. */
const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [-1, 'minKey'],
  [1, 'double'],
  [2, 'string'],
  [3, 'object'],
  [4, 'array'],
  [5, 'binData'],
  [6, 'undefined'],
  [7, 'objectId'],
  [8, 'bool'],
  [9, 'date'],
  [10, 'null'],
  [11, 'regex'],
  [12, 'dbPointer'],
  [13, 'javascript'],
  [14, 'symbol'],
  [15, 'javascriptWithScope'],
  [16, 'int'],
  [17, 'timestamp'],
  [18, 'long'],
  [19, 'decimal'],
  [127, 'maxKey'],
]);

const NUMBER_NAMES = ['double', 'int', 'long', 'decimal'] as const;
const KNOWN = new Set([...TYPE_NAMES.values(), 'number']);

/** The types that a plain decoding of numbers cannot tell apart. */
const NEEDS_TYPED: ReadonlySet<string> = new Set(['double', 'int', 'long']);

export interface TypeTest {
  readonly test: ValueTest;
  /** Whether only the typed decoding of numbers can answer it. */
  readonly needsTypedNumbers: boolean;
}

/**
 * `$type` (and `bsonType`): names, numbers, or a list of them.
 * @throws CommandError BadValue for an unknown name or number
 */
export function hasType(operand: unknown, operator = '$type'): TypeTest {
  const names = new Set<string>();
  for (const entry of Array.isArray(operand) ? (operand as unknown[]) : [operand]) {
    const name = typeName(entry);
    if (name === 'number') for (const number of NUMBER_NAMES) names.add(number);
    else names.add(name);
  }
  if (names.size === 0) throw new CommandError('FailedToParse', `${operator} must match at least one type`);
  const allNumbers = NUMBER_NAMES.every((name) => names.has(name));
  const needsTypedNumbers = !allNumbers && [...names].some((name) => NEEDS_TYPED.has(name));
  return { needsTypedNumbers, test: (value) => value !== undefined && typeTest(value, names, allNumbers) };
}

function typeTest(value: unknown, names: ReadonlySet<string>, allNumbers: boolean): boolean {
  return (allNumbers && isNumeric(value)) || names.has(typeAlias(value));
}

function typeName(given: unknown): string {
  if (typeof given === 'string') {
    if (KNOWN.has(given)) return given;
    throw new CommandError('BadValue', `Unknown type name alias: ${given}`);
  }
  const number = numberOf(given);
  if (number === undefined) throw new CommandError('TypeMismatch', 'type must be represented as a number or a string');
  if (number === 0) throw new CommandError('BadValue', '$type: 0 is not a valid type. Use $exists instead');
  const name = TYPE_NAMES.get(number);
  if (name === undefined) throw new CommandError('BadValue', `Invalid numerical type code: ${show(given)}`);
  return name;
}

/** MongoDB's idea of true: everything but false, null, undefined and the numeric zeros. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value === false) return false;
  const number = numberOf(value);
  return number === undefined || number !== 0;
}

/** @throws CommandError BadValue with the reason that MongoDB gives */
export function wholeNumber(operand: unknown, prefix: string): number {
  const shown = `${prefix.split(' ').at(-1) ?? ''}: ${show(operand)}`;
  const number = numberOf(operand);
  if (number === undefined)
    throw new CommandError('BadValue', `Failed to parse ${prefix}. Expected a number in: ${shown}`);
  if (!Number.isInteger(number))
    throw new CommandError('BadValue', `Failed to parse ${prefix}. Expected an integer: ${shown}`);
  if (number < 0) {
    throw new CommandError('BadValue', `Failed to parse ${prefix}. Expected a non-negative number in: ${shown}`);
  }
  return number;
}

/** `$size` for one value. */
export function hasSize(operand: unknown): ValueTest {
  const size = wholeNumber(operand, '$size');
  return (value) => Array.isArray(value) && value.length === size;
}

function modArgument(operand: unknown, name: 'divisor' | 'remainder'): bigint {
  if (!isNumeric(operand)) throw new CommandError('BadValue', `malformed mod, ${name} not a number`);
  const integer = integerOf(operand);
  if (integer !== undefined) return integer;
  const reason =
    isNaNValue(operand) || !Number.isFinite(numberOf(operand))
      ? 'Unable to coerce NaN/Inf to integral type'
      : 'Out of bounds coercing to integral value';
  throw new CommandError('BadValue', `malformed mod, ${name} value is invalid :: caused by :: ${reason}`);
}

/**
 * `$mod` for one value: both sides are cut towards zero.
 * @throws CommandError BadValue for anything but two finite numbers, the first of them not zero
 */
export function hasRemainder(operand: unknown): ValueTest {
  if (!Array.isArray(operand)) throw new CommandError('BadValue', 'malformed mod, needs to be an array');
  if (operand.length < 2) throw new CommandError('BadValue', 'malformed mod, not enough elements');
  if (operand.length > 2) throw new CommandError('BadValue', 'malformed mod, too many elements');
  const divisor = modArgument(operand[0], 'divisor');
  const remainder = modArgument(operand[1], 'remainder');
  if (divisor === 0n) throw new CommandError('BadValue', 'divisor cannot be 0');
  const [smallDivisor, smallRemainder] = [Number(divisor), Number(remainder)];
  return (value) => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) {
      // Adding zero turns a negative zero into the positive one.
      return (value % smallDivisor) + 0 === smallRemainder;
    }
    const integer = integerOf(value);
    return integer !== undefined && integer % divisor === remainder;
  };
}

export type BitOperator = '$bitsAllSet' | '$bitsAllClear' | '$bitsAnySet' | '$bitsAnyClear';

type BitReader = (position: number) => boolean;

const BIT_RULES: Readonly<Record<BitOperator, (positions: readonly number[], isSet: BitReader) => boolean>> = {
  $bitsAllSet: (positions, isSet) => positions.every(isSet),
  $bitsAllClear: (positions, isSet) => !positions.some(isSet),
  $bitsAnySet: (positions, isSet) => positions.some(isSet),
  $bitsAnyClear: (positions, isSet) => !positions.every(isSet),
};

/** `$bitsAllSet` and its three kin for one value: whole numbers that fit 64 bits (sign-extended) and binary data match. */
export function hasBits(operator: BitOperator, operand: unknown): ValueTest {
  const positions = bitPositions(operator, operand);
  const rule = BIT_RULES[operator];
  return (value) => {
    const reader = bitReader(value);
    return reader !== undefined && rule(positions, reader);
  };
}

function bitReader(value: unknown): BitReader | undefined {
  if (value instanceof Binary) {
    const bytes = value.buffer;
    const size = value.length();
    return (position) => {
      const byte = position >> 3;
      return byte < size && (((bytes[byte] ?? 0) >> (position & 7)) & 1) === 1;
    };
  }
  if (value === null || !isNumeric(value)) return undefined;
  const whole = value instanceof Long || Number.isInteger(numberOf(value));
  const integer = whole ? integerOf(value) : undefined;
  if (integer === undefined) return undefined;
  return (position) => ((integer >> BigInt(Math.min(position, 63))) & 1n) === 1n;
}

function bitPositions(operator: BitOperator, operand: unknown): number[] {
  if (Array.isArray(operand)) return operand.map(bitPosition);
  if (operand instanceof Binary) return setPositions(bitReader(operand), operand.length() * 8);
  if (isNumeric(operand)) {
    const number = numberOf(operand);
    const shown = `${operator}: ${show(operand)}`;
    if (number === undefined || !Number.isInteger(number)) {
      throw new CommandError('FailedToParse', `Expected an integer: ${shown}`);
    }
    if (number < 0) throw new CommandError('FailedToParse', `Expected a non-negative number in: ${shown}`);
    return setPositions(bitReader(operand), 63);
  }
  const message = `${operator} takes an Array, a number, or a BinData but received: ${operator}: ${show(operand)}`;
  throw new CommandError('BadValue', message);
}

function setPositions(isSet: BitReader | undefined, count: number): number[] {
  const positions: number[] = [];
  for (let position = 0; position < count; position++) if (isSet?.(position) === true) positions.push(position);
  return positions;
}

function bitPosition(given: unknown): number {
  const number = numberOf(given);
  if (number === undefined || !Number.isInteger(number)) {
    throw new CommandError('BadValue', `bit positions must be an integer but got: ${show(given)}`);
  }
  if (number < 0) throw new CommandError('BadValue', `bit positions must be >= 0 but got: ${show(given)}`);
  if (number > 2 ** 31 - 1) {
    const message = `bit positions cannot be represented as a 32-bit signed integer: ${show(given)}`;
    throw new CommandError('BadValue', message);
  }
  return number;
}
