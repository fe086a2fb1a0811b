import { Worker } from 'node:worker_threads';
import { CommandError } from '../errors.ts';
import {
  splitDocuments,
  type ReportedError,
  type WorkerReply,
  type WorkerRequest,
  type WorkerSettings,
} from './protocol.ts';
import { resolveWorker } from './resolve-worker.ts';

/** A thread pauses between documents; one that hears nothing for so long is busy with something that will not end. */
const MAX_DEAF_MS = 2_000;

/** A thread beyond this has an aggregation that does not fit into memory; it ends rather than the server. */
const MAX_HEAP_MB = 1_024;

/** What is decoded is forgotten at once: with little room for it the thread holds tens of megabytes less and is as fast. */
const YOUNG_HEAP_MB = 16;

interface Waiting {
  readonly resolve: (batch: { documents: Buffer[]; isDone: boolean }) => void;
  readonly reject: (error: unknown) => void;
}

/** One worker and what is waited for from it. */
export class Thread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #streams = new Set<number>();
  /** Run while a thread at work is told to stop and has not answered. */
  readonly #clocks = new Map<number, NodeJS.Timeout>();
  readonly #onExit: () => void;
  isReady = false;
  isDead = false;
  #listeners: (() => void)[] = [];

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
    if (!this.isDead) this.#worker.postMessage(request);
  }

  next(id: number, count: number, remainingMs: number): Promise<{ documents: Buffer[]; isDone: boolean }> {
    if (this.isDead) return Promise.reject(lost(undefined));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.send({ kind: 'next', id, count, remainingMs });
    });
  }

  /** Gives up waiting: what still comes is not looked at. A thread that does not even hear of it is ended. */
  abandon(id: number): void {
    const waiting = this.#waiting.get(id);
    waiting?.reject(new CommandError(237, 'cursor was killed', { codeName: 'CursorKilled' }));
    const isAtWork = this.#waiting.delete(id);
    this.send({ kind: 'close', id });
    if (!isAtWork || this.isDead) return;
    const clock = setTimeout(() => {
      void this.end(new CommandError('Interrupted', 'operation was interrupted'));
    }, MAX_DEAF_MS);
    this.#clocks.set(id, clock.unref());
  }

  /** Resolves at once, unless the thread may not be listening: then when it has answered or ended. */
  async settled(): Promise<void> {
    if (this.#clocks.size === 0) return;
    await new Promise<void>((resolve) => this.#listeners.push(resolve));
  }

  #stopClock(id: number): void {
    clearTimeout(this.#clocks.get(id));
    this.#clocks.delete(id);
    if (this.#clocks.size > 0) return;
    for (const listener of this.#listeners) listener();
    this.#listeners = [];
  }

  async end(reason: CommandError): Promise<void> {
    this.#die(reason);
    await this.#worker.terminate();
  }

  #receive(reply: WorkerReply): void {
    if (reply.kind === 'ready') this.isReady = true;
    else if (reply.kind === 'closed') this.#stopClock(reply.id);
    else this.#settle(reply);
  }

  #settle(reply: Extract<WorkerReply, { kind: 'batch' | 'error' }>): void {
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
    if (this.isDead) return;
    this.isDead = true;
    this.#onExit();
    for (const { reject } of this.#waiting.values()) reject(lost(error));
    for (const id of [...this.#clocks.keys()]) this.#stopClock(id);
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
