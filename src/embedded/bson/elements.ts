import { CommandError } from '../errors.ts';
import { BsonType } from './values.ts';

const INVALID_BSON = 22;
const OBJECT_ID_BYTES = 12;
const EMPTY_DOCUMENT_BYTES = 5;

/** The failure that MongoDB answers to bytes that are no BSON. */
export function invalidBson(reason: string): CommandError {
  return new CommandError(INVALID_BSON, `invalid BSON: ${reason}`);
}

/** Where a top-level field stands in a document's bytes: `offset` and `length` are those of the value. */
export interface RawElement {
  readonly type: number;
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

/** The undecoded value of one field. */
export interface RawValue {
  readonly type: number;
  readonly bytes: Buffer;
}

export interface NamedRawValue extends RawValue {
  readonly name: string;
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The signed 32-bit integer at an offset; bytes beyond the end count as zero, so lengths must be checked by the caller. */
export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

/** The offset of the zero byte that ends a name. @throws CommandError InvalidBSON where there is none before `end` */
export function terminatorOf(bytes: Uint8Array, at: number, end: number): number {
  let index = at;
  while (index < end && bytes[index] !== 0) index++;
  if (index >= end) throw invalidBson('a name is not terminated');
  return index;
}

function sized(bytes: Uint8Array, at: number, overhead: number, smallest: number): number {
  const size = readInt32(bytes, at);
  if (size < smallest) throw invalidBson(`bad length ${String(size)}`);
  return at + size + overhead;
}

type EndOf = (bytes: Uint8Array, at: number, end: number) => number;

const fixed =
  (size: number): EndOf =>
  (_bytes, at) =>
    at + size;
const text: EndOf = (bytes, at) => sized(bytes, at, 4, 1);
const container: EndOf = (bytes, at) => sized(bytes, at, 0, EMPTY_DOCUMENT_BYTES);

const ENDS: (EndOf | undefined)[] = [];
ENDS[BsonType.double] = fixed(8);
ENDS[BsonType.string] = text;
ENDS[BsonType.object] = container;
ENDS[BsonType.array] = container;
ENDS[BsonType.binData] = (bytes, at) => sized(bytes, at, 5, 0);
ENDS[BsonType.undefined] = fixed(0);
ENDS[BsonType.objectId] = fixed(OBJECT_ID_BYTES);
ENDS[BsonType.bool] = fixed(1);
ENDS[BsonType.date] = fixed(8);
ENDS[BsonType.null] = fixed(0);
ENDS[BsonType.regex] = (bytes, at, end) => terminatorOf(bytes, terminatorOf(bytes, at, end) + 1, end) + 1;
ENDS[BsonType.dbPointer] = (bytes, at) => sized(bytes, at, 4 + OBJECT_ID_BYTES, 1);
ENDS[BsonType.javascript] = text;
ENDS[BsonType.symbol] = text;
ENDS[BsonType.javascriptWithScope] = (bytes, at) => sized(bytes, at, 0, 14);
ENDS[BsonType.int] = fixed(4);
ENDS[BsonType.timestamp] = fixed(8);
ENDS[BsonType.long] = fixed(8);
ENDS[BsonType.decimal] = fixed(16);
ENDS[BsonType.minKey] = fixed(0);
ENDS[BsonType.maxKey] = fixed(0);

/**
 * The offset behind a value.
 * @param end where the values of the enclosing document end, its closing zero excluded
 * @throws CommandError InvalidBSON for an unknown type or a length that leaves the document
 */
export function endOfValue(bytes: Uint8Array, type: number, at: number, end: number): number {
  const endOf = ENDS[type];
  if (endOf === undefined) throw invalidBson(`unknown type ${String(type)}`);
  const after = endOf(bytes, at, end);
  if (after > end) throw invalidBson('a value is longer than its document');
  return after;
}

/** Where the elements of the document at `at` end (its closing zero). @throws CommandError InvalidBSON */
export function endOfElements(bytes: Uint8Array, at: number, limit: number): number {
  const size = at + 4 <= limit ? readInt32(bytes, at) : 0;
  if (size < EMPTY_DOCUMENT_BYTES || at + size > limit) throw invalidBson(`bad document length ${String(size)}`);
  return at + size - 1;
}

const NAME_SLOTS = 4096;
const LONGEST_KEPT_NAME = 40;
const keptNames: (string | undefined)[] = new Array<string | undefined>(NAME_SLOTS).fill(undefined);

function isText(bytes: Uint8Array, at: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    if (bytes[at + index] !== name.charCodeAt(index)) return false;
  }
  return true;
}

/** A field's name. The same few names come again in every document, so short ASCII ones are kept. */
export function readName(bytes: Buffer, at: number, end: number): string {
  const length = end - at;
  if (length === 0 || length > LONGEST_KEPT_NAME) return bytes.toString('utf8', at, end);
  const first = bytes[at] ?? 0;
  const middle = bytes[at + (length >> 1)] ?? 0;
  const last = bytes[end - 1] ?? 0;
  const slot = (length * 31 + first * 7 + middle * 131 + last * 1031) & (NAME_SLOTS - 1);
  const kept = keptNames[slot];
  if (kept?.length === length && isText(bytes, at, kept)) return kept;
  const name = bytes.toString('utf8', at, end);
  if (name.length === length) keptNames[slot] = name;
  return name;
}

/** The top-level fields of a document, without decoding their values. @throws CommandError InvalidBSON */
export function rawElements(document: Uint8Array): RawElement[] {
  const bytes = asBuffer(document);
  const end = endOfElements(bytes, 0, bytes.length);
  const elements: RawElement[] = [];
  let at = 4;
  while (at < end) {
    const type = bytes[at] ?? 0;
    const nameEnd = terminatorOf(bytes, at + 1, end);
    const name = readName(bytes, at + 1, nameEnd);
    const offset = nameEnd + 1;
    at = endOfValue(bytes, type, offset, end);
    elements.push({ type, name, offset, length: at - offset });
  }
  return elements;
}

/** The top-level fields with their values' bytes, which share the document's memory. @throws CommandError InvalidBSON */
export function rawValues(document: Uint8Array): NamedRawValue[] {
  const bytes = asBuffer(document);
  return rawElements(bytes).map(({ type, name, offset, length }) => ({
    type,
    name,
    bytes: bytes.subarray(offset, offset + length),
  }));
}

/** The undecoded value of one top-level field, in the document's memory. @throws CommandError InvalidBSON */
export function rawField(document: Uint8Array, name: string): RawValue | undefined {
  const bytes = asBuffer(document);
  const end = endOfElements(bytes, 0, bytes.length);
  let at = 4;
  while (at < end) {
    const type = bytes[at] ?? 0;
    const nameEnd = terminatorOf(bytes, at + 1, end);
    const after = endOfValue(bytes, type, nameEnd + 1, end);
    if (readName(bytes, at + 1, nameEnd) === name) return { type, bytes: bytes.subarray(nameEnd + 1, after) };
    at = after;
  }
  return undefined;
}

/** A document of fields that are already encoded. */
export function documentOf(elements: readonly { name: string; type: number; bytes: Uint8Array }[]): Buffer {
  let size = EMPTY_DOCUMENT_BYTES;
  for (const { name, bytes } of elements) size += 2 + Buffer.byteLength(name) + bytes.length;
  const document = Buffer.allocUnsafe(size);
  document.writeInt32LE(size, 0);
  let at = 4;
  for (const { name, type, bytes } of elements) {
    document[at++] = type;
    at += document.write(name, at);
    document[at++] = 0;
    document.set(bytes, at);
    at += bytes.length;
  }
  document[at] = 0;
  return document;
}
