import { Worker } from 'node:worker_threads';
import { encode, type Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import type { Operation } from '../plan/operation.ts';
import type { AggregationSpec } from './aggregation.ts';
import {
  splitDocuments,
  type ReportedError,
  type WorkerReply,
  type WorkerRequest,
  type WorkerSettings,
} from './protocol.ts';
import { resolveWorker } from './resolve-worker.ts';

export interface AggregatePoolOptions extends WorkerSettings {
  /** Most threads at a time, by default 1. They are started when they are needed. */
  readonly size?: number;
}

/** How often a waiting command looks whether it is to end. */
const CHECK_INTERVAL_MS = 20;

/** A thread beyond this has an aggregation that does not fit into memory; it ends rather than the server. */
const MAX_HEAP_MB = 1_024;

/** What is decoded is forgotten at once: with little room for it the thread holds tens of megabytes less and is as fast. */
const YOUNG_HEAP_MB = 16;

/** Threads that run aggregations over many documents, so that the main thread goes on answering. */
export class AggregatePool {
  readonly #settings: WorkerSettings;
  readonly #size: number;
  readonly #threads = new Set<Thread>();
  #nextId = 1;
  #isClosed = false;

  constructor({ storePath, durable, size = 1 }: AggregatePoolOptions) {
    this.#settings = { storePath, durable };
    this.#size = size;
  }

  /**
   * Begins an aggregation in a thread.
   * @param revision of the catalogue, all of which must be committed
   */
  open(spec: AggregationSpec, revision: number): PoolStream {
    if (this.#isClosed) throw new CommandError('ShutdownInProgress', 'The server is shutting down');
    const id = this.#nextId++;
    const thread = this.#choose();
    thread.send({ kind: 'open', id, spec: encode(present(spec)), revision });
    return new PoolStream(thread, id);
  }

  /** Whether a thread runs already, so that an aggregation need not wait for one to start. */
  get isWarm(): boolean {
    for (const thread of this.#threads) if (thread.isReady) return true;
    return false;
  }

  /** Starts a thread for the aggregations to come. */
  warm(): void {
    if (!this.#isClosed && this.#threads.size === 0) this.#choose();
  }

  /** Ends all threads; what runs in them fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }

  /** The thread with the least to do; a new one where all are busy and there may be more. */
  #choose(): Thread {
    const [idlest] = [...this.#threads].sort((a, b) => a.busy - b.busy);
    if (idlest !== undefined && (idlest.busy === 0 || this.#threads.size >= this.#size)) return idlest;
    const thread = new Thread(this.#settings, () => this.#threads.delete(thread));
    this.#threads.add(thread);
    return thread;
  }
}

function present(spec: AggregationSpec): Document {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
}

interface Waiting {
  readonly resolve: (batch: { documents: Buffer[]; isDone: boolean }) => void;
  readonly reject: (error: unknown) => void;
}

/** One worker and what is waited for from it. */
class Thread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #streams = new Set<number>();
  readonly #onExit: () => void;
  isReady = false;
  #isDead = false;

  constructor(settings: WorkerSettings, onExit: () => void) {
    this.#onExit = onExit;
    this.#worker = new Worker(resolveWorker(import.meta.url, './worker'), {
      workerData: settings,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
      // Flags such as --input-type or --inspect are the main thread's own.
      execArgv: [],
    });
    // Aggregations alone keep no process alive; the connections that wait for them do.
    this.#worker.unref();
    this.#worker.on('message', (reply: WorkerReply) => {
      this.#receive(reply);
    });
    this.#worker.on('error', (error) => {
      this.#die(error);
    });
    this.#worker.on('exit', () => {
      this.#die(new Error('the thread ended'));
    });
  }

  /** Aggregations that are open here. */
  get busy(): number {
    return this.#streams.size;
  }

  send(request: WorkerRequest): void {
    if (request.kind === 'open') this.#streams.add(request.id);
    if (request.kind === 'close') this.#streams.delete(request.id);
    if (!this.#isDead) this.#worker.postMessage(request);
  }

  next(id: number, count: number, remainingMs: number): Promise<{ documents: Buffer[]; isDone: boolean }> {
    if (this.#isDead) return Promise.reject(lost(undefined));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.send({ kind: 'next', id, count, remainingMs });
    });
  }

  /** Gives up waiting: what still comes is not looked at. */
  abandon(id: number): void {
    this.#waiting.delete(id);
    this.send({ kind: 'close', id });
  }

  async end(): Promise<void> {
    this.#die(new CommandError('ShutdownInProgress', 'The server is shutting down'));
    await this.#worker.terminate();
  }

  #receive(reply: WorkerReply): void {
    if (reply.kind === 'ready') {
      this.isReady = true;
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === 'error') {
      this.#streams.delete(reply.id);
      waiting?.reject(revived(reply.error));
      return;
    }
    if (reply.isDone) this.send({ kind: 'close', id: reply.id });
    waiting?.resolve({ documents: splitDocuments(reply.bytes), isDone: reply.isDone });
  }

  #die(error: unknown): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#onExit();
    for (const { reject } of this.#waiting.values()) reject(lost(error));
    this.#waiting.clear();
    this.#streams.clear();
  }
}

function lost(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  const reason = error instanceof Error ? `: ${error.message}` : '';
  return new CommandError('InternalError', `The aggregation's thread has ended${reason}`);
}

function revived({ code, message, details }: ReportedError): Error {
  return code === undefined ? new Error(message) : new CommandError(code, message, details);
}

/** The results of an aggregation that runs in a thread, batch by batch. */
export class PoolStream {
  readonly #thread: Thread;
  readonly #id: number;
  isDone = false;

  constructor(thread: Thread, id: number) {
    this.#thread = thread;
    this.#id = id;
  }

  async next(count: number, operation: Operation): Promise<readonly Buffer[]> {
    const remainingMs = operation.remainingMs;
    const watch = this.#watch(operation);
    try {
      const answer = this.#thread.next(this.#id, count, remainingMs);
      const { documents, isDone } = await Promise.race([answer, watch.interrupted]);
      this.isDone = isDone;
      return documents;
    } catch (error) {
      this.close();
      throw error;
    } finally {
      watch.stop();
    }
  }

  close(): void {
    if (!this.isDone) this.#thread.abandon(this.#id);
    this.isDone = true;
  }

  /** Fails as soon as the command is killed, runs out of time, or has nobody left who waits for it. */
  #watch(operation: Operation): { interrupted: Promise<never>; stop: () => void } {
    let timer: NodeJS.Timeout | undefined;
    const interrupted = new Promise<never>((_resolve, reject) => {
      timer = setInterval(() => {
        try {
          operation.check();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      }, CHECK_INTERVAL_MS);
    });
    // Nobody may be listening any more when it fails.
    interrupted.catch(() => undefined);
    return {
      interrupted,
      stop: () => {
        clearInterval(timer);
      },
    };
  }
}
