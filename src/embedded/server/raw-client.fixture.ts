import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { serialize } from 'bson';
import type { Document } from 'bson';
import { decode } from '../bson/codec.ts';
import { compress, decompress } from './compression.ts';
import { FrameReader } from './frames.ts';
import { listen } from './listener.ts';
import type { Listener, ListenerOptions } from './listener.ts';
import { OpCode } from './wire.ts';

export const Flags = { checksumPresent: 1, moreToCome: 2, exhaustAllowed: 65_536 } as const;

export interface MessageOptions {
  readonly requestId?: number;
  readonly flags?: number;
  readonly sequences?: Readonly<Record<string, readonly Document[]>>;
}

export function bsonOf(document: Document): Buffer {
  return Buffer.from(serialize(document));
}

export function int32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeInt32LE(value, index * 4);
  return bytes;
}

/** Whatever payload behind a header whose length is right. */
export function frameOf(opCode: number, payload: Buffer, requestId = 1): Buffer {
  return Buffer.concat([int32(16 + payload.length, requestId, 0, opCode), payload]);
}

export function section(kind: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([kind]), content]);
}

export function sequenceSection(name: string, documents: readonly Document[]): Buffer {
  const content = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map(bsonOf)]);
  return section(1, Buffer.concat([int32(content.length + 4), content]));
}

/** An OP_MSG as drivers write it; a checksum that the flags promise is written as zeros. */
export function messageOf(body: Document, { requestId = 1, flags = 0, sequences = {} }: MessageOptions = {}): Buffer {
  const checksum = (flags & Flags.checksumPresent) === 0 ? [] : [int32(0)];
  const sections = Object.entries(sequences).map(([name, documents]) => sequenceSection(name, documents));
  return frameOf(
    OpCode.message,
    Buffer.concat([int32(flags), section(0, bsonOf(body)), ...sections, ...checksum]),
    requestId,
  );
}

export function queryOf(namespace: string, body: Document): Buffer {
  return frameOf(OpCode.query, Buffer.concat([int32(0), Buffer.from(`${namespace}\0`), int32(0, -1), bsonOf(body)]));
}

/** The same message as OP_COMPRESSED. */
export function compressedOf(frame: Buffer, compressor: number): Buffer {
  const payload = frame.subarray(16);
  return frameOf(
    OpCode.compressed,
    Buffer.concat([
      int32(frame.readInt32LE(12), payload.length),
      Buffer.from([compressor]),
      compress(compressor, payload),
    ]),
    frame.readInt32LE(4),
  );
}

export interface ReceivedReply {
  readonly requestId: number;
  readonly responseTo: number;
  readonly opCode: number;
  readonly moreToCome: boolean;
  /** Without the time that every reply tells. */
  readonly body: Document;
}

function timeless(bytes: Buffer): Document {
  const body = decode(bytes);
  delete body.$clusterTime;
  delete body.operationTime;
  return body;
}

function readReply(frame: Buffer): ReceivedReply {
  const head = { requestId: frame.readInt32LE(4), responseTo: frame.readInt32LE(8), opCode: frame.readInt32LE(12) };
  const plain = head.opCode === OpCode.compressed ? inflated(frame) : frame;
  if (plain.readInt32LE(12) === OpCode.reply) return { ...head, moreToCome: false, body: timeless(plain.subarray(36)) };
  return {
    ...head,
    moreToCome: (plain.readInt32LE(16) & Flags.moreToCome) !== 0,
    body: timeless(plain.subarray(21)),
  };
}

function inflated(frame: Buffer): Buffer {
  const size = frame.readInt32LE(20);
  return Buffer.concat([
    int32(16 + size, 0, 0, frame.readInt32LE(16)),
    decompress(frame.readUInt8(24), frame.subarray(25), size),
  ]);
}

/** A client that sends bytes as they are and reads replies. */
export class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  readonly #frames = new FrameReader();
  readonly #replies: ReceivedReply[] = [];
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk) => {
      this.#frames.push(chunk);
      for (let frame = this.#frames.next(); frame !== undefined; frame = this.#frames.next()) {
        this.#replies.push(readReply(frame));
      }
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        resolve();
        this.#wake();
      });
    });
  }

  async connected(): Promise<this> {
    await once(this.socket, 'connect');
    return this;
  }

  send(...frames: readonly Buffer[]): void {
    for (const frame of frames) this.socket.write(frame);
  }

  /** Replies that came and were not taken yet. */
  get waiting(): number {
    return this.#replies.length;
  }

  /** The next reply; rejects if the connection ends before it. */
  async reply(): Promise<ReceivedReply> {
    for (;;) {
      const reply = this.#replies.shift();
      if (reply !== undefined) return reply;
      if (this.socket.destroyed) throw new Error('the connection was closed');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async ask(frame: Buffer): Promise<Document> {
    this.send(frame);
    return (await this.reply()).body;
  }

  close(): void {
    this.socket.destroy();
  }
}

export interface LogEntry {
  readonly level: string;
  readonly message: string;
  readonly details: Record<string, unknown> | undefined;
}

export interface TestListener {
  readonly listener: Listener;
  readonly log: LogEntry[];
  client(): Promise<RawClient>;
}

/** A listener on a free port with a log that tests can read. */
export async function listenForTest(handler: ListenerOptions['handler']): Promise<TestListener> {
  const log: LogEntry[] = [];
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    handler,
    onError: (error) => {
      throw error;
    },
    log: (level, message, details) => log.push({ level, message, details }),
  });
  return { listener, log, client: () => new RawClient(listener.port).connected() };
}
