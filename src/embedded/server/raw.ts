import { BsonType, rawField, validateDocument } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';

/** MongoDB's limit of a document on the wire: 16 MiB and 16 KiB for what a command adds around a stored document. */
export const MAX_WIRE_DOCUMENT_BYTES = 16_793_600;

/** MongoDB's limit of nesting in what it accepts (`maxBSONDepth`). */
const MAX_DEPTH = 200;

const SMALLEST_DOCUMENT_BYTES = 5;

function invalidBson(reason: string): CommandError {
  return new CommandError(22, reason, { codeName: 'InvalidBSON' });
}

/**
 * The document that starts at `start`, as it came, checked throughout: whoever reads it later meets no bad length,
 * unknown type or bottomless nesting.
 * @throws CommandError InvalidBSON (22), Overflow (15) past {@link MAX_DEPTH}, BSONObjectTooLarge (10334) past
 * {@link MAX_WIRE_DOCUMENT_BYTES}
 */
export function checkedDocument(bytes: Buffer, start: number, limit: number): Buffer {
  const size = limit - start < SMALLEST_DOCUMENT_BYTES ? 0 : bytes.readInt32LE(start);
  if (size < SMALLEST_DOCUMENT_BYTES || size > limit - start) throw invalidBson('invalid length of a document');
  if (size > MAX_WIRE_DOCUMENT_BYTES) {
    throw new CommandError(
      'BSONObjectTooLarge',
      `BSONObj size: ${String(size)} (0x${size.toString(16).toUpperCase()}) is invalid. ` +
        `Size must be between 0 and ${String(MAX_WIRE_DOCUMENT_BYTES)}(16MB)`,
    );
  }
  const document = bytes.subarray(start, start + size);
  validateDocument(document, MAX_DEPTH);
  return document;
}

/** The name of a checked document's first element: of a command, the command. Empty for an empty document. */
export function firstKey(document: Buffer): string {
  if (document.length <= SMALLEST_DOCUMENT_BYTES) return '';
  return document.toString('utf8', 5, document.indexOf(0, 5));
}

/** The text of a checked document's field, undefined where it is missing or no string. */
export function textField(document: Buffer, name: string): string | undefined {
  const field = rawField(document, name);
  return field?.type === BsonType.string ? field.bytes.toString('utf8', 4, field.bytes.length - 1) : undefined;
}
