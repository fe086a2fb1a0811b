import type { Binary, BSONRegExp, BSONSymbol, Code, DBRef, Decimal128, Double, Int32, Long, ObjectId } from 'bson';
import { CommandError } from '../errors.ts';
import type { Document } from './decoder.ts';
import { asBuffer } from './elements.ts';
import { bsonTag, BsonType, copyObjectId, regexParts, type DBPointer } from './values.ts';

const INITIAL_BYTES = 64 * 1024;
const KEPT_BYTES = 1024 * 1024;
const DEEPEST = 500;
const OBJECT_ID_BYTES = 12;
const SHORT_TEXT = 24;
const TWO_POW_32 = 2 ** 32;

// One buffer for all: encoding is synchronous and calls nothing back.
let scratch = Buffer.allocUnsafeSlow(INITIAL_BYTES);
let at = 0;
let depth = 0;

function reserve(count: number): void {
  if (at + count <= scratch.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(scratch.length * 2, at + count));
  larger.set(scratch.subarray(0, at));
  scratch = larger;
}

function writeInt32(value: number, position: number): void {
  scratch[position] = value;
  scratch[position + 1] = value >> 8;
  scratch[position + 2] = value >> 16;
  scratch[position + 3] = value >> 24;
}

function putInt32(value: number): void {
  reserve(4);
  writeInt32(value, at);
  at += 4;
}

function putInt64(value: number): void {
  putInt32(value % TWO_POW_32);
  putInt32(Math.floor(value / TWO_POW_32));
}

function putBytes(bytes: Uint8Array): void {
  reserve(bytes.length);
  scratch.set(bytes, at);
  at += bytes.length;
}

function putObjectId(value: ObjectId): void {
  reserve(OBJECT_ID_BYTES);
  copyObjectId(value, scratch, at);
  at += OBJECT_ID_BYTES;
}

function putUtf8(text: string): void {
  reserve(text.length * 3 + 1);
  if (text.length > SHORT_TEXT) {
    at += scratch.write(text, at);
    return;
  }
  const start = at;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) {
      at = start + scratch.write(text, start);
      return;
    }
    scratch[at++] = code;
  }
}

function putCString(text: string): void {
  if (text.includes('\0')) throw new CommandError('BadValue', 'names and patterns must not contain null bytes');
  putUtf8(text);
  scratch[at++] = 0;
}

function putText(text: string): void {
  reserve(4);
  const sizeAt = at;
  at += 4;
  putUtf8(text);
  scratch[at++] = 0;
  writeInt32(at - sizeAt - 4, sizeAt);
}

function putDocument(document: Document): void {
  const sizeAt = open();
  for (const name of Object.keys(document)) putField(name, document[name]);
  close(sizeAt);
}

function putArray(array: readonly unknown[]): void {
  const sizeAt = open();
  for (let index = 0; index < array.length; index++) putField(String(index), array[index]);
  close(sizeAt);
}

function open(): number {
  if (++depth > DEEPEST) throw new CommandError('Overflow', 'BSONObj exceeded maximum nested object depth');
  reserve(5);
  const sizeAt = at;
  at += 4;
  return sizeAt;
}

function close(sizeAt: number): void {
  reserve(1);
  scratch[at++] = 0;
  writeInt32(at - sizeAt, sizeAt);
  depth--;
}

function putField(name: string, value: unknown): void {
  reserve(1);
  const typeAt = at++;
  putCString(name);
  const type = putValue(value);
  scratch[typeAt] = type;
}

function putDouble(value: number): number {
  reserve(8);
  at = scratch.writeDoubleLE(value, at);
  return BsonType.double;
}

function putNumber(value: number): number {
  if ((value | 0) !== value || Object.is(value, -0)) return putDouble(value);
  putInt32(value);
  return BsonType.int;
}

function putBoolean(value: boolean): number {
  reserve(1);
  scratch[at++] = value ? 1 : 0;
  return BsonType.bool;
}

function putLong(value: { low: number; high: number }): void {
  putInt32(value.low);
  putInt32(value.high);
}

