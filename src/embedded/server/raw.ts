import { CommandError } from '../errors.ts';

/** MongoDB's limit of a document on the wire: 16 MiB and 16 KiB for what a command adds around a stored document. */
export const MAX_WIRE_DOCUMENT_BYTES = 16_793_600;

/** MongoDB's limit of nesting in what it accepts (`maxBSONDepth`). */
export const MAX_DEPTH = 200;

const SMALLEST_DOCUMENT_BYTES = 5;
const VARIABLE = -1;

export const BsonType = { string: 0x02, object: 0x03, array: 0x04, long: 0x12 } as const;

/** Sizes of values by type byte; what has its own length, or is no type at all, is looked up in {@link skipVariable}. */
const FIXED_SIZE = new Int8Array(256).fill(VARIABLE);
const FIXED: readonly (readonly [type: number, size: number])[] = [
  [0x01, 8],
  [0x06, 0],
  [0x07, 12],
  [0x08, 1],
  [0x09, 8],
  [0x0a, 0],
  [0x10, 4],
  [0x11, 8],
  [0x12, 8],
  [0x13, 16],
  [0x7f, 0],
  [0xff, 0],
];
for (const [type, size] of FIXED) FIXED_SIZE[type] = size;

const TYPE_NAMES: Readonly<Record<number, string>> = {
  0x01: 'double',
  0x02: 'string',
  0x03: 'object',
  0x04: 'array',
  0x05: 'binData',
  0x06: 'undefined',
  0x07: 'objectId',
  0x08: 'bool',
  0x09: 'date',
  0x0a: 'null',
  0x0b: 'regex',
  0x0c: 'dbPointer',
  0x0d: 'javascript',
  0x0e: 'symbol',
  0x0f: 'javascriptWithScope',
  0x10: 'int',
  0x11: 'timestamp',
  0x12: 'long',
  0x13: 'decimal',
  0x7f: 'maxKey',
  0xff: 'minKey',
};

/** MongoDB's alias of a type byte, as its messages name it. */
export function typeName(type: number): string {
  return TYPE_NAMES[type] ?? 'unknown';
}

export function invalidBson(reason: string): CommandError {
  return new CommandError(22, reason, { codeName: 'InvalidBSON' });
}

type Skip = (bytes: Buffer, start: number, end: number, depth: number) => number;

function readLength(bytes: Buffer, start: number, end: number): number {
  if (start + 4 > end) throw invalidBson('not enough bytes for a length');
  return bytes.readInt32LE(start);
}

function skipCString(bytes: Buffer, start: number, end: number): number {
  let position = start;
  while (position < end && bytes[position] !== 0) position += 1;
  if (position >= end) throw invalidBson('a name has no end');
  return position + 1;
}

function skipString(bytes: Buffer, start: number, end: number): number {
  const length = readLength(bytes, start, end);
  const next = start + 4 + length;
  if (length < 1 || next > end || bytes[next - 1] !== 0) throw invalidBson('invalid length of a string');
  return next;
}

function skipBinary(bytes: Buffer, start: number, end: number): number {
  const length = readLength(bytes, start, end);
  if (length < 0) throw invalidBson('invalid length of binary data');
  return start + 5 + length;
}

function skipCodeWithScope(bytes: Buffer, start: number, end: number, depth: number): number {
  const length = readLength(bytes, start, end);
  const next = start + length;
  if (next > end) throw invalidBson('invalid length of code with scope');
  if (skipDocument(bytes, skipString(bytes, start + 4, end), end, depth + 1) !== next) {
    throw invalidBson('invalid length of code with scope');
  }
  return next;
}

const nested: Skip = (bytes, start, end, depth) => skipDocument(bytes, start, end, depth + 1);

const VARIABLE_SIZE: Readonly<Record<number, Skip>> = {
  0x02: skipString,
  0x03: nested,
  0x04: nested,
  0x05: skipBinary,
  0x0b: (bytes, start, end) => skipCString(bytes, skipCString(bytes, start, end), end),
  0x0c: (bytes, start, end) => skipString(bytes, start, end) + 12,
  0x0d: skipString,
  0x0e: skipString,
  0x0f: skipCodeWithScope,
};

