import { Binary, BSONRegExp, Decimal128, Double, Int32, Long, ObjectId } from 'bson';
import { equalValues, typeAlias } from '../bson/order.ts';
import { isObject } from './value-types.ts';

/**
 * A string that two values share exactly if MongoDB holds them for equal: 1, Long(1) and Decimal128("1.0") meet, null and missing do
 * not, objects differ by the order of their fields. For grouping and sets.
 */
export function canonicalKey(value: unknown): string {
  if (typeof value === 'string') return `s${value}`;
  if (typeof value === 'number') return numberKey(value);
  return typeof value === 'object' && value !== null ? objectKey(value) : String(value);
}

function numberKey(value: number): string {
  if (Number.isSafeInteger(value)) return `n${String(value + 0)}`;
  return Number.isInteger(value) ? `n${String(BigInt(value))}` : `n${String(value)}`;
}

function objectKey(value: object): string {
  if (value instanceof ObjectId) return `o${value.toHexString()}`;
  if (value instanceof Date) return `d${String(value.getTime())}`;
  if (Array.isArray(value)) return `[${value.map(nestedKey).join(',')}]`;
  if (isObject(value)) {
    return `{${Object.entries(value)
      .map(([name, member]) => `${JSON.stringify(name)}:${nestedKey(member)}`)
      .join(',')}}`;
  }
  return classKey(value);
}

function nestedKey(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : canonicalKey(value);
}

function classKey(value: object): string {
  if (value instanceof Int32 || value instanceof Double) return numberKey(value.valueOf());
  if (value instanceof Long) return `n${value.toString()}`;
  if (value instanceof Decimal128) return decimalKey(value);
  if (value instanceof Binary) return `b${String(value.sub_type)}:${value.toString('hex')}`;
  if (value instanceof RegExp) return `r${value.source}/${value.flags}`;
  if (value instanceof BSONRegExp) return `r${value.pattern}/${value.options}`;
  return `${typeAlias(value)}:${JSON.stringify(value)}`;
}

function decimalKey(value: Decimal128): string {
  const text = value.toString();
  const number = Number(text);
  return Number.isNaN(number) || equalValues(value, number) ? numberKey(number) : digitsKey(text);
}

/** Sign, digits without outer zeros, and the power of ten of the last digit. */
function digitsKey(text: string): string {
  const [mantissa = '', power = '0'] = text.replace(/^-/, '').split('E');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  const exponent = Number(power) - fraction.length + digits.length - significant.length;
  const sign = text.startsWith('-') ? '-' : '';
  // A whole number beyond the doubles may also be held by a Long.
  if (exponent >= 0 && exponent < 20) return `n${sign}${significant}${'0'.repeat(exponent)}`;
  return `n${sign}${significant}E${String(exponent)}`;
}

/** A set of values under MongoDB's equality, in the order of their first appearance. */
export class ValueSet {
  private readonly byKey = new Map<string, unknown>();

  constructor(values: Iterable<unknown> = []) {
    for (const value of values) this.add(value);
  }

  add(value: unknown): void {
    const key = canonicalKey(value);
    if (!this.byKey.has(key)) this.byKey.set(key, value);
  }

  has(value: unknown): boolean {
    return this.byKey.has(canonicalKey(value));
  }

  get size(): number {
    return this.byKey.size;
  }

  values(): unknown[] {
    return [...this.byKey.values()];
  }
}
