import { rawField } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { compress, decompress } from './compression.ts';
import { checkedDocument, firstKey, textField } from './raw.ts';

/** MongoDB's `maxMessageSizeBytes`. */
export const MAX_MESSAGE_BYTES = 48_000_000;

export const HEADER_BYTES = 16;

export const OpCode = { reply: 1, query: 2004, compressed: 2012, message: 2013 } as const;

const Flag = { checksumPresent: 1, moreToCome: 2, exhaustAllowed: 1 << 16 } as const;
const KNOWN_REQUIRED_FLAGS = Flag.checksumPresent | Flag.moreToCome;
const REQUIRED_FLAGS = 0xffff;
const CHECKSUM_BYTES = 4;
/** Header, flags and the kind of the only section. */
const MESSAGE_OVERHEAD_BYTES = HEADER_BYTES + 5;
/** Header, flags, cursor id, offset and number of documents. */
const REPLY_OVERHEAD_BYTES = HEADER_BYTES + 20;

/** A message after which the connection cannot be trusted to be at the start of the next one: it is closed, unanswered. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** A message, and what of it decides the form of the answer. */
export interface WireMessage {
  readonly requestId: number;
  readonly opCode: number;
  /** The id of the compressor that it came with, if any. */
  readonly compressor: number | undefined;
  readonly moreToCome: boolean;
  readonly exhaustAllowed: boolean;
  /** What it asks, or why it cannot be read although its lengths are right: then that is the answer. */
  readonly command: WireCommand | CommandError;
}

export interface WireCommand {
  readonly database: string;
  readonly body: Buffer;
  readonly sequences: ReadonlyMap<string, Buffer[]>;
}

interface Payload {
  readonly requestId: number;
  readonly opCode: number;
  readonly compressor: number | undefined;
  readonly bytes: Buffer;
}

const NO_SEQUENCES: ReadonlyMap<string, Buffer[]> = new Map();

