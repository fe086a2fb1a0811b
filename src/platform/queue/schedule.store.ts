import { MINUTE_MS } from '../../shared/time.ts';
import { storedCollection, type ScopedModel } from '../database/collection.ts';
import { duplicateKey } from '../database/failures.ts';
import { asSystem } from '../database/scoped.ts';
import type { TransactionAccess } from '../database/transaction.ts';
import type { OutdatedEvents } from '../outbox/due-again.ts';

/** How far a schedule is. */
export interface ScheduleState {
  /** The schedule's name. */
  _id: string;
  /** The latest slot that was run, or that was over when the schedule was first seen. */
  lastSlot: Date;
  hasRun: boolean;
  /** How often it has run. Of a schedule of before it was counted it is not there. */
  runs?: number;
}

export const scheduleStates = storedCollection<ScheduleState>({
  name: 'ScheduleState',
  collection: 'schedules',
  fields: {
    _id: { type: String, required: true },
    lastSlot: { type: Date, required: true },
    hasRun: { type: Boolean, required: true },
    runs: { type: Number },
  },
  scopes: { system: () => ({}) },
  indexes: [],
});

const access = asSystem('schedules');

/** By how much the clock of an instance may be ahead of the database's. */
const AHEAD_MS = MINUTE_MS;

/** No slot that lies behind it has begun. */
const LATEST = { $add: ['$$NOW', AHEAD_MS] };

export class ScheduleStore {
  readonly #states: ScopedModel<ScheduleState>;

  constructor(states: ScopedModel<ScheduleState>) {
    this.#states = states;
  }

  /**
   * Begins a schedule that was never seen before; slots up to `lastSlot` are none of its business, as far as they have begun by
   * the database's clock: an instance whose clock is ahead would have all others leave out what lies between. So would a slot
   * that was run while the database's own clock was ahead, by as long as that was: then the schedule goes on from now.
   */
  async ensure(_id: string, lastSlot: Date): Promise<void> {
    const known = { $ifNull: ['$lastSlot', { $min: [lastSlot, '$$NOW'] }] };
    try {
      await this.#states.updateOne(
        { _id },
        [
          {
            $set: {
              lastSlot: { $cond: [{ $gt: [known, LATEST] }, '$$NOW', known] },
              hasRun: { $and: [{ $ifNull: ['$hasRun', false] }, { $lte: [known, LATEST] }] },
            },
          },
        ],
        { ...access, upsert: true, updatePipeline: true },
      );
    } catch (error) {
      // Another instance has begun it at the same moment.
      if (duplicateKey(error) === undefined) throw error;
    }
  }

  async lastSlot(_id: string): Promise<Date | undefined> {
    const state = await this.#states.findOne({ _id }, { lastSlot: 1 }, access).lean<Pick<ScheduleState, 'lastSlot'>>();
    return state?.lastSlot;
  }

  /**
   * @returns whether the slot is the caller's to run: not when it, or a later one, was run; nor when it has not begun by
   * the database's clock, or an instance whose clock is an hour ahead would leave out all slots of that hour
   */
  async claim(_id: string, slot: Date, { session }: TransactionAccess): Promise<boolean> {
    const { modifiedCount } = await this.#states.updateOne(
      { _id, lastSlot: { $lt: slot }, $expr: { $lte: [slot, LATEST] } },
      { $set: { lastSlot: slot, hasRun: true }, $inc: { runs: 1 } },
      asSystem('schedules', session),
    );
    return modifiedCount > 0;
  }

  /** The events of slots that a later one has come after: what is done for that does for them, as for those that were missed. */
  async supersededSlots(names: readonly string[]): Promise<OutdatedEvents> {
    const states = (await this.findAll(names)).filter(({ hasRun }) => hasRun);
    return states.map(({ _id, lastSlot }) => ({
      type: 'schedule.due',
      'data.name': _id,
      'data.slot': { $lt: lastSlot.toISOString() },
    }));
  }

  findAll(names: readonly string[]): Promise<ScheduleState[]> {
    return this.#states.find({ _id: { $in: names } }, null, access).lean<ScheduleState[]>();
  }
}
