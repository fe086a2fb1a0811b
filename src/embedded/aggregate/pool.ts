import { encode, type Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import type { Operation } from '../plan/operation.ts';
import type { AggregationSpec } from './aggregation.ts';
import type { WorkerSettings } from './protocol.ts';
import { Thread } from './thread.ts';

export interface AggregatePoolOptions extends WorkerSettings {
  /** Most threads at a time, by default 1. They are started when they are needed. */
  readonly size?: number;
}

/** How often a waiting command looks whether it is to end. */
const CHECK_INTERVAL_MS = 20;

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
    return new PoolStream(id, async () => {
      const thread = await this.#listening();
      thread.send({ kind: 'open', id, spec: encode(present(spec)), revision });
      return thread;
    });
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
    const reason = new CommandError('ShutdownInProgress', 'The server is shutting down');
    await Promise.all([...this.#threads].map((thread) => thread.end(reason)));
  }

  /** A thread that hears: one that was told to stop and does not answer is about to be replaced. */
  async #listening(): Promise<Thread> {
    for (;;) {
      const thread = this.#choose();
      await thread.settled();
      if (!thread.isDead) return thread;
      if (this.#isClosed) throw new CommandError('ShutdownInProgress', 'The server is shutting down');
    }
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

/** The results of an aggregation that runs in a thread, batch by batch. */
export class PoolStream {
  readonly #id: number;
  readonly #open: () => Promise<Thread>;
  #thread: Thread | undefined;
  isDone = false;

  constructor(id: number, open: () => Promise<Thread>) {
    this.#id = id;
    this.#open = open;
  }

  async next(count: number, operation: Operation): Promise<readonly Buffer[]> {
    const watch = this.#watch(operation);
    try {
      const answer = this.#ask(count, operation);
      // Nobody may be waiting for it any more when it fails.
      answer.catch(() => undefined);
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
    if (!this.isDone) this.#thread?.abandon(this.#id);
    this.isDone = true;
  }

  async #ask(count: number, operation: Operation): Promise<{ documents: Buffer[]; isDone: boolean }> {
    this.#thread ??= await this.#open();
    const thread = this.#thread;
    // Given up while the thread was being waited for.
    if (this.isDone) thread.abandon(this.#id);
    return thread.next(this.#id, count, operation.remainingMs);
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
