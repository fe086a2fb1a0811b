import type { Binary, BSONRegExp, BSONSymbol, Code, Long, ObjectId } from 'bson';
import { createHash } from 'node:crypto';
import { doubleOf, exactNumber } from './numbers.ts';
import { binaryParts, fieldsOf, Rank, typeRank } from './order.ts';
import { copyObjectId, regexParts, type DBPointer } from './values.ts';

/** How keys are made of values. */
export interface KeyOptions {
  /** Folds every string, nested ones included, so that strings equal under a collation get equal keys. */
  readonly collate?: (text: string) => string;
}

/** The longest key that is kept whole. lmdb takes 1,978 bytes, and a record's number may follow. */
export const MAX_KEY_BYTES = 1900;
/** How much of a longer key is kept before its hash: keys order by this much and no further. */
export const MAX_KEY_PREFIX_BYTES = 1860;

/** Below the bytes of every component, ascending or descending. */
export const MIN_COMPONENT: Buffer = Buffer.from([0]);
/** Above the bytes of every component, ascending or descending. */
export const MAX_COMPONENT: Buffer = Buffer.from([255]);

const INITIAL_BYTES = 4096;
const KEPT_BYTES = 1024 * 1024;
const SHORT_TEXT = 24;
const DOUBLE_BYTES = 8;
const OBJECT_ID_BYTES = 12;
/** Ends documents and arrays; below every rank. */
const END = 0;
const TEXT_END = 1;
const ESCAPED_ZERO = 255;

// One buffer for all: encoding is synchronous, and a collation's fold does not come back here.
let scratch = Buffer.allocUnsafeSlow(INITIAL_BYTES);
let at = 0;
let fold: ((text: string) => string) | undefined;

const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
if (!isLittleEndian) throw new Error('index keys are made on little-endian machines only');

function reserve(count: number): void {
  if (at + count <= scratch.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(scratch.length * 2, at + count));
  larger.set(scratch.subarray(0, at));
  scratch = larger;
}

function putByte(value: number): void {
  reserve(1);
  scratch[at++] = value;
}

function putUint32(value: number): void {
  reserve(4);
  at = scratch.writeUInt32BE(value >>> 0, at);
}

function putBytes(bytes: Uint8Array): void {
  reserve(bytes.length);
  scratch.set(bytes, at);
  at += bytes.length;
}

/** The bits of a double, so turned that they order as unsigned bytes; NaN is all zeros. */
function putDouble(value: number): void {
  reserve(DOUBLE_BYTES);
  double[0] = value === 0 ? 0 : value;
  let flip = 0;
  if ((doubleBytes[7] ?? 0) & 0x80) flip = 0xff;
  if (Number.isNaN(value)) {
    scratch.fill(0, at, at + DOUBLE_BYTES);
    at += DOUBLE_BYTES;
    return;
  }
  scratch[at] = (doubleBytes[7] ?? 0) ^ (flip | 0x80);
  for (let index = 1; index < DOUBLE_BYTES; index++) {
    scratch[at + index] = (doubleBytes[7 - index] ?? 0) ^ flip;
  }
  at += DOUBLE_BYTES;
}

function putUtf8Escaped(text: string): void {
  reserve(text.length * 3 + 2);
  const start = at;
  if (text.length <= SHORT_TEXT) {
    let index = 0;
    for (; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code === 0 || code > 127) break;
      scratch[at++] = code;
    }
    if (index === text.length) return;
    at = start;
  }
  if (text.includes('\0')) putWithZeros(text);
  else at += scratch.write(text, at);
}

function putWithZeros(text: string): void {
  const bytes = Buffer.from(text);
  reserve(bytes.length * 2 + 2);
  for (const byte of bytes) {
    scratch[at++] = byte;
    if (byte === 0) scratch[at++] = ESCAPED_ZERO;
  }
}

function putText(text: string): void {
  putUtf8Escaped(text);
  scratch[at++] = 0;
  scratch[at++] = TEXT_END;
}

function putNumber(value: unknown): void {
  const plain = doubleOf(value);
  if (plain !== undefined) {
    putDouble(plain);
    putByte(1);
    return;
  }
  const { nearest, side, tail } = exactNumber(value);
  putDouble(nearest);
  putByte(1 + side);
  putBytes(tail);
}

function putFolded(value: string | BSONSymbol): void {
  const text = typeof value === 'string' ? value : value.value;
  putText(fold === undefined ? text : fold(text));
}

