import { Decimal128, Double, Int32, Long, BSONRegExp, ObjectId } from 'bson';

/** A document or sub-document as BSON decodes it. */
export type Fields = Record<string, unknown>;

const INHERITED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Whether the value is BSON's type Object: no array, date, regular expression or BSON class. */
export function isObject(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whether a plain property access under this name would find members of Object.prototype in a document without the field. */
export function isInheritedName(name: string): boolean {
  return INHERITED.has(name);
}

/** The field's value, `undefined` where the document has none; safe for names such as `constructor`. */
export function fieldOf(document: Fields, name: string): unknown {
  return INHERITED.has(name) && !Object.hasOwn(document, name) ? undefined : document[name];
}

/** Sets a field under any name, `__proto__` included. */
export function setField(document: Fields, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(document, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    document[name] = value;
  }
}

/** Whether the value is one of BSON's four number types, promoted or wrapped. */
export function isNumeric(value: unknown): value is number | bigint | Int32 | Double | Long | Decimal128 {
  if (typeof value === 'number') return true;
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint';
  return value instanceof Int32 || value instanceof Double || value instanceof Long || value instanceof Decimal128;
}

/** The value as a JavaScript number (a Long or Decimal128 rounded to the nearest), `undefined` for anything that is no number. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Int32 || value instanceof Double) return value.valueOf();
  if (value instanceof Long) return value.toNumber();
  if (value instanceof Decimal128) return Number(value.toString());
  return undefined;
}

/** The value as a 64-bit integer, cut towards zero; `undefined` for anything but a finite number in range. */
export function integerOf(value: unknown): bigint | undefined {
  if (value instanceof Long) return value.toBigInt();
  if (typeof value === 'bigint') return value;
  const number = numberOf(value);
  if (number === undefined || !Number.isFinite(number) || Math.abs(number) >= 2 ** 63) return undefined;
  if (value instanceof Decimal128) return integerOfDecimal(value.toString(), number);
  return BigInt(Math.trunc(number));
}

function integerOfDecimal(text: string, rounded: number): bigint {
  const plain = /^(-?\d+)(?:\.\d*)?$/.exec(text);
  return BigInt(plain?.[1] ?? Math.trunc(rounded));
}

/** Whether the value is NaN in any of the number types that have one. */
export function isNaNValue(value: unknown): boolean {
  if (typeof value === 'number') return Number.isNaN(value);
  if (value instanceof Double) return Number.isNaN(value.value);
  return value instanceof Decimal128 && value.toString() === 'NaN';
}

export function isRegex(value: unknown): value is RegExp | BSONRegExp {
  return value instanceof RegExp || value instanceof BSONRegExp;
}

/** The value as MongoDB prints it inside an error message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[ ${value.map(show).join(', ')} ]`;
  if (isObject(value)) {
    const entries = Object.entries(value).map(([name, member]) => `${name}: ${show(member)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  return showScalar(value);
}

function showScalar(value: unknown): string {
  if (value instanceof Date) return `new Date(${String(value.getTime())})`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof BSONRegExp) return `/${value.pattern}/${value.options}`;
  if (typeof value === 'number') return Number.isNaN(value) ? 'nan.0' : String(value);
  if (value instanceof ObjectId) return `ObjectId('${value.toHexString()}')`;
  if (value === null || typeof value !== 'object') return String(value);
  return (value as { toString(): string }).toString();
}
