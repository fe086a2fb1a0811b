import type { Binary, BSONRegExp, BSONSymbol, Code, DBRef, Long, ObjectId } from 'bson';
import type { Document } from './decoder.ts';
import { compareNumbers } from './numbers.ts';
import { bsonTag, BsonType, copyObjectId, regexParts, type DBPointer } from './values.ts';

/**
 * The canonical types, in MongoDB's order; the number types are one. They are the first byte of an index key's component, so they stay
 * away from 0 and 255, and so do their inverses.
 * Source: canonicalizeBSONType in src/mongo/bson/bsontypes.h of MongoDB 7.0.
 */
export const Rank = {
  minKey: 10,
  undefined: 15,
  null: 20,
  number: 30,
  string: 40,
  object: 50,
  array: 60,
  binData: 70,
  objectId: 80,
  bool: 90,
  date: 100,
  timestamp: 110,
  regex: 120,
  dbPointer: 130,
  code: 140,
  codeWithScope: 150,
  maxKey: 200,
} as const;

const RANK_BY_TAG: Readonly<Record<string, number | undefined>> = {
  Int32: Rank.number,
  Double: Rank.number,
  Long: Rank.number,
  Decimal128: Rank.number,
  BSONSymbol: Rank.string,
  Binary: Rank.binData,
  ObjectId: Rank.objectId,
  Timestamp: Rank.timestamp,
  BSONRegExp: Rank.regex,
  DBRef: Rank.object,
  DBPointer: Rank.dbPointer,
  MinKey: Rank.minKey,
  MaxKey: Rank.maxKey,
};

function rankOfObject(value: object): number {
  if (Array.isArray(value)) return Rank.array;
  const tag = bsonTag(value);
  if (tag === 'Code') return (value as Code).scope ? Rank.codeWithScope : Rank.code;
  if (tag !== undefined) return RANK_BY_TAG[tag] ?? Rank.object;
  if (value instanceof Date) return Rank.date;
  if (value instanceof RegExp) return Rank.regex;
  return value instanceof Uint8Array ? Rank.binData : Rank.object;
}

/** The canonical type of a plain or typed value: values of different ranks compare by it alone. */
export function typeRank(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return Rank.string;
    case 'number':
    case 'bigint':
      return Rank.number;
    case 'boolean':
      return Rank.bool;
    case 'undefined':
      return Rank.undefined;
    default:
      return value === null ? Rank.null : rankOfObject(value as object);
  }
}

/** Strings in the order of their UTF-8 bytes. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    // Surrogates stand for code points above all others, though their units are below U+E000.
    if (left !== right) return utf8Weight(left) - utf8Weight(right);
  }
  return a.length - b.length;
}

function utf8Weight(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function textOf(value: string | BSONSymbol): string {
  return typeof value === 'string' ? value : value.value;
}

/** The parts of binary data, in the order in which they compare after its length. */
export function binaryParts(value: Binary | Uint8Array): { subtype: number; bytes: Uint8Array } {
  if (value instanceof Uint8Array) return { subtype: 0, bytes: value };
  return { subtype: value.sub_type, bytes: value.buffer.subarray(0, value.position) };
}

function compareBinary(a: Binary | Uint8Array, b: Binary | Uint8Array): number {
  const left = binaryParts(a);
  const right = binaryParts(b);
  return (
    left.bytes.length - right.bytes.length || left.subtype - right.subtype || Buffer.compare(left.bytes, right.bytes)
  );
}

/** A DBRef instance stands for the document that the driver makes of it. */
export function fieldsOf(value: object): Document {
  if (bsonTag(value) !== 'DBRef') return value as Document;
  const { collection, oid, db, fields } = value as DBRef;
  return { $ref: collection, $id: oid, ...(db === undefined ? {} : { $db: db }), ...fields };
}

function compareObjects(a: object, b: object): number {
  const left = fieldsOf(a);
  const right = fieldsOf(b);
  const leftNames = Object.keys(left);
  const rightNames = Object.keys(right);
  const shared = Math.min(leftNames.length, rightNames.length);
  for (let index = 0; index < shared; index++) {
    const leftName = leftNames[index] ?? '';
    const rightName = rightNames[index] ?? '';
    const order = compareFields(leftName, left[leftName], rightName, right[rightName]);
    if (order !== 0) return order;
  }
  return leftNames.length - rightNames.length;
}

function compareFields(leftName: string, left: unknown, rightName: string, right: unknown): number {
  const rank = typeRank(left);
  return rank - typeRank(right) || compareStrings(leftName, rightName) || compareSameRank(rank, left, right);
}

