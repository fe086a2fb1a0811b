import { randomUUID } from 'node:crypto';
import { DAY_MS, SECOND_MS, type Now } from '../../shared/time.ts';
import { storedCollection, type ScopedModel } from '../database/collection.ts';
import { duplicateKey } from '../database/failures.ts';
import { asSystem } from '../database/scoped.ts';
import type { TransactionAccess } from '../database/transaction.ts';
import { PutOff } from './job.ts';
import { untilNoted } from './noted.ts';

/** Something that a job does once, however often it is run. */
export interface Effect {
  /** Names what is done: the job's id, or one of several steps of it. */
  _id: string;
  state: 'begun' | 'done';
  holder: string;
  /** When a holder that was not heard of again is given up. */
  heldUntil: Date;
  expiresAt: Date;
}

const KEPT_MS = 90 * DAY_MS;

export const effects = storedCollection<Effect>({
  name: 'Effect',
  collection: 'effects',
  fields: {
    _id: { type: String, required: true },
    state: { type: String, enum: ['begun', 'done'], required: true },
    holder: { type: String, required: true },
    heldUntil: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
  },
  scopes: { system: () => ({}) },
  indexes: [{ name: 'expiry', serves: 'removal after 90 days', key: { expiresAt: 1 }, expireAfterSeconds: 0 }],
});

/** When to look again at one whose holder has ended just now. */
const LEAST_MS = SECOND_MS;

const access = asSystem('effects of jobs');

export interface EffectsDeps {
  readonly effects: ScopedModel<Effect>;
  readonly now: Now;
}

/** Which effects are done. In the database, not in the queue: a job can be lost and added again, its effect is kept. */
export class Effects {
  readonly #effects: ScopedModel<Effect>;
  readonly #now: Now;

  constructor(deps: EffectsDeps) {
    this.#effects = deps.effects;
    this.#now = deps.now;
  }

  /**
   * For an effect in the database: to be called in the transaction that brings it about.
   * @returns whether it is still to be done
   */
  async claim(effectId: string, { session }: TransactionAccess): Promise<boolean> {
    const within = asSystem('effects of jobs', session);
    if ((await this.#effects.findOne({ _id: effectId, state: 'done' }, { _id: 1 }, within).lean()) !== null)
      return false;
    const done = { ...this.#row(effectId, 0), state: 'done' as const };
    await this.#effects.updateOne({ _id: effectId }, { $set: withoutId(done) }, { ...within, upsert: true });
    return true;
  }

  /**
   * For an effect outside of the database, such as a mail: runs `act` unless it is done. A crash between the act and
   * its being noted is the one case in which it is run again. So `act` ends with what cannot be undone: what follows, such
   * as a note of one's own, belongs behind this.
   * @param holdMs how long `act` may take before another worker tries, in milliseconds
   * @returns whether it was done now
   * @throws PutOff while another worker is at it, until that one is given up, and whatever `act` throws
   */
  async once(effectId: string, holdMs: number, act: () => Promise<void>): Promise<boolean> {
    const row = this.#row(effectId, holdMs);
    if (!(await this.#begin(row, holdMs))) return false;
    const mine = { _id: effectId, holder: row.holder };
    try {
      await act();
    } catch (error) {
      await this.#effects.deleteOne({ ...mine, state: 'begun' }, access).catch(() => undefined);
      throw error;
    }
    await untilNoted(() => this.#effects.updateOne(mine, { $set: { state: 'done' } }, access));
    return true;
  }

  async #begin(row: Effect, holdMs: number): Promise<boolean> {
    try {
      await this.#effects.create([row], access);
      return true;
    } catch (error) {
      if (duplicateKey(error) === undefined) throw error;
    }
    const abandoned = { _id: row._id, state: 'begun' as const, heldUntil: { $lte: this.#now() } };
    const { modifiedCount } = await this.#effects.updateOne(abandoned, { $set: withoutId(row) }, access);
    if (modifiedCount > 0) return true;
    const fields = { state: 1, heldUntil: 1 } as const;
    const found = await this.#effects
      .findOne({ _id: row._id }, fields, access)
      .lean<Pick<Effect, keyof typeof fields>>();
    if (found?.state === 'done') return false;
    const restMs = (found?.heldUntil.getTime() ?? 0) - this.#now().getTime();
    // The holder's clock may be ahead.
    throw new PutOff('Another worker is at it', Math.min(Math.max(LEAST_MS, restMs), holdMs));
  }

  #row(_id: string, holdMs: number): Effect {
    const now = this.#now().getTime();
    const [heldUntil, expiresAt] = [new Date(now + holdMs), new Date(now + KEPT_MS)];
    return { _id, state: 'begun', holder: randomUUID(), heldUntil, expiresAt };
  }
}

function withoutId({ state, holder, heldUntil, expiresAt }: Effect): Omit<Effect, '_id'> {
  return { state, holder, heldUntil, expiresAt };
}
