import { Binary, BSONSymbol, Code, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import { CommandError } from '../errors.ts';
import { asBuffer, endOfElements, endOfValue, invalidBson, readInt32, readName, terminatorOf } from './elements.ts';
import { BsonType, DBPointer, toBsonRegExp, toRegExp } from './values.ts';

/** A decoded document. Integer-like field names come first, whatever their place in the bytes, as in every JavaScript object. */
export type Document = Record<string, unknown>;

/** Commands wrap documents and documents were checked before, so this only keeps the call stack whole. */
const DEEPEST = 500;
/** Holds its length a second time. */
const OLD_BINARY_SUBTYPE = 2;
const TWO_POW_32 = 2 ** 32;

interface Cursor {
  readonly bytes: Buffer;
  readonly typed: boolean;
  at: number;
  end: number;
  depth: number;
}

type Reader = (cursor: Cursor) => unknown;

function takeInt32(cursor: Cursor): number {
  const value = readInt32(cursor.bytes, cursor.at);
  cursor.at += 4;
  return value;
}

function takeText(cursor: Cursor): string {
  const size = takeInt32(cursor);
  const start = cursor.at;
  if (size < 1 || start + size > cursor.end) throw invalidBson(`bad string length ${String(size)}`);
  cursor.at = start + size;
  return cursor.bytes.toString('utf8', start, start + size - 1);
}

function takeCString(cursor: Cursor): string {
  const end = terminatorOf(cursor.bytes, cursor.at, cursor.end);
  const text = cursor.bytes.toString('utf8', cursor.at, end);
  cursor.at = end + 1;
  return text;
}

function takeInt64(cursor: Cursor): number {
  const low = takeInt32(cursor) >>> 0;
  return takeInt32(cursor) * TWO_POW_32 + low;
}

function takeLong(cursor: Cursor): Long {
  const low = takeInt32(cursor);
  return new Long(low, takeInt32(cursor));
}

/** Steps over a value of a fixed size, and says where it starts. */
function pass(cursor: Cursor, size: number): number {
  const start = cursor.at;
  if (start + size > cursor.end) throw invalidBson('a value is longer than its document');
  cursor.at = start + size;
  return start;
}

function takeObjectId(cursor: Cursor): ObjectId {
  const start = pass(cursor, 12);
  return new ObjectId(cursor.bytes.subarray(start, start + 12));
}

function takeBinary(cursor: Cursor): Binary {
  let size = takeInt32(cursor);
  const subtype = cursor.bytes[cursor.at++] ?? 0;
  if (subtype === OLD_BINARY_SUBTYPE) size = takeInt32(cursor);
  const start = cursor.at;
  if (size < 0 || start + size > cursor.end) throw invalidBson(`bad binary length ${String(size)}`);
  cursor.at += size;
  return new Binary(Buffer.from(cursor.bytes.subarray(start, start + size)), subtype);
}

function takeRegex(cursor: Cursor): unknown {
  const pattern = takeCString(cursor);
  const options = takeCString(cursor);
  return cursor.typed ? toBsonRegExp(pattern, options) : toRegExp(pattern, options);
}

function takeCodeWithScope(cursor: Cursor): Code {
  cursor.at += 4;
  const code = takeText(cursor);
  return new Code(code, takeDocument(cursor));
}

function takeDocument(cursor: Cursor): Document {
  const document: Document = {};
  inside(cursor, () => {
    readFields(cursor, document);
  });
  return document;
}

function takeArray(cursor: Cursor): unknown[] {
  const array: unknown[] = [];
  inside(cursor, () => {
    const { bytes, end } = cursor;
    while (cursor.at < end) {
      const type = bytes[cursor.at] ?? 0;
      cursor.at = terminatorOf(bytes, cursor.at + 1, end) + 1;
      array.push(takeValue(cursor, type));
    }
  });
  return array;
}

function inside(cursor: Cursor, read: () => void): void {
  const outerEnd = cursor.end;
  const end = endOfElements(cursor.bytes, cursor.at, outerEnd);
  if (++cursor.depth > DEEPEST) throw new CommandError('Overflow', 'BSONObj exceeded maximum nested object depth');
  cursor.at += 4;
  cursor.end = end;
  read();
  cursor.at = end + 1;
  cursor.end = outerEnd;
  cursor.depth--;
}

/** Sets a field under any name: assigning to `__proto__` would change the prototype instead. */
function setField(document: Document, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(document, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    document[name] = value;
  }
}

function readFields(cursor: Cursor, document: Document): void {
  const { bytes, end } = cursor;
  while (cursor.at < end) {
    const type = bytes[cursor.at] ?? 0;
    const nameAt = cursor.at + 1;
    const nameEnd = terminatorOf(bytes, nameAt, end);
    cursor.at = nameEnd + 1;
    setField(document, readName(bytes, nameAt, nameEnd), takeValue(cursor, type));
  }
}

const READERS: (Reader | undefined)[] = [];
READERS[BsonType.double] = (cursor) => {
  const value = cursor.bytes.readDoubleLE(pass(cursor, 8));
  return cursor.typed ? new Double(value) : value;
};
READERS[BsonType.string] = takeText;
READERS[BsonType.object] = takeDocument;
READERS[BsonType.array] = takeArray;
READERS[BsonType.binData] = takeBinary;
READERS[BsonType.undefined] = () => undefined;
READERS[BsonType.objectId] = takeObjectId;
READERS[BsonType.bool] = (cursor) => cursor.bytes[cursor.at++] === 1;
READERS[BsonType.date] = (cursor) => new Date(takeInt64(cursor));
READERS[BsonType.null] = () => null;
READERS[BsonType.regex] = takeRegex;
READERS[BsonType.dbPointer] = (cursor) => {
  const collection = takeText(cursor);
  return new DBPointer(collection, takeObjectId(cursor));
};
READERS[BsonType.javascript] = (cursor) => new Code(takeText(cursor));
READERS[BsonType.symbol] = (cursor) => new BSONSymbol(takeText(cursor));
READERS[BsonType.javascriptWithScope] = takeCodeWithScope;
READERS[BsonType.int] = (cursor) => (cursor.typed ? new Int32(takeInt32(cursor)) : takeInt32(cursor));
READERS[BsonType.timestamp] = (cursor) => {
  const increment = takeInt32(cursor) >>> 0;
  return new Timestamp({ i: increment, t: takeInt32(cursor) >>> 0 });
};
READERS[BsonType.long] = (cursor) => {
  if (cursor.typed) return takeLong(cursor);
  const value = takeInt64(cursor);
  if (Number.isSafeInteger(value)) return value;
  cursor.at -= 8;
  return takeLong(cursor);
};
READERS[BsonType.decimal] = (cursor) => {
  const start = pass(cursor, 16);
  return new Decimal128(Buffer.from(cursor.bytes.subarray(start, start + 16)));
};
READERS[BsonType.minKey] = () => new MinKey();
READERS[BsonType.maxKey] = () => new MaxKey();

function takeValue(cursor: Cursor, type: number): unknown {
  const reader = READERS[type];
  if (reader === undefined) throw invalidBson(`unknown type ${String(type)}`);
  const value = reader(cursor);
  if (cursor.at > cursor.end) throw invalidBson('a value is longer than its document');
  return value;
}

function decodeDocument(document: Uint8Array, typed: boolean): Document {
  const bytes = asBuffer(document);
  return takeDocument({ bytes, typed, at: 0, end: bytes.length, depth: 0 });
}

/**
 * Decodes into plain JavaScript values: int32, double and safe int64 become numbers, regular expressions `RegExp` where JavaScript
 * can express them; what has no plain counterpart keeps its bson class. `$ref` documents stay documents.
 * @throws CommandError InvalidBSON
 */
export function decode(bytes: Uint8Array): Document {
  return decodeDocument(bytes, false);
}

/** Decodes with all types kept (Int32, Double, Long, BSONRegExp…), so that encoding gives the same bytes. @throws CommandError InvalidBSON */
export function decodeTyped(bytes: Uint8Array): Document {
  return decodeDocument(bytes, true);
}

/** Decodes one raw value, in plain or typed form. @throws CommandError InvalidBSON */
export function decodeValue(type: number, value: Uint8Array, typed = false): unknown {
  const bytes = asBuffer(value);
  return takeValue({ bytes, typed, at: 0, end: bytes.length, depth: 0 }, type);
}

/** Decodes only some top-level fields, in plain form and in the order of the document. @throws CommandError InvalidBSON */
export function decodeFields(document: Uint8Array, fields: ReadonlySet<string>): Document {
  const bytes = asBuffer(document);
  const end = endOfElements(bytes, 0, bytes.length);
  const cursor: Cursor = { bytes, typed: false, at: 4, end, depth: 1 };
  const found: Document = {};
  while (cursor.at < end) {
    const type = bytes[cursor.at] ?? 0;
    const nameAt = cursor.at + 1;
    const nameEnd = terminatorOf(bytes, nameAt, end);
    const name = readName(bytes, nameAt, nameEnd);
    cursor.at = nameEnd + 1;
    if (fields.has(name)) setField(found, name, takeValue(cursor, type));
    else cursor.at = endOfValue(bytes, type, cursor.at, end);
  }
  return found;
}
