import type { Id } from '../../shared/ids.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import type { ScopedModel } from '../database/collection.ts';
import { duplicateKey } from '../database/failures.ts';
import { paginateCursor } from '../database/pagination.ts';
import { asSystem, type Access } from '../database/scoped.ts';
import type { TransactionAccess } from '../database/transaction.ts';
import type { Cursors } from '../security/cursors.ts';
import type { DeadLetter } from './dead-letter.model.ts';

/** A letter in a list: without payload and stacks. */
export type DeadLetterCard = Omit<DeadLetter, 'alertDue' | 'payload' | 'stacks'>;

/** What operators are told of one. */
export type AlertDue = Pick<DeadLetter, 'attempts' | 'failedAt' | 'jobId' | 'name' | 'queue' | 'reason'>;

/** What tells one failure from any other. */
export type Occurrence = Pick<DeadLetter, 'failedAt' | 'jobId' | 'queue'>;

export interface DeadLetterFilter {
  readonly state: DeadLetter['state'];
  readonly queue?: string | undefined;
  readonly name?: string | undefined;
}

const CARD = { queue: 1, jobId: 1, name: 1, reason: 1, attempts: 1, failedAt: 1, state: 1, settledAt: 1 } as const;

const accessOf = (within?: TransactionAccess): Access => asSystem('dead letters', within?.session);
const access = accessOf();

export interface DeadLetterStoreDeps {
  readonly letters: ScopedModel<DeadLetter>;
  readonly cursors: Cursors;
}

export class DeadLetterStore {
  readonly #letters: ScopedModel<DeadLetter>;
  readonly #cursors: Cursors;

  constructor({ letters, cursors }: DeadLetterStoreDeps) {
    this.#letters = letters;
    this.#cursors = cursors;
  }

  /** @returns whether it was not known before */
  async note(letter: Omit<DeadLetter, '_id' | 'alertDue' | 'settledAt' | 'state'>): Promise<boolean> {
    const { queue, jobId, failedAt, ...rest } = letter;
    const first = { ...rest, state: 'open', settledAt: null, alertDue: true } as const;
    try {
      const { upsertedCount } = await this.#letters.updateOne(
        { queue, jobId, failedAt },
        { $setOnInsert: first },
        { ...access, upsert: true },
      );
      return upsertedCount > 0;
    } catch (error) {
      // Two have told of it at the same moment.
      if (duplicateKey(error) !== undefined) return false;
      throw error;
    }
  }

  /** Those that operators are still to be told of, the oldest first. */
  async findAlertDue(limit: number): Promise<readonly AlertDue[]> {
    const fields = { queue: 1, jobId: 1, failedAt: 1, name: 1, reason: 1, attempts: 1 } as const;
    const due = this.#letters.find({ alertDue: true }, fields, access).sort({ failedAt: 1 }).limit(limit);
    return due.lean<AlertDue[]>();
  }

  /**
   * Takes it upon the caller that operators are told of it.
   * @param within the transaction in which they are
   * @returns whether nobody else has
   */
  async claimAlert({ queue, jobId, failedAt }: Occurrence, within?: TransactionAccess): Promise<boolean> {
    const due = { queue, jobId, failedAt, alertDue: true };
    return (await this.#letters.updateOne(due, { $set: { alertDue: false } }, accessOf(within))).modifiedCount > 0;
  }

  findPage({ state, queue, name }: DeadLetterFilter, page: PageQuery): Promise<Page<DeadLetterCard>> {
    const filter = { state, ...(queue !== undefined && { queue }), ...(name !== undefined && { name }) };
    const list = { list: 'dead-letters', filter, fields: CARD, sort: { failedAt: -1 }, page } as const;
    return paginateCursor(this.#letters, list, this.#cursors, access);
  }

  async find(_id: Id): Promise<DeadLetter | undefined> {
    return (await this.#letters.findOne({ _id }, null, access).lean<DeadLetter>()) ?? undefined;
  }

  /** Those of these jobs that nobody has seen to yet. */
  async findOpenOf(
    jobs: readonly Pick<DeadLetter, 'jobId' | 'queue'>[],
  ): Promise<readonly Pick<DeadLetter, 'failedAt' | 'jobId' | 'queue' | 'reason'>[]> {
    if (jobs.length === 0) return [];
    const some = { queue: { $in: jobs.map(({ queue }) => queue) }, jobId: { $in: jobs.map(({ jobId }) => jobId) } };
    const fields = { queue: 1, jobId: 1, failedAt: 1, reason: 1, state: 1 } as const;
    return this.#letters
      .find({ ...some, state: 'open' }, fields, access)
      .limit(jobs.length)
      .lean<Pick<DeadLetter, keyof typeof fields>[]>();
  }

  /** @param within the transaction that reads them */
  findOpen(ids: readonly Id[], within?: TransactionAccess): Promise<DeadLetter[]> {
    return this.#letters.find({ _id: { $in: ids }, state: 'open' }, null, accessOf(within)).lean<DeadLetter[]>();
  }

  /**
   * Those that are open of these are settled.
   * @param within the transaction that it is part of
   * @returns how many they were
   */
  async settle(
    ids: readonly Id[],
    state: 'discarded' | 'replayed',
    settledAt: Date,
    within?: TransactionAccess,
  ): Promise<number> {
    const open = { _id: { $in: ids }, state: 'open' } as const;
    const { modifiedCount } = await this.#letters.updateMany(open, { $set: { state, settledAt } }, accessOf(within));
    return modifiedCount;
  }
}
