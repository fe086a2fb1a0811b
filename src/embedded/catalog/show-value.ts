import { Binary, Timestamp } from 'bson';
import { bsonTag } from '../bson/values.ts';

/** A value as MongoDB writes it into messages and explain. */
export function showValue(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return `[ ${value.map(showValue).join(', ')} ]`;
  if (typeof value === 'object') return showObject(value);
  if (typeof value === 'string') return `"${value}"`;
  return (value as bigint | boolean | number).toString();
}

const SHOWN: Readonly<Record<string, (value: string) => string>> = {
  ObjectId: (value) => `ObjectId('${value}')`,
  Decimal128: (value) => `NumberDecimal("${value}")`,
  MinKey: () => 'MinKey',
  MaxKey: () => 'MaxKey',
};

/** Bytes by their subtype; of 4, which is a UUID, in its own notation. */
function showBytes(value: Binary): string {
  const digits = value.toString('hex').toUpperCase();
  if (value.sub_type !== Binary.SUBTYPE_UUID || digits.length !== 32)
    return `BinData(${String(value.sub_type)}, ${digits})`;
  return `UUID("${digits.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}")`;
}

function showObject(value: object): string {
  if (value instanceof Binary) return showBytes(value);
  if (value instanceof Timestamp) return `Timestamp(${String(value.t)}, ${String(value.i)})`;
  if (value instanceof Date) return `new Date(${String(value.getTime())})`;
  if (value instanceof RegExp) return String(value);
  const tag = bsonTag(value);
  if (tag !== undefined) {
    const text = (value as { toString(): string }).toString();
    return SHOWN[tag]?.(text) ?? text;
  }
  const members = Object.entries(value).map(([name, member]) => `${name}: ${showValue(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
