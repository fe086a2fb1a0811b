import type { Document } from '../bson/codec.ts';
import { bsonTag, getField, isDocument } from './values.ts';

/** MongoDB cuts longer strings in messages to this many characters. */
const LONGEST_STRING = 160;
const CUT_STRING = 70;

function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const text = Object.is(value, -0) ? '-0' : String(Number(value.toPrecision(16)));
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function formatString(value: string): string {
  return value.length > LONGEST_STRING ? `"${value.slice(0, CUT_STRING)}..."` : `"${value}"`;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const BY_TAG: Readonly<Record<string, (value: never) => string>> = {
  Int32: (value: { value: number }) => String(value.value),
  Double: (value: { value: number }) => formatDouble(value.value),
  Long: (value: { toString(): string }) => value.toString(),
  Decimal128: (value: { toString(): string }) => value.toString(),
  ObjectId: (value: { toHexString(): string }) => `ObjectId('${value.toHexString()}')`,
  Timestamp: (value: { t: number; i: number }) => `Timestamp(${String(value.t)}, ${String(value.i)})`,
  Binary: (value: { sub_type: number; value(): Uint8Array }) =>
    `BinData(${String(value.sub_type)}, ${hex(value.value()).toUpperCase()})`,
  BSONRegExp: (value: { pattern: string; options: string }) => `/${value.pattern}/${value.options}`,
  BSONSymbol: (value: { value: string }) => `"${value.value}"`,
  Code: (value: { code: string }) => value.code,
  MinKey: () => 'MinKey',
  MaxKey: () => 'MaxKey',
};

function formatObject(value: object): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[ ${value.map(formatValue).join(', ')} ]`;
  if (isDocument(value)) return formatDocument(value);
  if (value instanceof Date) return `new Date(${String(value.getTime())})`;
  if (value instanceof RegExp) return `/${value.source}/${value.flags}`;
  return BY_TAG[bsonTag(value) ?? '']?.(value as never) ?? '?';
}

/** A document as MongoDB's messages write it: `{ a: 1, b: "x" }`. */
export function formatDocument(document: Document): string {
  const names = Object.keys(document);
  return names.length === 0 ? '{}' : `{ ${names.map((name) => formatField(name, document[name])).join(', ')} }`;
}

/** A value as MongoDB's messages write it: `1`, `5.0`, `"x"`, `ObjectId('…')`. */
export function formatValue(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'object') return formatObject(value);
  if (typeof value === 'string') return formatString(value);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : formatDouble(value);
  return typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : 'undefined';
}

/** A field as MongoDB's messages write it: `a: 1`. */
export function formatField(name: string, value: unknown): string {
  return `${name}: ${formatValue(value)}`;
}

/** The `_id` of a document for a message, or 'no id'. */
export function formatId(document: Document): string {
  return Object.hasOwn(document, '_id') ? formatField('_id', getField(document, '_id')) : 'no id';
}
