import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Collection, Db } from 'mongodb';
import {
  changeIndexes,
  planIndexes,
  reverse,
  type IndexChange,
  type IndexedCollection,
  type IndexPlan,
} from './indexes.ts';
import { duplicateKey } from './failures.ts';

/** One change of the database's indexes, as it is kept there. */
export interface MigrationRecord {
  /** 1, 2, 3…, without gaps. */
  readonly _id: number;
  readonly state: 'applied' | 'applying' | 'rolled-back';
  readonly changes: readonly IndexChange[];
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
}

export interface MigrationStatus {
  /** The last version that is applied, 0 before the first. */
  readonly version: number;
  readonly history: readonly MigrationRecord[];
  readonly plan: IndexPlan;
}

export interface ApplyOptions {
  /** Also drop indexes that nobody declares. */
  readonly prune?: boolean;
  readonly onChange?: (change: IndexChange) => void;
  /** How long to wait for another process that migrates, in milliseconds. */
  readonly waitMs?: number;
  /** Told when that wait begins. */
  readonly onWait?: () => void;
  /** No other process can be migrating: a lock that is held was left behind by one that died, and is not waited for. */
  readonly alone?: boolean;
}

type LockOptions = Pick<ApplyOptions, 'waitMs' | 'onWait' | 'alone'>;

/** Somebody else migrates, and did not finish in time. */
export class MigrationLocked extends Error {
  override readonly name = 'MigrationLocked';
}

interface Lock {
  readonly _id: 'lock';
  readonly holder: string;
  readonly until: Date;
}

const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
const LOOK_MS = 250;
const WAIT_MS = 60_000;

/** Brings the database's indexes to what the collections declare, by versions that can be taken back. */
export class IndexMigrations {
  readonly #db: Db;
  readonly #collections: readonly IndexedCollection[];
  readonly #records: Collection<MigrationRecord>;
  readonly #locks: Collection<Lock>;

  constructor(db: Db, collections: readonly IndexedCollection[]) {
    this.#db = db;
    this.#collections = collections;
    this.#records = db.collection('index_migrations');
    this.#locks = db.collection('index_migration_lock');
  }

  plan(): Promise<IndexPlan> {
    return planIndexes(this.#db, this.#collections);
  }

  async status(): Promise<MigrationStatus> {
    const history = await this.#records.find().sort({ _id: 1 }).toArray();
    const applied = history.filter(({ state }) => state === 'applied');
    return { version: applied.at(-1)?._id ?? 0, history, plan: await this.plan() };
  }

  /**
   * Carries out the plan as one new version. Any number of processes may ask for it at once.
   * @returns the version, or undefined when there was nothing to do
   * @throws MigrationLocked
   */
  async apply({ prune = false, onChange, ...lock }: ApplyOptions = {}): Promise<MigrationRecord | undefined> {
    return this.#locked(lock, async () => {
      // Made under the lock: whoever held it before may have done it all.
      const { changes, undeclared } = await this.plan();
      const all = prune ? [...undeclared, ...changes] : changes;
      return all.length === 0 ? undefined : this.#carryOut(all, onChange);
    });
  }

  /**
   * Takes the last applied version back.
   * @returns the version that was taken back, or undefined when none is applied
   */
  async rollback({ onChange, ...lock }: Omit<ApplyOptions, 'prune'> = {}): Promise<MigrationRecord | undefined> {
    return this.#locked(lock, async () => {
      // One that was broken off counts as well: what of it was done is undone.
      const last = await this.#records.findOne({ state: { $ne: 'rolled-back' } }, { sort: { _id: -1 } });
      if (last === null) return undefined;
      await changeIndexes(this.#db, reverse(last.changes), onChange);
      const end = { state: 'rolled-back', finishedAt: new Date() } as const;
      await this.#records.updateOne({ _id: last._id }, { $set: end });
      return { ...last, ...end };
    });
  }

  async #carryOut(changes: readonly IndexChange[], onChange: ApplyOptions['onChange']): Promise<MigrationRecord> {
    const last = await this.#records.findOne({}, { sort: { _id: -1 } });
    const record: MigrationRecord = {
      _id: (last?._id ?? 0) + 1,
      state: 'applying',
      changes,
      startedAt: new Date(),
      finishedAt: null,
    };
    await this.#records.insertOne(record);
    await changeIndexes(this.#db, changes, onChange);
    const end = { state: 'applied', finishedAt: new Date() } as const;
    await this.#records.updateOne({ _id: record._id }, { $set: end });
    return { ...record, ...end };
  }

  async #locked<T>({ waitMs = WAIT_MS, onWait, alone = false }: LockOptions, work: () => Promise<T>): Promise<T> {
    const holder = randomUUID();
    if (alone) await this.#locks.deleteOne({ _id: 'lock' });
    if (!(await this.#lock(holder))) {
      onWait?.();
      await this.#lockWithin(waitMs, holder);
    }
    const renewal = setInterval(() => void this.#lock(holder).catch(() => false), RENEW_MS).unref();
    try {
      return await work();
    } finally {
      clearInterval(renewal);
      await this.#locks.deleteOne({ _id: 'lock', holder });
    }
  }

  async #lockWithin(waitMs: number, holder: string): Promise<void> {
    const giveUpAt = Date.now() + waitMs;
    do {
      if (Date.now() >= giveUpAt) throw new MigrationLocked('Another process is migrating the indexes');
      await sleep(LOOK_MS);
    } while (!(await this.#lock(holder)));
  }

  /** Takes the lock when it is free or left behind by a process that died, or renews it. */
  async #lock(holder: string): Promise<boolean> {
    const now = new Date();
    const until = new Date(now.getTime() + LEASE_MS);
    try {
      const free = { _id: 'lock' as const, $or: [{ holder }, { until: { $lte: now } }] };
      await this.#locks.updateOne(free, { $set: { holder, until } }, { upsert: true });
      return true;
    } catch (error) {
      // Held by another: the upsert found no lock of ours, and its insert found theirs.
      if (duplicateKey(error) !== undefined) return false;
      throw error;
    }
  }
}
