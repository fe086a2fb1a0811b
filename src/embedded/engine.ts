import { Catalog } from './catalog/catalog.ts';
import { Records } from './catalog/records.ts';
import { AggregatePool } from './aggregate/pool.ts';
import type { Services } from './commands/context.ts';
import { Cursors } from './commands/cursors.ts';
import { FailPoints } from './commands/fail-points.ts';
import { dropUnfinishedIndexes } from './commands/index-build.ts';
import { Operations } from './commands/operations.ts';
import { dropUnfinishedOutput } from './commands/out-output.ts';
import { sweepExpired } from './commands/ttl.ts';
import { clusterTime } from './server/cluster-time.ts';
import { Store } from './storage/store.ts';
import { HeldEntries, Writer } from './storage/writer.ts';
import { RetryableWrites } from './transactions/retryable.ts';
import { PastViews } from './transactions/snapshots.ts';
import { Sessions } from './transactions/sessions.ts';

export interface EngineOptions {
  /** The LMDB file. */
  readonly file: string;
  /** False where nothing need survive. */
  readonly durable: boolean;
  readonly dataDir: string | undefined;
  /** How often expired documents are looked for, in milliseconds. */
  readonly ttlIntervalMs: number;
  /** After how long an open transaction is aborted, in milliseconds. */
  readonly transactionLifetimeMs: number;
  readonly onError: (task: string, error: unknown) => void;
}

/** How often cursors, sessions and transactions past their time are ended. */
const EXPIRY_INTERVAL_MS = 1_000;
const SWEEP_BATCH = 500;

/** Everything behind the wire: storage, catalogue, sessions, and what has to be done from time to time. */
export class Engine {
  readonly services: Services;
  readonly #store: Store;
  readonly #timers: NodeJS.Timeout[] = [];
  #isClosing = false;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: EngineOptions, address: Services['address'], connections: () => number) {
    const { file, durable, dataDir } = options;
    this.#store = new Store({ path: file, durable });
    const held = new HeldEntries();
    const writer = new Writer(this.#store, held);
    const catalog = new Catalog();
    catalog.load(this.#store);
    writer.onCommit(() => {
      catalog.saveSizes(writer);
      clusterTime.tick();
    });
    this.services = {
      store: this.#store,
      writer,
      catalog,
      records: new Records(catalog, writer),
      sessions: new Sessions({ store: this.#store, writer, held }, options.transactionLifetimeMs),
      pastViews: new PastViews(this.#store),
      retryable: new RetryableWrites(writer),
      cursors: new Cursors(),
      operations: new Operations(),
      failPoints: new FailPoints(),
      pool: new AggregatePool({ storePath: file, durable }),
      address,
      startedAt: new Date(),
      dataDir,
      connections,
    };
    dropUnfinishedIndexes(this.services);
    dropUnfinishedOutput(this.services);
    this.#schedule(options);
  }

  abortTransactions(): void {
    this.services.sessions.close();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const timer of this.#timers) clearInterval(timer);
    const { sessions, pastViews, cursors, writer, pool } = this.services;
    cursors.killWhere(() => true);
    sessions.close();
    pastViews.close();
    await this.#sweeping;
    await pool.close();
    try {
      await writer.committed();
    } finally {
      await this.#store.close();
    }
  }

  #schedule({ ttlIntervalMs, onError }: EngineOptions): void {
    const { cursors, sessions, pastViews, retryable } = this.services;
    this.#every(EXPIRY_INTERVAL_MS, () => {
      cursors.expire();
      sessions.expire();
      pastViews.expire();
      try {
        retryable.expire();
      } catch (error) {
        onError('removal of old retryable writes', error);
      }
      this.#sweep(onError);
    });
    this.#every(ttlIntervalMs, () => {
      sweepExpired(this.services).catch((error: unknown) => {
        onError('removal of expired documents', error);
      });
    });
  }

  #every(milliseconds: number, task: () => void): void {
    const timer = setInterval(task, milliseconds);
    // Housekeeping alone keeps no process alive.
    timer.unref();
    this.#timers.push(timer);
  }

  /** Empties the trees of dropped collections and indexes, a little at a time. */
  #sweep(onError: EngineOptions['onError']): void {
    const { catalog, writer } = this.services;
    const next = async (): Promise<void> => {
      while (!this.#isClosing && catalog.sweep(writer, SWEEP_BATCH)) await writer.committed();
    };
    this.#sweeping = this.#sweeping.then(next).catch((error: unknown) => {
      onError('emptying of dropped collections', error);
    });
  }
}
