import { Decimal128, Double, Int32, Long } from 'bson';
import { addDecimals, decimalFromDouble, multiplyDecimals } from './decimal.ts';
import { bsonTag } from './values.ts';

const INT32_LIMIT = 2 ** 31;

/** A BSON number, apart by type; the result of arithmetic keeps the wider of two types. */
export type BsonNumber =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'long'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'decimal'; readonly value: Decimal128 };

const FROM_TAG: Readonly<Record<string, (value: never) => BsonNumber>> = {
  Int32: (value: Int32) => ({ kind: 'int', value: value.value }),
  Long: (value: Long) => ({ kind: 'long', value: value.toBigInt() }),
  Double: (value: Double) => ({ kind: 'double', value: value.value }),
  Decimal128: (value: Decimal128) => ({ kind: 'decimal', value }),
};

const isInt32 = (value: number): boolean =>
  Number.isInteger(value) && value >= -INT32_LIMIT && value < INT32_LIMIT && !Object.is(value, -0);

/** Reads a typed or plain number; undefined for anything else. A plain one has the type that encoding would give it. */
export function toBsonNumber(value: unknown): BsonNumber | undefined {
  if (typeof value === 'number') return { kind: isInt32(value) ? 'int' : 'double', value };
  if (typeof value === 'bigint') return { kind: 'long', value };
  if (typeof value !== 'object' || value === null) return undefined;
  return FROM_TAG[bsonTag(value) ?? '']?.(value as never);
}

/** Back to the typed form. */
export function fromBsonNumber(number: BsonNumber): unknown {
  switch (number.kind) {
    case 'int':
      return new Int32(number.value);
    case 'long':
      return Long.fromBigInt(number.value);
    case 'double':
      return new Double(number.value);
    case 'decimal':
      return number.value;
  }
}

/** The number as a double, for what only needs its size. */
export function toDouble(number: BsonNumber): number {
  return Number(number.kind === 'decimal' ? number.value.toString() : number.value);
}

/** The whole number as a JavaScript number, or undefined where it has a fraction or exceeds 64 bits. */
export function toWhole(value: unknown): number | undefined {
  const number = toBsonNumber(value);
  if (number === undefined) return undefined;
  const double = toDouble(number);
  return Number.isInteger(double) && Math.abs(double) <= 2 ** 63 ? double : undefined;
}

function toDecimal(number: BsonNumber): Decimal128 {
  if (number.kind === 'decimal') return number.value;
  return number.kind === 'double' ? decimalFromDouble(number.value) : Decimal128.fromString(String(number.value));
}

/** Integers stay int where both are and the result fits, else long; undefined where 64 bits don't hold it. */
function integerResult(result: bigint, isInt: boolean): BsonNumber | undefined {
  if (isInt && BigInt.asIntN(32, result) === result) return { kind: 'int', value: Number(result) };
  return BigInt.asIntN(64, result) === result ? { kind: 'long', value: result } : undefined;
}

interface Operation {
  readonly decimal: (left: Decimal128, right: Decimal128) => Decimal128;
  readonly double: (left: number, right: number) => number;
  readonly integer: (left: bigint, right: bigint) => bigint;
}

/** @returns undefined where the result exceeds 64 bits */
export type Arithmetic = (left: BsonNumber, right: BsonNumber) => BsonNumber | undefined;

function arithmetic(operation: Operation): Arithmetic {
  return (left, right) => {
    if (left.kind === 'decimal' || right.kind === 'decimal') {
      return { kind: 'decimal', value: operation.decimal(toDecimal(left), toDecimal(right)) };
    }
    if (left.kind === 'double' || right.kind === 'double') {
      return { kind: 'double', value: operation.double(Number(left.value), Number(right.value)) };
    }
    const areInts = left.kind === 'int' && right.kind === 'int';
    if (areInts) {
      const result = operation.double(left.value, right.value);
      if (isInt32(result)) return { kind: 'int', value: result };
    }
    return integerResult(operation.integer(BigInt(left.value), BigInt(right.value)), areInts);
  };
}

/** The sum, in the wider of both types; two ints that overflow give a long. */
export const add = arithmetic({
  decimal: addDecimals,
  double: (left, right) => left + right,
  integer: (left, right) => left + right,
});

/** The product, in the wider of both types; two ints that overflow give a long. */
export const multiply = arithmetic({
  decimal: multiplyDecimals,
  double: (left, right) => left * right,
  integer: (left, right) => left * right,
});

const BITWISE: Readonly<Record<string, (left: bigint, right: bigint) => bigint>> = {
  and: (left, right) => left & right,
  or: (left, right) => left | right,
  xor: (left, right) => left ^ right,
};

/** The bitwise operation of that name on whole numbers, or undefined where there is none. */
export function bitwise(name: string): Arithmetic | undefined {
  const operation = Object.hasOwn(BITWISE, name) ? BITWISE[name] : undefined;
  if (operation === undefined) return undefined;
  return (left, right) => {
    if (!isIntegral(left) || !isIntegral(right)) return undefined;
    const areInts = left.kind === 'int' && right.kind === 'int';
    return integerResult(operation(BigInt(left.value), BigInt(right.value)), areInts);
  };
}

/** Whether it is an int or a long (a double that happens to be whole is not). */
export function isIntegral(number: BsonNumber): number is BsonNumber & { kind: 'int' | 'long' } {
  return number.kind === 'int' || number.kind === 'long';
}

/** As MongoDB's messages write it: `(NumberLong)7`. */
export function debugNumber(number: BsonNumber): string {
  const names = { int: 'NumberInt', long: 'NumberLong', double: 'NumberDouble', decimal: 'NumberDecimal' };
  return `(${names[number.kind]})${String(number.value)}`;
}
