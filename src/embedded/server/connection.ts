import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { isCompressible } from './compression.ts';
import { FrameReader } from './frames.ts';
import { errorReply, hasOpenCursor, isExpected } from './reply.ts';
import { CommandRequest } from './request.ts';
import type { Connection, Request } from './request.ts';
import { MAX_MESSAGE_BYTES, ProtocolError, buildReply, parseMessage } from './wire.ts';
import type { WireMessage } from './wire.ts';

/** Answers a command with the BSON of the reply; a thrown CommandError becomes an error reply, anything else InternalError. */
export type Handler = (request: Request) => Buffer | Promise<Buffer>;

/** Where a server says what somebody should know. */
export type ServerLog = (level: 'info' | 'warn' | 'error', message: string, details?: Record<string, unknown>) => void;

/** While a command runs, the socket is read no further than this: what waits beyond it waits with the sender. */
const READ_AHEAD_BYTES = 65_536;

/** Answers to commands that came together are gathered up to here before they are written. */
const WRITE_AHEAD_BYTES = 262_144;

const MAX_REPLY_BYTES = MAX_MESSAGE_BYTES - 64;

let lastReplyId = 0;

function nextReplyId(): number {
  lastReplyId = (lastReplyId + 1) & 0x7fffffff;
  return lastReplyId;
}

export interface ConnectionOptions {
  readonly id: number;
  readonly socket: Socket;
  readonly handler: Handler;
  readonly log: ServerLog;
}

/** One client: reads commands, runs them one after the other, and answers in that order. */
export class SocketConnection implements Connection {
  readonly id: number;
  readonly remoteAddress: string;
  readonly openedAt = new Date();
  readonly state = new Map<symbol, unknown>();
  client: Document | undefined;
  compressors: readonly string[] = [];
  readonly #socket: Socket;
  readonly #handler: Handler;
  readonly #log: ServerLog;
  readonly #frames = new FrameReader();
  readonly #aborter = new AbortController();
  /** A command runs, or its answer waits for the socket to take it. */
  #busy = false;
  #ending = false;
  /** Answers of this round, so that several go out by one system call. */
  #outgoing: Buffer[] = [];
  #outgoingBytes = 0;

