import { Binary, Decimal128, ObjectId, Timestamp, UUID } from 'bson';
import { CommandError } from '../errors.ts';
import { encode } from '../bson/codec.ts';
import { typeAlias } from '../bson/order.ts';
import { hasType, isTrue } from './element-operators.ts';
import { isNullish, namedArguments, typeNameOf, unary } from './expression-arguments.ts';
import type { Compiling, Evaluate, Operator } from './expression-scope.ts';
import { decimalOf, fromBigInt } from './numbers.ts';
import { integerOf, isNumeric, isObject, numberOf } from './value-types.ts';

type Conversion = (value: unknown) => unknown;

function failed(value: unknown, target: string, reason?: string): never {
  const text =
    reason === undefined
      ? `Unsupported conversion from ${typeNameOf(value)} to ${target} in $convert with no onError value`
      : `Failed to parse ${target === 'date' ? 'date' : 'number'} '${String(value)}' in $convert with no onError value: ${reason}`;
  throw new CommandError(241, text);
}

function overflow(value: unknown): never {
  throw new CommandError(
    241,
    `Conversion would overflow target type in $convert with no onError value: ${String(value)}`,
  );
}

function integerText(text: string, target: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) failed(text, target, 'Did not consume whole string.');
  return BigInt(text.replace(/^\+/, ''));
}

function toInteger(target: 'int' | 'long', bits: 31n | 63n): Conversion {
  return (value) => {
    if (typeof value === 'boolean') return value ? 1 : 0;
    if (value instanceof Date && target === 'long') return value.getTime();
    const integer = typeof value === 'string' ? integerText(value, target) : wholeOf(value, target);
    if (integer >= 2n ** bits || integer < -(2n ** bits)) return overflow(value);
    return fromBigInt(integer);
  };
}

function wholeOf(value: unknown, target: string): bigint {
  if (!isNumeric(value)) return failed(value, target);
  const number = numberOf(value) ?? NaN;
  if (!Number.isFinite(number)) {
    throw new CommandError(
      241,
      `Attempt to convert ${Number.isNaN(number) ? 'NaN' : 'infinity'} value to integer type in $convert with no onError value`,
    );
  }
  return integerOf(value) ?? overflow(value);
}

function toDouble(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date) return value.getTime();
  if (isNumeric(value)) return numberOf(value);
  if (typeof value !== 'string') return failed(value, 'double');
  if (!/^[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf(?:inity)?|nan)$/i.test(value)) {
    return failed(value, 'double', 'Did not consume whole string.');
  }
  return Number(value.replace(/inf(?:inity)?/i, 'Infinity').replace(/^[+-]?nan$/i, 'NaN'));
}

function toDecimal(value: unknown): unknown {
  if (typeof value === 'boolean') return Decimal128.fromString(value ? '1' : '0');
  if (value instanceof Date) return Decimal128.fromString(String(value.getTime()));
  if (isNumeric(value)) return decimalOf(value);
  if (typeof value !== 'string') return failed(value, 'decimal');
  try {
    return Decimal128.fromString(value);
  } catch {
    return failed(value, 'decimal', 'Failed to parse string to decimal');
  }
}

function toDate(value: unknown): unknown {
  if (value instanceof Date) return value;
  if (value instanceof ObjectId) return value.getTimestamp();
  if (value instanceof Timestamp) return new Date(value.t * 1000);
  if (typeof value === 'string') return dateOfText(value);
  if (isNumeric(value)) return new Date(Math.trunc(numberOf(value) ?? NaN));
  return failed(value, 'date');
}

/** A date without a zone is in UTC. */
function dateOfText(text: string): Date {
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2}|GMT|UTC)\s*$/i.test(text);
  const date = new Date(hasZone || /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(date.getTime()) ? failed(text, 'date', `Error parsing date string '${text}'`) : date;
}

function toText(value: unknown): unknown {
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof ObjectId) return value.toHexString();
  if (value instanceof Binary && value.sub_type === Binary.SUBTYPE_UUID) return value.toUUID().toString();
  if (value instanceof Binary) return value.toString('base64');
  if (typeof value === 'boolean' || isNumeric(value)) return String(value);
  return failed(value, 'string');
}