function compareArrays(a: readonly unknown[], b: readonly unknown[]): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    const order = compareValues(a[index], b[index]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareTimestamps(a: Long, b: Long): number {
  return (a.high >>> 0) - (b.high >>> 0) || (a.low >>> 0) - (b.low >>> 0);
}

function compareRegexes(a: RegExp | BSONRegExp, b: RegExp | BSONRegExp): number {
  const left = regexParts(a);
  const right = regexParts(b);
  return compareStrings(left.pattern, right.pattern) || compareStrings(left.options, right.options);
}

const leftId = new Uint8Array(12);
const rightId = new Uint8Array(12);

function compareObjectIds(a: ObjectId, b: ObjectId): number {
  copyObjectId(a, leftId, 0);
  copyObjectId(b, rightId, 0);
  return Buffer.compare(leftId, rightId);
}

function comparePointers(a: DBPointer, b: DBPointer): number {
  const length = Buffer.byteLength(a.collection) - Buffer.byteLength(b.collection);
  return length || compareStrings(a.collection, b.collection) || compareObjectIds(a.id, b.id);
}

type Compare = (a: never, b: never) => number;

const COMPARE_BY_RANK: Readonly<Record<number, Compare | undefined>> = {
  [Rank.number]: compareNumbers,
  [Rank.string]: (a: string | BSONSymbol, b: string | BSONSymbol) => compareStrings(textOf(a), textOf(b)),
  [Rank.object]: compareObjects,
  [Rank.array]: compareArrays,
  [Rank.binData]: compareBinary,
  [Rank.objectId]: compareObjectIds,
  [Rank.bool]: (a: boolean, b: boolean) => Number(a) - Number(b),
  [Rank.date]: (a: Date, b: Date) => (a.getTime() || 0) - (b.getTime() || 0),
  [Rank.timestamp]: compareTimestamps,
  [Rank.regex]: compareRegexes,
  [Rank.dbPointer]: comparePointers,
  [Rank.code]: (a: Code, b: Code) => compareStrings(a.code, b.code),
  [Rank.codeWithScope]: (a: Code, b: Code) =>
    compareStrings(a.code, b.code) || compareObjects(a.scope ?? {}, b.scope ?? {}),
};

function compareSameRank(rank: number, a: unknown, b: unknown): number {
  const compare = COMPARE_BY_RANK[rank];
  return compare === undefined ? 0 : compare(a as never, b as never);
}

/**
 * MongoDB's total order over all values, of either decoded form. `undefined` is BSON's undefined, below null: a caller that means
 * a missing field passes null. `Array.sort` moves `undefined` to the end without calling its comparison.
 * @returns below, at or above zero
 */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number' && a !== b && a - b !== 0 && !Number.isNaN(a - b)) return a - b;
  const rank = typeRank(a);
  return rank - typeRank(b) || compareSameRank(rank, a, b);
}

/** Whether two values are equal in MongoDB's order: numbers by value whatever their type, documents with their fields in order. */
export function equalValues(a: unknown, b: unknown): boolean {
  return a === b || compareValues(a, b) === 0;
}

/** The names that `$type` knows. */
export type TypeAlias = keyof typeof BsonType;

const ALIAS_BY_TAG: Readonly<Record<string, TypeAlias | undefined>> = {
  Int32: 'int',
  Double: 'double',
  Long: 'long',
  Decimal128: 'decimal',
  BSONSymbol: 'symbol',
  Binary: 'binData',
  ObjectId: 'objectId',
  Timestamp: 'timestamp',
  BSONRegExp: 'regex',
  DBPointer: 'dbPointer',
  MinKey: 'minKey',
  MaxKey: 'maxKey',
};

const ALIAS_BY_RANK: Readonly<Record<number, TypeAlias | undefined>> = {
  [Rank.array]: 'array',
  [Rank.date]: 'date',
  [Rank.regex]: 'regex',
  [Rank.binData]: 'binData',
  [Rank.code]: 'javascript',
  [Rank.codeWithScope]: 'javascriptWithScope',
};

/** The BSON type that a value is stored as, by the name that `$type` uses. A plain number is 'int' where it would be encoded as int32. */
export function typeAlias(value: unknown): TypeAlias {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'number':
      return (value | 0) === value && !Object.is(value, -0) ? 'int' : 'double';
    case 'bigint':
      return 'long';
    case 'boolean':
      return 'bool';
    case 'undefined':
      return 'undefined';
    default:
      return value === null ? 'null' : aliasOfObject(value as object);
  }
}

function aliasOfObject(value: object): TypeAlias {
  return ALIAS_BY_TAG[bsonTag(value) ?? ''] ?? ALIAS_BY_RANK[rankOfObject(value)] ?? 'object';
}

/** The number of {@link typeAlias} in BSON and for `$type`; minKey is -1 there. */
export function typeNumber(value: unknown): number {
  const alias = typeAlias(value);
  return alias === 'minKey' ? -1 : BsonType[alias];
}