  constructor({ id, socket, handler, log }: ConnectionOptions) {
    this.id = id;
    this.#socket = socket;
    this.#handler = handler;
    this.#log = log;
    this.remoteAddress = `${socket.remoteAddress ?? 'local'}:${String(socket.remotePort ?? 0)}`;
    socket.on('data', (chunk) => {
      this.#receive(chunk);
    });
    // A reset or a broken pipe is the client's right; 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#frames.clear();
      this.#aborter.abort();
    });
  }

  get closed(): AbortSignal {
    return this.#aborter.signal;
  }

  /** Whether a command runs or its answer is on the way out. */
  get busy(): boolean {
    return this.#busy || this.#socket.writableLength > 0;
  }

  /** Takes no further command and ends once the one that runs is answered. */
  end(): void {
    this.#ending = true;
    if (!this.#busy) this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    try {
      this.#frames.push(chunk);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!this.#busy) this.#work();
    else if (this.#frames.pendingBytes > READ_AHEAD_BYTES) this.#socket.pause();
  }

  /** Runs what has come, until a command needs time, the socket is full, or no whole message is left. */
  #work(): void {
    try {
      while (!this.#busy && !this.#stopped) {
        const frame = this.#frames.next();
        if (frame === undefined) break;
        this.#run(parseMessage(frame));
        if (this.#outgoingBytes > WRITE_AHEAD_BYTES) this.#flush();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#flush();
    if (this.#busy) return;
    if (this.#ending) this.#socket.destroySoon();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  get #stopped(): boolean {
    return this.#ending || this.#socket.destroyed;
  }

  #run(message: WireMessage): void {
    if (message.command instanceof CommandError) {
      if (!message.moreToCome) this.#queue(message, undefined, errorReply(message.command));
      return;
    }
    const request = new CommandRequest(message, message.command, this);
    const reply = this.#call(request);
    if (isReady(reply) && !isExhaust(request)) {
      if (!message.moreToCome) this.#queue(message, request.name, reply);
      return;
    }
    this.#busy = true;
    this.#finish(message, request, reply)
      .catch((error: unknown) => {
        this.#fail(error);
      })
      .finally(() => {
        this.#resume();
      })
      .catch((error: unknown) => {
        this.#fail(error);
      });
  }

  #resume(): void {
    this.#busy = false;
    this.#work();
  }

  #call(request: Request): Buffer | Promise<Buffer> {
    try {
      const reply = this.#handler(request);
      return isReady(reply) ? reply : reply.catch((error: unknown) => this.#errorReply(request, error));
    } catch (error) {
      return this.#errorReply(request, error);
    }
  }

  #errorReply(request: Request, error: unknown): Buffer {
    if (!isExpected(error)) {
      this.#log('error', 'a command failed unexpectedly', { command: request.name, connection: this.id, error });
    }
    try {
      return errorReply(error);
    } catch (unwritable) {
      this.#log('error', 'an error could not be written as BSON', { command: request.name, error, unwritable });
      return errorReply(unwritable);
    }
  }

  async #finish(message: WireMessage, request: CommandRequest, reply: Buffer | Promise<Buffer>): Promise<void> {
    const first = await reply;
    if (message.moreToCome) return;
    if (isExhaust(request)) await this.#exhaust(message, request, first);
    else this.#queue(message, request.name, first);
  }

  /** Repeats a getMore without being asked, each answer naming the one before, until its cursor is at its end. */
  async #exhaust(message: WireMessage, request: CommandRequest, first: Buffer): Promise<void> {
    let reply = first;
    let responseTo = message.requestId;
    while (hasOpenCursor(reply) && !this.#stopped) {
      responseTo = this.#queue(message, request.name, reply, { responseTo, moreToCome: true });
      await this.#sent();
      reply = await this.#call(request);
    }
    this.#queue(message, request.name, reply, { responseTo, moreToCome: false });
  }

  /** Sends what is queued, and gives other connections their turn. */
  async #sent(): Promise<void> {
    this.#flush();
    if (!this.#socket.writableNeedDrain || this.#socket.destroyed) return setImmediate();
    // Gone while it waited: the caller sees that the socket is destroyed.
    await once(this.#socket, 'drain', { signal: this.closed }).catch(() => undefined);
  }

  #queue(
    message: WireMessage,
    name: string | undefined,
    reply: Buffer,
    { responseTo, moreToCome } = { responseTo: message.requestId, moreToCome: false },
  ): number {
    const requestId = nextReplyId();
    const body =
      reply.length <= MAX_REPLY_BYTES
        ? reply
        : errorReply(new CommandError('BSONObjectTooLarge', `reply of ${String(reply.length)} bytes is too large`));
    const compressor = name === undefined || isCompressible(name) ? message.compressor : undefined;
    const head = { requestId, responseTo, opCode: message.opCode, moreToCome, compressor };
    for (const bytes of buildReply(head, body)) {
      this.#outgoing.push(bytes);
      this.#outgoingBytes += bytes.length;
    }
    return requestId;
  }

  #flush(): void {
    const outgoing = this.#outgoing;
    if (outgoing.length === 0) return;
    this.#outgoing = [];
    this.#outgoingBytes = 0;
    if (this.#socket.destroyed) return;
    if (!this.#write(outgoing) && !this.#busy) {
      this.#busy = true;
      this.#socket.once('drain', () => {
        this.#resume();
      });
    }
  }

  #write(buffers: readonly Buffer[]): boolean {
    const [first] = buffers;
    if (first !== undefined && buffers.length === 1) return this.#socket.write(first);
    this.#socket.cork();
    for (const buffer of buffers) this.#socket.write(buffer);
    this.#socket.uncork();
    return !this.#socket.writableNeedDrain;
  }

  #fail(error: unknown): void {
    if (error instanceof ProtocolError) {
      this.#log('warn', 'a connection was closed: it does not keep to the protocol', {
        connection: this.id,
        remoteAddress: this.remoteAddress,
        reason: error.message,
      });
    } else this.#log('error', 'a connection failed unexpectedly', { connection: this.id, error });
    this.#flush();
    this.#ending = true;
    this.#frames.clear();
    this.#socket.destroy();
  }
}

function isReady(reply: Buffer | Promise<Buffer>): reply is Buffer {
  return Buffer.isBuffer(reply);
}

function isExhaust(request: Request): boolean {
  return request.exhaustAllowed && request.name === 'getMore';
}