function skipVariable(type: number, bytes: Buffer, start: number, end: number, depth: number): number {
  const skip = VARIABLE_SIZE[type];
  if (skip === undefined) throw invalidBson(`Unrecognized BSON type ${String(type)}`);
  return skip(bytes, start, end, depth);
}

/** Where the document that starts at `start` ends (its terminator's position), its own length checked only. */
export function documentEnd(bytes: Buffer, start: number, limit: number): number {
  const size = readLength(bytes, start, limit);
  if (size < SMALLEST_DOCUMENT_BYTES || size > limit - start) throw invalidBson('invalid length of a document');
  if (bytes[start + size - 1] !== 0) throw invalidBson('a document has no end');
  return start + size - 1;
}

/**
 * Walks a document to its end, so that whoever reads it later meets no bad length, unknown type or bottomless nesting.
 * @returns the position after it
 * @throws CommandError InvalidBSON (22), or Overflow (15) past {@link MAX_DEPTH}
 */
export function skipDocument(bytes: Buffer, start: number, limit: number, depth = 1): number {
  if (depth > MAX_DEPTH) {
    throw new CommandError('Overflow', `BSONObj exceeds maximum nested object depth: ${String(MAX_DEPTH)}`);
  }
  const end = documentEnd(bytes, start, limit);
  let position = start + 4;
  while (position < end) {
    const type = bytes[position] ?? 0;
    position = skipCString(bytes, position + 1, end);
    const size = FIXED_SIZE[type] ?? VARIABLE;
    position = size === VARIABLE ? skipVariable(type, bytes, position, end, depth) : position + size;
    if (position > end) throw invalidBson('a value runs past its document');
  }
  return end + 1;
}

/**
 * A document as it came, checked throughout.
 * @throws CommandError BSONObjectTooLarge (10334) past {@link MAX_WIRE_DOCUMENT_BYTES}; see {@link skipDocument}
 */
export function checkedDocument(bytes: Buffer, start: number, limit: number): Buffer {
  const size = readLength(bytes, start, limit);
  if (size > MAX_WIRE_DOCUMENT_BYTES && size <= limit - start) {
    throw new CommandError(
      'BSONObjectTooLarge',
      `BSONObj size: ${String(size)} (0x${size.toString(16).toUpperCase()}) is invalid. ` +
        `Size must be between 0 and ${String(MAX_WIRE_DOCUMENT_BYTES)}(16MB)`,
    );
  }
  return bytes.subarray(start, skipDocument(bytes, start, limit));
}

/** A value inside a checked document: its type byte, and where it lies. */
export interface RawValue {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

function skipValue(type: number, bytes: Buffer, start: number, end: number): number {
  // Of what was checked before, the length of an object need not be walked again.
  if (type === BsonType.object || type === BsonType.array) return start + bytes.readInt32LE(start);
  const size = FIXED_SIZE[type] ?? VARIABLE;
  return size === VARIABLE ? skipVariable(type, bytes, start, end, 1) : start + size;
}

/** The name of a checked document's first element: of a command, the command. Empty for an empty document. */
export function firstKey(document: Buffer): string {
  if (document.length <= SMALLEST_DOCUMENT_BYTES) return '';
  return document.toString('utf8', 5, document.indexOf(0, 5));
}

function keyIs(document: Buffer, start: number, end: number, name: Buffer): boolean {
  if (end - start !== name.length) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (document[start + index] !== name[index]) return false;
  }
  return true;
}

/** The first element of that name at the top of a checked document. */
export function rawValueOf(document: Buffer, name: string | Buffer): RawValue | undefined {
  const wanted = typeof name === 'string' ? Buffer.from(name) : name;
  const end = document.length - 1;
  let position = 4;
  while (position < end) {
    const type = document[position] ?? 0;
    const keyStart = position + 1;
    const start = skipCString(document, keyStart, end);
    position = skipValue(type, document, start, end);
    if (keyIs(document, keyStart, start - 1, wanted)) return { type, start, end: position };
  }
  return undefined;
}

/** Calls `visit` with each value of a checked document or array, in order. */
export function eachRawValue(document: Buffer, visit: (value: RawValue, index: number) => void): void {
  const end = document.length - 1;
  let position = 4;
  for (let index = 0; position < end; index += 1) {
    const type = document[position] ?? 0;
    const start = skipCString(document, position + 1, end);
    position = skipValue(type, document, start, end);
    visit({ type, start, end: position }, index);
  }
}
