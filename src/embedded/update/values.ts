import type { Document } from '../bson/codec.ts';
import { bsonTag } from '../bson/values.ts';

export { bsonTag };

/** The value as an array, or undefined. */
export function asArray(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** Whether a decoded value is an embedded document: neither an array, a date, nor one of the BSON classes. */
export function isDocument(value: unknown): value is Document {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The field's value; undefined also where the name is only inherited ('constructor', '__proto__'). */
export function getField(document: Document, name: string): unknown {
  return Object.hasOwn(document, name) ? document[name] : undefined;
}

/** Sets a field of a document that the caller owns. A plain assignment to '__proto__' would change the prototype instead. */
export function setOwnField(document: Document, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(document, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    document[name] = value;
  }
}

/** A copy of the document without the field. */
export function withoutField(document: Document, name: string): Document {
  const copy = { ...document };
  Reflect.deleteProperty(copy, name);
  return copy;
}

/** The index that a path component means in an array, or undefined where it is not a number. */
export function arrayIndex(part: string): number | undefined {
  const first = part.charCodeAt(0);
  if (!(first >= 48 && first <= 57)) return undefined;
  return /^\d+$/.test(part) ? Number(part) : undefined;
}

/** How deep containers nest in a value: 0 for a scalar, 1 for `{}` or `[]`. */
export function nestingDepth(value: unknown): number {
  const isContainer = Array.isArray(value) || isDocument(value);
  if (!isContainer) return 0;
  let deepest = 0;
  for (const child of Object.values(value)) deepest = Math.max(deepest, nestingDepth(child));
  return deepest + 1;
}

type Same = (left: never, right: never) => boolean;

interface BytesHolder {
  readonly bytes: Uint8Array;
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

const sameText = (left: { toString(): string }, right: { toString(): string }): boolean =>
  left.toString() === right.toString();
const alwaysSame = (): boolean => true;
const sameNumber = (left: { value: unknown }, right: { value: unknown }): boolean => Object.is(left.value, right.value);

/** By class: whether two values of that class have the same bytes. */
const SAME_BY_TAG: Readonly<Record<string, Same>> = {
  Int32: sameNumber,
  Double: sameNumber,
  Long: sameText,
  Timestamp: sameText,
  ObjectId: sameText,
  Decimal128: (left: BytesHolder, right: BytesHolder) => sameBytes(left.bytes, right.bytes),
  Binary: (left: { sub_type: number; value(): Uint8Array }, right: { sub_type: number; value(): Uint8Array }) =>
    left.sub_type === right.sub_type && sameBytes(left.value(), right.value()),
  BSONRegExp: (left: { pattern: string; options: string }, right: { pattern: string; options: string }) =>
    left.pattern === right.pattern && left.options === right.options,
  BSONSymbol: (left: { value: string }, right: { value: string }) => left.value === right.value,
  Code: (left: { code: string; scope: unknown }, right: { code: string; scope: unknown }) =>
    left.code === right.code && binaryEqual(left.scope, right.scope),
  DBPointer: (left: { collection: string; id: object }, right: { collection: string; id: object }) =>
    left.collection === right.collection && binaryEqual(left.id, right.id),
  MinKey: alwaysSame,
  MaxKey: alwaysSame,
};

function sameArrays(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((item, index) => binaryEqual(item, right[index]));
}

function sameObjects(left: object, right: object): boolean {
  if (Array.isArray(left)) return Array.isArray(right) && sameArrays(left, right);
  if (isDocument(left)) return isDocument(right) && sameDocuments(left, right);
  return sameClassInstances(left, right);
}

function sameClassInstances(left: object, right: object): boolean {
  if (left instanceof Date) return right instanceof Date && left.getTime() === right.getTime();
  if (left instanceof RegExp) return right instanceof RegExp && sameText(left, right);
  const tag = bsonTag(left);
  if (tag === undefined || tag !== bsonTag(right)) return false;
  return SAME_BY_TAG[tag]?.(left as never, right as never) ?? false;
}

function sameDocuments(left: Document, right: Document): boolean {
  const names = Object.keys(left);
  const others = Object.keys(right);
  return (
    names.length === others.length &&
    names.every((name, index) => name === others[index] && binaryEqual(left[name], right[name]))
  );
}

/** Whether two values would have the same BSON bytes: type, value, and the order of fields. */
export function binaryEqual(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  return sameObjects(left, right);
}