function toObjectId(value: unknown): unknown {
  if (value instanceof ObjectId) return value;
  if (typeof value !== 'string') return failed(value, 'objectId');
  if (/^[0-9a-f]{24}$/i.test(value)) return ObjectId.createFromHexString(value);
  const reason = `Invalid string length for parsing to OID, expected 24 but found ${String(value.length)}`;
  throw new CommandError(241, `Failed to parse objectId '${value}' in $convert with no onError value: ${reason}`);
}

function toBinary(value: unknown): unknown {
  if (value instanceof Binary) return value;
  if (typeof value !== 'string') return failed(value, 'binData');
  return UUID.isValid(value) ? new UUID(value).toBinary() : new Binary(Buffer.from(value, 'base64'));
}

const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  double: toDouble,
  string: toText,
  objectId: toObjectId,
  bool: (value) => (isNumeric(value) || typeof value === 'boolean' ? isTrue(value) : true),
  date: toDate,
  int: toInteger('int', 31n),
  long: toInteger('long', 63n),
  decimal: toDecimal,
  binData: toBinary,
};

const BY_NUMBER: Readonly<Record<number, string>> = {
  1: 'double',
  2: 'string',
  5: 'binData',
  7: 'objectId',
  8: 'bool',
  9: 'date',
  16: 'int',
  18: 'long',
  19: 'decimal',
};

function conversionTo(given: unknown): Conversion {
  const number = numberOf(given);
  const named = isObject(given) ? given.type : given;
  const name = number === undefined ? named : (BY_NUMBER[number] ?? number);
  const conversion = typeof name === 'string' && Object.hasOwn(CONVERSIONS, name) ? CONVERSIONS[name] : undefined;
  if (conversion !== undefined) return conversion;
  if (typeof name === 'string') hasType(name);
  throw new CommandError(
    'BadValue',
    `In $convert, numeric 'to' argument is not an integer or names no type: ${String(name)}`,
  );
}

function convert(argument: unknown, compiling: Compiling): Evaluate {
  const parts = namedArguments('$convert', argument, ['input', 'to'], 9);
  const compile = (name: string): Evaluate | undefined =>
    name in parts ? compiling.compile(parts[name], compiling) : undefined;
  const [input, target] = [compile('input'), compile('to')];
  const [onError, onNull] = [compile('onError'), compile('onNull')];
  return (scope) => {
    const value = input?.(scope);
    const to = target?.(scope);
    if (isNullish(value)) return onNull === undefined ? null : onNull(scope);
    if (isNullish(to)) return null;
    const conversion = conversionTo(to);
    try {
      return conversion(value);
    } catch (error) {
      if (onError !== undefined && error instanceof CommandError) return onError(scope);
      throw error;
    }
  };
}

function to(name: string, target: string): Operator {
  return unary(name, (value) => (isNullish(value) ? null : CONVERSIONS[target]?.(value)));
}

/** Types of values and conversions between them. */
export const TYPES: Readonly<Record<string, Operator>> = {
  $type: unary('$type', typeNameOf),
  $isNumber: unary('$isNumber', (value) => isNumeric(value)),
  $convert: convert,
  $toBool: to('$toBool', 'bool'),
  $toDate: to('$toDate', 'date'),
  $toDecimal: to('$toDecimal', 'decimal'),
  $toDouble: to('$toDouble', 'double'),
  $toInt: to('$toInt', 'int'),
  $toLong: to('$toLong', 'long'),
  $toObjectId: to('$toObjectId', 'objectId'),
  $toString: to('$toString', 'string'),
  $toUUID: to('$toUUID', 'binData'),
  $tsSecond: unary('$tsSecond', (value) => (value instanceof Timestamp ? value.t : null)),
  $tsIncrement: unary('$tsIncrement', (value) => (value instanceof Timestamp ? value.i : null)),
  $bsonSize: unary('$bsonSize', (value) => {
    if (isNullish(value)) return null;
    if (isObject(value)) return encode(value).length;
    throw new CommandError(31393, `$bsonSize requires a document input, found: ${typeAlias(value)}`);
  }),
  $binarySize: unary('$binarySize', (value) => {
    if (isNullish(value)) return null;
    if (typeof value === 'string') return Buffer.byteLength(value);
    if (value instanceof Binary) return value.length();
    throw new CommandError(51276, `$binarySize requires a string or BinData argument, found: ${typeAlias(value)}`);
  }),
};
