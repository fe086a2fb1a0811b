import type { Decimal128, Double, Int32, Long } from 'bson';
import { bsonTag } from './values.ts';

/**
 * A number of any BSON type, exactly: the nearest double, whether the true value lies below (-1), at (0) or above (1) it,
 * and where it is not at it, bytes that order all true values with the same nearest double.
 */
export interface ExactNumber {
  readonly nearest: number;
  readonly side: -1 | 0 | 1;
  readonly tail: Buffer;
}

interface Decimal {
  readonly isNegative: boolean;
  /** Without leading and trailing zeros; empty for zero. */
  readonly digits: string;
  /** The value is 0.digits times ten to this power. */
  readonly exponent: number;
}

const NO_TAIL = Buffer.alloc(0);
const EXPONENT_BIAS = 0x4000;

/** The value where a double holds it exactly without further look: every Int32, Double and JavaScript number. */
export function doubleOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const tag = bsonTag(value);
  if (tag === 'Int32' || tag === 'Double') return (value as Int32 | Double).value;
  return undefined;
}

/** Reads any numeric value, `bigint` as int64. */
export function exactNumber(value: unknown): ExactNumber {
  const double = doubleOf(value);
  if (double !== undefined) return { nearest: double, side: 0, tail: NO_TAIL };
  if (typeof value === 'bigint') return exactInteger(value);
  if (bsonTag(value as object) === 'Long') return exactLong(value as Long);
  return exactDecimal(value as Decimal128);
}

function exactLong(value: Long): ExactNumber {
  const nearest = value.high * 2 ** 32 + (value.low >>> 0);
  return Number.isSafeInteger(nearest) ? { nearest, side: 0, tail: NO_TAIL } : exactInteger(value.toBigInt());
}

function exactInteger(value: bigint): ExactNumber {
  const nearest = Number(value);
  const side = signOf(value - BigInt(nearest));
  return { nearest, side, tail: side === 0 ? NO_TAIL : tailOf(parseDecimal(value.toString())) };
}

function exactDecimal(value: Decimal128): ExactNumber {
  const text = value.toString();
  const nearest = Number(text);
  if (Number.isNaN(nearest) || text.endsWith('Infinity')) return { nearest, side: 0, tail: NO_TAIL };
  const decimal = parseDecimal(text);
  const side = sideOf(decimal, nearest);
  return { nearest, side, tail: side === 0 ? NO_TAIL : tailOf(decimal) };
}

function parseDecimal(text: string): Decimal {
  const [mantissa = '', power = '0'] = text.replace(/^[-+]/, '').split('E');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = whole + fraction;
  const significant = digits.replace(/^0+/, '');
  return {
    isNegative: text.startsWith('-'),
    digits: significant.replace(/0+$/, ''),
    exponent: Number(power) + whole.length - (digits.length - significant.length),
  };
}

function signOf(value: bigint): -1 | 0 | 1 {
  return value < 0n ? -1 : value > 0n ? 1 : 0;
}

function sideOf(decimal: Decimal, nearest: number): -1 | 0 | 1 {
  if (decimal.digits === '') return 0;
  const sign = decimal.isNegative ? -1n : 1n;
  if (nearest === 0) return signOf(sign);
  if (!Number.isFinite(nearest)) return nearest > 0 ? -1 : 1;
  const coefficient = sign * BigInt(decimal.digits);
  const { mantissa, power } = binaryParts(nearest);
  const tens = decimal.exponent - decimal.digits.length;
  const left = coefficient * 10n ** BigInt(Math.max(tens, 0)) * 2n ** BigInt(Math.max(-power, 0));
  const right = mantissa * 10n ** BigInt(Math.max(-tens, 0)) * 2n ** BigInt(Math.max(power, 0));
  return signOf(left - right);
}

const bits = new DataView(new ArrayBuffer(8));

/** A finite double as an integer times a power of two. */
function binaryParts(value: number): { mantissa: bigint; power: number } {
  bits.setFloat64(0, value);
  const raw = bits.getBigUint64(0);
  const biased = Number((raw >> 52n) & 0x7ffn);
  const fraction = raw & 0xfffffffffffffn;
  const magnitude = biased === 0 ? fraction : fraction | 0x10000000000000n;
  return { mantissa: value < 0 ? -magnitude : magnitude, power: Math.max(biased, 1) - 1075 };
}

/** Exponent and digits, most significant first, ended by a zero; inverted for a negative value. */
function tailOf({ isNegative, digits, exponent }: Decimal): Buffer {
  const tail = Buffer.alloc(3 + digits.length);
  tail.writeUInt16BE(exponent + EXPONENT_BIAS, 0);
  for (let index = 0; index < digits.length; index++) tail[2 + index] = digits.charCodeAt(index);
  if (isNegative) for (let index = 0; index < tail.length; index++) tail[index] = 255 - (tail[index] ?? 0);
  return tail;
}

/** How many bytes a tail that starts at `at` has. @param flip what each byte is to be XORed with to be read */
export function tailLength(bytes: Uint8Array, at: number, flip: number): number {
  // The digits are ASCII, so the first byte of the exponent (below 0x60) and its inverse (above 0x9f) tell the sign.
  const inverted = ((bytes[at] ?? 0) ^ flip) & 0x80 ? 0xff : 0;
  let end = at + 2;
  while (end < bytes.length && ((bytes[end] ?? 0) ^ flip ^ inverted) !== 0) end++;
  return end + 1 - at;
}

/** The order of two numbers by value; NaN equals itself and comes first, and -0 equals 0. */
export function compareNumbers(a: unknown, b: unknown): number {
  const left = doubleOf(a);
  const right = doubleOf(b);
  if (left !== undefined && right !== undefined) return compareDoubles(left, right);
  const x = exactNumber(a);
  const y = exactNumber(b);
  return compareDoubles(x.nearest, y.nearest) || x.side - y.side || Buffer.compare(x.tail, y.tail);
}

function compareDoubles(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
}