function answerable<Result>(parse: () => Result): Result | CommandError {
  try {
    return parse();
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
}

function unwrap(frame: Buffer): Payload {
  const requestId = frame.readInt32LE(4);
  const opCode = frame.readInt32LE(12);
  const bytes = frame.subarray(HEADER_BYTES);
  if (opCode !== OpCode.compressed) return { requestId, opCode, compressor: undefined, bytes };
  if (bytes.length < 9) throw new ProtocolError('OP_COMPRESSED is too short');
  const originalOpCode = bytes.readInt32LE(0);
  const size = bytes.readInt32LE(4);
  const compressor = bytes.readUInt8(8);
  if (size < 0 || size > MAX_MESSAGE_BYTES - HEADER_BYTES) throw new ProtocolError('bad uncompressed size');
  try {
    return { requestId, opCode: originalOpCode, compressor, bytes: decompress(compressor, bytes.subarray(9), size) };
  } catch (error) {
    throw new ProtocolError('OP_COMPRESSED cannot be decompressed', { cause: error });
  }
}

function cStringEnd(bytes: Buffer, start: number, limit: number): number {
  const end = bytes.indexOf(0, start);
  if (end === -1 || end >= limit) throw new ProtocolError('a name has no end');
  return end;
}

function parseSequence(bytes: Buffer, start: number, end: number, sequences: Map<string, Buffer[]>): void {
  const nameEnd = cStringEnd(bytes, start, end);
  const name = bytes.toString('utf8', start, nameEnd);
  if (sequences.has(name)) throw new CommandError(40431, `Duplicate document sequence: ${name}`);
  const documents: Buffer[] = [];
  let position = nameEnd + 1;
  while (position < end) {
    const document = checkedDocument(bytes, position, end);
    documents.push(document);
    position += document.length;
  }
  sequences.set(name, documents);
}

interface Sections {
  body: Buffer | undefined;
  sequences: Map<string, Buffer[]> | undefined;
}

/** Reads the section at `start` and returns where the next one starts. */
function parseSection(bytes: Buffer, start: number, limit: number, sections: Sections): number {
  const kind = bytes[start];
  if (start + 5 > limit) throw new ProtocolError('a section is cut off');
  const size = bytes.readInt32LE(start + 1);
  const end = start + 1 + size;
  if (size < 5 || end > limit) throw new ProtocolError('bad length of a section');
  if (kind === 0) {
    if (sections.body !== undefined) throw new CommandError(40430, 'Multiple body sections in message');
    sections.body = checkedDocument(bytes, start + 1, end);
    return end;
  }
  if (kind !== 1) throw new CommandError(40432, `Unknown section kind ${String(kind)}`);
  sections.sequences ??= new Map();
  parseSequence(bytes, start + 5, end, sections.sequences);
  return end;
}

function parseSections(bytes: Buffer, limit: number): WireCommand {
  const sections: Sections = { body: undefined, sequences: undefined };
  let position = 4;
  while (position < limit) position = parseSection(bytes, position, limit, sections);
  const { body, sequences = NO_SEQUENCES } = sections;
  if (body === undefined) throw new CommandError(40587, 'OP_MSG messages must have a body');
  for (const name of sequences.keys()) {
    if (rawField(body, name) !== undefined) {
      throw new CommandError(40433, `Duplicate field between body and document sequence ${name}`);
    }
  }
  const database = textField(body, '$db');
  if (database === undefined) throw new CommandError(40571, 'OP_MSG requests require a $db argument');
  return { database, body, sequences };
}

function parseOpMessage({ bytes, ...head }: Payload): WireMessage {
  if (bytes.length < 4) throw new ProtocolError('OP_MSG is too short');
  const flags = bytes.readInt32LE(0);
  if ((flags & REQUIRED_FLAGS & ~KNOWN_REQUIRED_FLAGS) !== 0) throw new ProtocolError('unknown required flag');
  const limit = bytes.length - ((flags & Flag.checksumPresent) === 0 ? 0 : CHECKSUM_BYTES);
  return {
    ...head,
    moreToCome: (flags & Flag.moreToCome) !== 0,
    exhaustAllowed: (flags & Flag.exhaustAllowed) !== 0,
    command: answerable(() => parseSections(bytes, limit)),
  };
}

const COMMANDS_OF_ADMIN = 'admin.$cmd';
const HELLO_NAMES: ReadonlySet<string> = new Set(['hello', 'isMaster', 'ismaster']);

function parseOpQuery({ bytes, ...head }: Payload): WireMessage {
  const nameEnd = cStringEnd(bytes, 4, bytes.length);
  const namespace = bytes.toString('utf8', 4, nameEnd);
  const start = nameEnd + 1 + 8;
  if (start + 5 > bytes.length) throw new ProtocolError('OP_QUERY is too short');
  const command = answerable((): WireCommand => {
    const body = checkedDocument(bytes, start, bytes.length);
    const name = firstKey(body);
    if (namespace !== COMMANDS_OF_ADMIN || !HELLO_NAMES.has(name)) throw unsupportedQuery(name);
    return { database: 'admin', body, sequences: NO_SEQUENCES };
  });
  return { ...head, moreToCome: false, exhaustAllowed: false, command };
}

/** MongoDB 6's refusal of all that came by OP_QUERY but the first hello. */
function unsupportedQuery(what: string): CommandError {
  return new CommandError(
    352,
    `Unsupported OP_QUERY command: ${what}. The client driver may require an upgrade. ` +
      'For more details see https://dochub.mongodb.org/core/legacy-opcode-removal',
    { codeName: 'UnsupportedOpQueryCommand' },
  );
}

/**
 * Reads one whole frame.
 * @throws ProtocolError where the connection must be closed
 */
export function parseMessage(frame: Buffer): WireMessage {
  const payload = unwrap(frame);
  if (payload.opCode === OpCode.message) return parseOpMessage(payload);
  if (payload.opCode === OpCode.query) return parseOpQuery(payload);
  throw new ProtocolError(`unknown opcode ${String(payload.opCode)}`);
}

/** The head of an answer. */
export interface ReplyHead {
  readonly requestId: number;
  readonly responseTo: number;
  /** The opcode of the request, since OP_QUERY is answered by OP_REPLY. */
  readonly opCode: number;
  readonly moreToCome: boolean;
  /** Compress the answer by it. */
  readonly compressor: number | undefined;
}

function writeHeader(frame: Buffer, size: number, head: ReplyHead, opCode: number): void {
  frame.writeInt32LE(size, 0);
  frame.writeInt32LE(head.requestId, 4);
  frame.writeInt32LE(head.responseTo, 8);
  frame.writeInt32LE(opCode, 12);
}

/** All of a frame but the document at its end. */
function replyPrefix(head: ReplyHead, bodyBytes: number, room: number): Buffer {
  if (head.opCode === OpCode.query) {
    const frame = Buffer.allocUnsafe(REPLY_OVERHEAD_BYTES + room);
    writeHeader(frame, REPLY_OVERHEAD_BYTES + bodyBytes, head, OpCode.reply);
    frame.fill(0, HEADER_BYTES, REPLY_OVERHEAD_BYTES);
    frame.writeInt32LE(8, HEADER_BYTES); // AwaitCapable, as every server since 1.6 sets it
    frame.writeInt32LE(1, HEADER_BYTES + 16);
    return frame;
  }
  const frame = Buffer.allocUnsafe(MESSAGE_OVERHEAD_BYTES + room);
  writeHeader(frame, MESSAGE_OVERHEAD_BYTES + bodyBytes, head, OpCode.message);
  frame.writeInt32LE(head.moreToCome ? Flag.moreToCome : 0, HEADER_BYTES);
  frame[HEADER_BYTES + 4] = 0;
  return frame;
}

/** Past this a frame goes out as two buffers, since copying the document costs more than a second entry for writev. */
const COPY_BELOW_BYTES = 16_384;

/** The buffers of an answer, in order. */
export function buildReply(head: ReplyHead, body: Buffer): Buffer[] {
  if (head.compressor !== undefined) return [compressed(head, head.compressor, body)];
  if (body.length > COPY_BELOW_BYTES) return [replyPrefix(head, body.length, 0), body];
  const frame = replyPrefix(head, body.length, body.length);
  frame.set(body, frame.length - body.length);
  return [frame];
}

function compressed(head: ReplyHead, compressor: number, body: Buffer): Buffer {
  const plain = replyPrefix(head, body.length, body.length);
  plain.set(body, plain.length - body.length);
  const payload = compress(compressor, plain.subarray(HEADER_BYTES));
  const frame = Buffer.allocUnsafe(HEADER_BYTES + 9 + payload.length);
  writeHeader(frame, frame.length, head, OpCode.compressed);
  frame.writeInt32LE(plain.readInt32LE(12), HEADER_BYTES);
  frame.writeInt32LE(plain.length - HEADER_BYTES, HEADER_BYTES + 4);
  frame[HEADER_BYTES + 8] = compressor;
  frame.set(payload, HEADER_BYTES + 9);
  return frame;
}
