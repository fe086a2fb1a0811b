import { BsonType, decode, rawField, rawValues } from '../bson/codec.ts';
import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { firstKey } from './raw.ts';
import type { WireCommand, WireMessage } from './wire.ts';

/** What commands know of the connection that they came by. */
export interface Connection {
  /** Counts up from 1 in a server's life. */
  readonly id: number;
  /** Address and port of the client. */
  readonly remoteAddress: string;
  readonly openedAt: Date;
  /** Aborted when the socket is gone: what runs for it may stop. */
  readonly closed: AbortSignal;
  /** What the driver said of itself in its first hello. */
  client: Document | undefined;
  /** The compressors that hello agreed on. */
  compressors: readonly string[];
  /** Ends the connection without an answer. */
  destroy(): void;
  /** What commands keep for the life of the connection, by a key of their own. */
  readonly state: Map<symbol, unknown>;
}

/** A command as it came. */
export interface Request {
  readonly requestId: number;
  readonly database: string;
  /** The first key of the body. */
  readonly name: string;
  /** The body, decoded on first use in the plain form; sequences are not merged into it, see {@link documentsOf}. */
  readonly body: Document;
  /** The body as it came, its structure checked. It shares memory with its whole message. */
  readonly rawBody: Buffer;
  /** The document sequences by field, their structure checked. */
  readonly sequences: ReadonlyMap<string, Buffer[]>;
  /** The client waits for no answer. */
  readonly moreToCome: boolean;
  /** The client takes several answers to one request. */
  readonly exhaustAllowed: boolean;
  readonly connection: Connection;
}

export class CommandRequest implements Request {
  readonly requestId: number;
  readonly database: string;
  readonly name: string;
  readonly rawBody: Buffer;
  readonly sequences: ReadonlyMap<string, Buffer[]>;
  readonly moreToCome: boolean;
  readonly exhaustAllowed: boolean;
  readonly connection: Connection;
  #body: Document | undefined;

  constructor(message: WireMessage, command: WireCommand, connection: Connection) {
    this.requestId = message.requestId;
    this.database = command.database;
    this.name = firstKey(command.body);
    this.rawBody = command.body;
    this.sequences = command.sequences;
    this.moreToCome = message.moreToCome;
    this.exhaustAllowed = message.exhaustAllowed;
    this.connection = connection;
  }

  get body(): Document {
    this.#body ??= decode(this.rawBody);
    return this.#body;
  }
}

/**
 * The documents of an array field, undecoded, whether they came as a sequence or as an array in the body.
 * @param field such as `documents`, `updates`, `deletes`
 * @throws CommandError as MongoDB does where the field is missing (40414), no array, or holds anything but objects (14)
 */
export function documentsOf(
  request: Pick<Request, 'name' | 'rawBody' | 'sequences'>,
  field: string,
): readonly Buffer[] {
  const sequence = request.sequences.get(field);
  if (sequence !== undefined) return sequence;
  const path = `${request.name}.${field}`;
  const value = rawField(request.rawBody, field);
  if (value === undefined) {
    throw new CommandError(40414, `BSON field '${path}' is missing but a required field`);
  }
  if (value.type !== BsonType.array) throw wrongType(path, value.type, 'array');
  return rawValues(value.bytes).map(({ type, bytes }, index) => {
    if (type !== BsonType.object) throw wrongType(`${path}.${String(index)}`, type, 'object');
    return bytes;
  });
}

/** MongoDB's aliases of types, as its messages name them. */
const TYPE_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(BsonType).map(([name, type]) => [type, name]));

function wrongType(path: string, type: number, expected: string): CommandError {
  return new CommandError(
    'TypeMismatch',
    `BSON field '${path}' is the wrong type '${TYPE_NAMES.get(type) ?? 'unknown'}', expected type '${expected}'`,
  );
}
