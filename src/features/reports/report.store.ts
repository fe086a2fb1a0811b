import type { QueryFilter, UpdateQuery } from 'mongoose';
import type { ScopedModel } from '../../platform/database/collection.ts';
import { asSystem, type Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import { EXPECTED_FAILURES, type Report, type ReportFailure } from './report.model.ts';
import { statesBefore, VAIN } from './report.state.ts';

const FREED = { slot: null, inFlight: null, builder: null };

/** Of a report that is being made, the maker: no other may say how it goes. */
export interface Holder {
  readonly _id: Id;
  readonly builder: string;
}

export interface Finished {
  readonly rows: number;
  readonly bytes: number;
  readonly at: Date;
  readonly expiresAt: Date;
}

/** Writes of reports, each a single atomic operation on the state it was found in. */
export class ReportStore {
  readonly #reports: ScopedModel<Report>;

  constructor(reports: ScopedModel<Report>) {
    this.#reports = reports;
  }

  async insert(report: Report, access: Access): Promise<void> {
    await this.#reports.create([report], access);
  }

  /** Tells one more address when it is ready; undefined when it is finished already. */
  async tellToo(_id: Id, emails: readonly string[], access: Access): Promise<Report | undefined> {
    const changed = await this.#reports
      .findOneAndUpdate(
        { _id, state: { $in: ['queued', 'running'] } },
        { $addToSet: { emails: { $each: [...emails] } } },
        { ...access, returnDocument: 'after' },
      )
      .lean<Report>();
    return changed ?? undefined;
  }

  /**
   * Begins to make it, also when another seems to be at it: that one was killed, or notices at its next beat. One that has failed
   * is begun anew where that may help: its job comes again only when somebody replays it, or when all its workers were away.
   * @returns undefined when there is nothing to be made any more
   */
  async claim({ _id, builder }: Holder, at: Date, access: Access): Promise<Report | undefined> {
    const begun = { state: 'running' as const, builder, progress: 0, beatAt: at };
    const anew = { ...begun, attempts: 1, failure: null, finishedAt: null, expiresAt: null };
    const waiting = { _id, state: { $in: ['queued' as const, 'running' as const] } };
    return (
      (await this.#begin(waiting, { $set: begun, $inc: { attempts: 1 } }, access)) ??
      (await this.#begin({ _id, state: 'failed', failure: { $nin: [...EXPECTED_FAILURES] } }, { $set: anew }, access))
    );
  }

  async #begin(filter: QueryFilter<Report>, change: UpdateQuery<Report>, access: Access): Promise<Report | undefined> {
    const begun = await this.#reports
      .findOneAndUpdate(filter, change, { ...access, returnDocument: 'after' })
      .lean<Report>();
    return begun ?? undefined;
  }

  /** Says how far it is. @returns whether the holder is to go on: not when it was cancelled, or another makes it now */
  async beat(holder: Holder, progress: number, at: Date, access: Access): Promise<boolean> {
    return this.#held(holder, { $set: { progress, beatAt: at } }, access);
  }

  /** Gives it back to the queue. @param counts whether the attempt was one: not when the worker was told to stop */
  async release(holder: Holder, counts: boolean, access: Access): Promise<boolean> {
    const back = { $set: { state: 'queued' as const, builder: null, progress: 0 } };
    return this.#held(holder, counts ? back : { ...back, $inc: { attempts: -1 } }, access);
  }

  /** @returns who is to be told; undefined when it was not the holder's to finish any more */
  async finish({ _id, builder }: Holder, made: Finished, access: Access): Promise<readonly string[] | undefined> {
    const { rows, bytes, at, expiresAt } = made;
    const done = { state: 'ready' as const, progress: 100, rows, bytes, finishedAt: at, expiresAt };
    const found = await this.#reports
      .findOneAndUpdate(
        { _id, state: 'running', builder },
        { $set: { ...FREED, ...done } },
        { ...access, projection: { emails: 1 }, returnDocument: 'after' },
      )
      .lean<Pick<Report, 'emails'>>();
    return found?.emails;
  }

  async fail(holder: Holder, failure: ReportFailure, at: Date, access: Access): Promise<boolean> {
    return this.#held(holder, { $set: { ...FREED, state: 'failed' as const, failure, finishedAt: at } }, access);
  }

  async cancel(_id: Id, at: Date, access: Access): Promise<Report | undefined> {
    const cancelled = await this.#reports
      .findOneAndUpdate(
        { _id, state: { $in: [...statesBefore('cancelled')] } },
        { $set: { ...FREED, state: 'cancelled', finishedAt: at } },
        { ...access, returnDocument: 'after' },
      )
      .lean<Report>();
    return cancelled ?? undefined;
  }

  async expire(_id: Id): Promise<void> {
    await this.#reports.updateOne({ _id, state: 'ready' }, { $set: { state: 'expired' } }, SWEEP);
  }

  /** Says that one which came to nothing has no file. */
  async clear(_id: Id, at: Date): Promise<void> {
    await this.#reports.updateOne({ _id, state: { $in: [...VAIN] } }, { $set: { expiresAt: at } }, SWEEP);
  }

  /** Ends what no worker was heard of any more: a job that kills its worker twice is not tried again. @returns how many */
  failAbandoned(silentSince: Date, at: Date): Promise<number> {
    return this.#abandon('running', silentSince, at);
  }

  /** Ends what waits for a job that must be lost, or given up: whoever asks for the same would wait with it. @returns how many */
  failForgotten(silentSince: Date, at: Date): Promise<number> {
    return this.#abandon('queued', silentSince, at);
  }

  async #abandon(state: 'queued' | 'running', silentSince: Date, at: Date): Promise<number> {
    const failed = { ...FREED, state: 'failed' as const, failure: 'abandoned' as const, finishedAt: at };
    const silent = { state, beatAt: { $lt: silentSince } };
    return (await this.#reports.updateMany(silent, { $set: failed }, SWEEP)).modifiedCount;
  }

  async #held({ _id, builder }: Holder, change: object, access: Access): Promise<boolean> {
    const { matchedCount } = await this.#reports.updateOne({ _id, state: 'running', builder }, change, access);
    return matchedCount > 0;
  }
}

const SWEEP = asSystem('clearing up after reports');