function putFields(value: object): void {
  const fields = fieldsOf(value);
  for (const name of Object.keys(fields)) {
    const member = fields[name];
    putByte(typeRank(member));
    putText(name);
    putComponent(member);
  }
  putByte(END);
}

function putElements(array: readonly unknown[]): void {
  for (const element of array) putComponent(element);
  putByte(END);
}

function putBinary(value: Binary | Uint8Array): void {
  const { subtype, bytes } = binaryParts(value);
  putUint32(bytes.length);
  putByte(subtype);
  putBytes(bytes);
}

function putObjectId(value: ObjectId): void {
  reserve(OBJECT_ID_BYTES);
  copyObjectId(value, scratch, at);
  at += OBJECT_ID_BYTES;
}

type Writer = (value: never) => void;

const WRITERS: (Writer | undefined)[] = [];
WRITERS[Rank.number] = putNumber;
WRITERS[Rank.string] = putFolded;
WRITERS[Rank.object] = putFields;
WRITERS[Rank.array] = putElements;
WRITERS[Rank.binData] = putBinary;
WRITERS[Rank.objectId] = putObjectId;
WRITERS[Rank.bool] = (value: boolean) => {
  putByte(value ? 1 : 0);
};
WRITERS[Rank.date] = (value: Date) => {
  putDouble(value.getTime() || 0);
};
WRITERS[Rank.timestamp] = (value: Long) => {
  putUint32(value.high);
  putUint32(value.low);
};
WRITERS[Rank.regex] = (value: RegExp | BSONRegExp) => {
  const { pattern, options } = regexParts(value);
  putText(pattern);
  putText(options);
};
WRITERS[Rank.dbPointer] = (value: DBPointer) => {
  putUint32(Buffer.byteLength(value.collection));
  putText(value.collection);
  putObjectId(value.id);
};
WRITERS[Rank.code] = (value: Code) => {
  putText(value.code);
};
WRITERS[Rank.codeWithScope] = (value: Code) => {
  putText(value.code);
  putFields(value.scope ?? {});
};

function putComponent(value: unknown): void {
  const rank = typeRank(value);
  putByte(rank);
  const writer = WRITERS[rank];
  if (writer !== undefined) writer(value as never);
}

function invert(from: number): void {
  for (let index = from; index < at; index++) scratch[index] = 255 - (scratch[index] ?? 0);
}

/**
 * The key of a tuple of values: comparing two keys as bytes gives the order of {@link compareValues} field by field, descending fields
 * reversed. Every component ends itself, so that a key of fewer values is a prefix of those that continue it.
 */
export function encodeKey(
  values: readonly unknown[],
  directions: readonly (1 | -1)[],
  { collate }: KeyOptions = {},
): Buffer {
  at = 0;
  fold = collate;
  for (let index = 0; index < values.length; index++) {
    const start = at;
    putComponent(values[index]);
    if (directions[index] === -1) invert(start);
  }
  const key = Buffer.from(scratch.subarray(0, at));
  if (scratch.length > KEPT_BYTES) scratch = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  return key;
}

/** A key that fits the store: the start of a longer one and a hash of the whole, so that equal keys stay equal. */
export function limitKey(key: Buffer): { key: Buffer; truncated: boolean } {
  if (key.length <= MAX_KEY_BYTES) return { key, truncated: false };
  const hash = createHash('sha1').update(key).digest();
  return { key: Buffer.concat([key.subarray(0, MAX_KEY_PREFIX_BYTES), hash]), truncated: true };
}

/**
 * What encloses the components of all values of the same canonical type, as `$gt` and `$lt` compare within it: at or above `low` and
 * below `high`. Ascending unless said otherwise.
 */
export function bracketOf(value: unknown, isDescending = false): { low: Buffer; high: Buffer } {
  const first = isDescending ? 255 - typeRank(value) : typeRank(value);
  return { low: Buffer.from([first]), high: Buffer.from([first + 1]) };
}

/** The smallest bytes above all bytes that start with these; where there are none such, bytes above every key. */
export function successor(bytes: Uint8Array): Buffer {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 255) length--;
  if (length === 0) return Buffer.concat([bytes, MAX_COMPONENT]);
  const next = Buffer.from(bytes.subarray(0, length));
  next[length - 1] = (next[length - 1] ?? 0) + 1;
  return next;
}

export { componentLength } from './key-layout.ts';
