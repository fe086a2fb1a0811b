import { BSONError } from 'bson';
import type { Long } from 'bson';
import { BsonType, encode, rawField } from '../bson/codec.ts';
import type { Document } from '../bson/codec.ts';
import { CommandError, ErrorCodes } from '../errors.ts';
import { clusterTime } from './cluster-time.ts';

/** The documents of a cursor's reply, spliced in as they are stored. */
export interface CursorReply {
  /** 0 for a cursor that is exhausted. */
  readonly id: Long | bigint;
  /** `database.collection` */
  readonly namespace: string;
  readonly batchName: 'firstBatch' | 'nextBatch';
  /** Whole BSON documents, trusted to be so. */
  readonly documents: readonly Buffer[];
  /** Further members of the reply, beside `cursor` and before `ok`. */
  readonly extra?: Document;
}

const CURSOR_KEY = Buffer.from('\x03cursor\0', 'latin1');
const BATCH_KEY = {
  firstBatch: Buffer.from('\x04firstBatch\0', 'latin1'),
  nextBatch: Buffer.from('\x04nextBatch\0', 'latin1'),
} as const;
const ID_KEY = Buffer.from('\x12id\0', 'latin1');
const NAMESPACE_KEY = Buffer.from('\x02ns\0', 'latin1');
const NOTHING = Buffer.alloc(0);
const ZERO = 0x30;

function decimalDigits(value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits += 1;
  return digits;
}

/** The bytes of an array's keys `0\0`, `1\0` … and type bytes for so many elements. */
function arrayKeyBytes(count: number): number {
  let bytes = count * 3;
  for (let power = 10; power < count; power *= 10) bytes += count - power;
  return bytes;
}

function writeBatch(target: Buffer, start: number, documents: readonly Buffer[]): number {
  let position = start + 4;
  let index = 0;
  for (const document of documents) {
    target[position] = BsonType.object;
    const digits = decimalDigits(index);
    let rest = index;
    for (let digit = digits; digit > 0; digit -= 1) {
      target[position + digit] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    position += digits + 1;
    target[position] = 0;
    target.set(document, position + 1);
    position += 1 + document.length;
    index += 1;
  }
  target[position] = 0;
  target.writeInt32LE(position + 1 - start, start);
  return position + 1;
}

function put(target: Buffer, bytes: Buffer, position: number): number {
  target.set(bytes, position);
  return position + bytes.length;
}

function writeId(target: Buffer, id: Long | bigint, start: number): number {
  const position = put(target, ID_KEY, start);
  if (typeof id === 'bigint') return target.writeBigInt64LE(id, position);
  target.writeInt32LE(id.low, position);
  return target.writeInt32LE(id.high, position + 4);
}

function writeNamespace(target: Buffer, namespace: string, bytes: number, start: number): number {
  let position = put(target, NAMESPACE_KEY, start);
  position = target.writeInt32LE(bytes + 1, position);
  position += target.write(namespace, position);
  target[position] = 0;
  return position + 1;
}

/** The members that are there: `undefined` would be written as null. */
function present(document: Document): Document {
  const entries = Object.entries(document);
  return entries.some(([, value]) => value === undefined)
    ? Object.fromEntries(entries.filter(([, value]) => value !== undefined))
    : document;
}

/** The elements of a document without its length and end. */
function elementsOf(document: Document | undefined): Buffer {
  if (document === undefined) return NOTHING;
  const bytes = encode(present(document));
  return bytes.subarray(4, bytes.length - 1);
}

/**
 * `{ cursor: { firstBatch | nextBatch, id, ns }, …extra, ok: 1, $clusterTime, operationTime }` in one allocation, no document decoded or encoded.
 */
export function cursorReply({ id, namespace, batchName, documents, extra }: CursorReply): Buffer {
  const batchKey = BATCH_KEY[batchName];
  const namespaceBytes = Buffer.byteLength(namespace);
  const extraElements = elementsOf(extra);
  const { end } = clusterTime;
  let batchBytes = 4 + arrayKeyBytes(documents.length) + 1;
  for (const document of documents) batchBytes += document.length;
  const cursorBytes =
    4 + batchKey.length + batchBytes + ID_KEY.length + 8 + NAMESPACE_KEY.length + 4 + namespaceBytes + 1 + 1;
  const size = 4 + CURSOR_KEY.length + cursorBytes + extraElements.length + end.length;
  const reply = Buffer.allocUnsafe(size);
  let position = put(reply, CURSOR_KEY, reply.writeInt32LE(size, 0));
  position = put(reply, batchKey, reply.writeInt32LE(cursorBytes, position));
  position = writeBatch(reply, position, documents);
  position = writeNamespace(reply, namespace, namespaceBytes, writeId(reply, id, position));
  reply[position] = 0;
  put(reply, end, put(reply, extraElements, position + 1));
  return reply;
}

/** `{ …extra, ok: 1, $clusterTime, operationTime }` */
export function okReply(extra?: Document): Buffer {
  const elements = elementsOf(extra);
  const { end } = clusterTime;
  const size = 4 + elements.length + end.length;
  const reply = Buffer.allocUnsafe(size);
  put(reply, end, put(reply, elements, reply.writeInt32LE(size, 0)));
  return reply;
}

function commandErrorOf(error: unknown): CommandError | undefined {
  if (error instanceof CommandError) return error;
  // What the wire's check let through and the decoder refuses, such as bytes that are no UTF-8: the sender's fault.
  if (BSONError.isBSONError(error)) return new CommandError(22, error.message, { codeName: 'InvalidBSON' });
  return undefined;
}

/** Whether this is a failure that MongoDB would answer too, and so nothing to log as a fault of ours. */
export function isExpected(error: unknown): boolean {
  return commandErrorOf(error) !== undefined;
}

/**
 * `{ ok: 0, errmsg, code, codeName, …details, errorLabels? }`; what is no CommandError becomes InternalError (1)
 * without its own message, which may name what no client should see.
 */
export function errorReply(error: unknown): Buffer {
  const failure = commandErrorOf(error) ?? new CommandError(ErrorCodes.InternalError, 'Internal error of the server');
  const { labels, ...details } = failure.details;
  return encode(
    present({
      ...(labels === undefined ? {} : { errorLabels: labels }),
      ok: 0,
      errmsg: failure.message,
      code: failure.code,
      codeName: failure.codeName,
      ...details,
      ...clusterTime.members,
    }),
  );
}

/** Whether a reply says that its cursor has more to give: a cursor with an id other than 0. */
export function hasOpenCursor(reply: Buffer): boolean {
  const cursor = rawField(reply, 'cursor');
  if (cursor?.type !== BsonType.object) return false;
  const id = rawField(cursor.bytes, 'id');
  return id?.type === BsonType.long && id.bytes.readBigInt64LE() !== 0n;
}