function putCode(value: Code): number {
  if (!value.scope) {
    putText(value.code);
    return BsonType.javascript;
  }
  reserve(4);
  const sizeAt = at;
  at += 4;
  putText(value.code);
  putDocument(value.scope);
  writeInt32(at - sizeAt, sizeAt);
  return BsonType.javascriptWithScope;
}

function putBinary(bytes: Uint8Array, subtype: number): number {
  const isOldForm = subtype === 2;
  putInt32(bytes.length + (isOldForm ? 4 : 0));
  reserve(1);
  scratch[at++] = subtype;
  if (isOldForm) putInt32(bytes.length);
  putBytes(bytes);
  return BsonType.binData;
}

function putRegex(value: RegExp | BSONRegExp): number {
  const { pattern, options } = regexParts(value);
  putCString(pattern);
  putCString(options);
  return BsonType.regex;
}

/** As the driver writes a DBRef that it is given. */
function putDbRef({ collection, oid, db, fields }: DBRef): number {
  putDocument({ $ref: collection, $id: oid, ...(db === undefined ? {} : { $db: db }), ...fields });
  return BsonType.object;
}

type Writer = (value: never) => number;

const WRITERS: Readonly<Record<string, Writer | undefined>> = {
  Int32: (value: Int32) => {
    putInt32(value.value);
    return BsonType.int;
  },
  Double: (value: Double) => putDouble(value.value),
  Long: (value: Long) => {
    putLong(value);
    return BsonType.long;
  },
  Timestamp: (value: { low: number; high: number }) => {
    putLong(value);
    return BsonType.timestamp;
  },
  Decimal128: (value: Decimal128) => {
    putBytes(value.bytes);
    return BsonType.decimal;
  },
  ObjectId: (value: ObjectId) => {
    putObjectId(value);
    return BsonType.objectId;
  },
  Binary: (value: Binary) => putBinary(value.buffer.subarray(0, value.position), value.sub_type),
  BSONRegExp: putRegex,
  BSONSymbol: (value: BSONSymbol) => {
    putText(value.value);
    return BsonType.symbol;
  },
  Code: putCode,
  DBRef: putDbRef,
  DBPointer: (value: DBPointer) => {
    putText(value.collection);
    putObjectId(value.id);
    return BsonType.dbPointer;
  },
  MinKey: () => BsonType.minKey,
  MaxKey: () => BsonType.maxKey,
};

function putObject(value: object): number {
  if (Array.isArray(value)) {
    putArray(value);
    return BsonType.array;
  }
  const tag = bsonTag(value);
  if (tag !== undefined) {
    const writer = WRITERS[tag];
    if (writer === undefined) throw new CommandError('BadValue', `cannot encode a value of class ${tag}`);
    return writer(value as never);
  }
  if (value instanceof Date) {
    putInt64(value.getTime() || 0);
    return BsonType.date;
  }
  if (value instanceof RegExp) return putRegex(value);
  if (value instanceof Uint8Array) return putBinary(asBuffer(value), 0);
  putDocument(value as Document);
  return BsonType.object;
}

function putBigInt(value: bigint): number {
  reserve(8);
  at = scratch.writeBigInt64LE(BigInt.asIntN(64, value), at);
  return BsonType.long;
}

function putValue(value: unknown): number {
  switch (typeof value) {
    case 'string':
      putText(value);
      return BsonType.string;
    case 'number':
      return putNumber(value);
    case 'boolean':
      return putBoolean(value);
    case 'bigint':
      return putBigInt(value);
    case 'object':
      return value === null ? BsonType.null : putObject(value);
    case 'undefined':
      return BsonType.null;
    default:
      throw new CommandError('BadValue', `cannot encode a ${typeof value}`);
  }
}

/**
 * Encodes a document of plain or typed values. A number becomes int32 where it is an integer of that range and double otherwise,
 * `undefined` becomes null (as the driver does with `ignoreUndefined: false`). Names may start with `$` and hold dots.
 * @throws CommandError BadValue for a name with a null byte or a value that is no BSON; Overflow where it nests without end
 */
export function encode(document: Document): Buffer {
  at = 0;
  depth = 0;
  putDocument(document);
  const bytes = Buffer.from(scratch.subarray(0, at));
  if (scratch.length > KEPT_BYTES) scratch = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  return bytes;
}
