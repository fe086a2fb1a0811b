import type { ScopedModel } from '../../platform/database/collection.ts';
import { duplicateKey } from '../../platform/database/failures.ts';
import { asSystem, type Access } from '../../platform/database/scoped.ts';
import { digestOf } from '../../platform/security/secrets.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import type { SignInAttempts } from './attempt.model.ts';

/** How long an address is locked after so many wrong passwords: the fifth costs 30 s, each further one more. */
export const LOCKOUT_MS: readonly number[] = [
  ...[0, 0, 0, 0, 0],
  ...[30 * SECOND_MS, MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS, 60 * MINUTE_MS],
];

const FORGOTTEN_AFTER_MS = DAY_MS;

/** Counts wrong passwords. */
export class AttemptStore {
  readonly #attempts: ScopedModel<SignInAttempts>;

  constructor(attempts: ScopedModel<SignInAttempts>) {
    this.#attempts = attempts;
  }

  /**
   * Counts one more attempt before its password is looked at, as a wrong one: so that a thousand at the same moment
   * are not all the first. While the address is locked nothing is counted, or whoever knocks could keep it locked.
   * @returns until when it is locked, or undefined: then the password may be looked at
   */
  async begin(email: string, now: Date): Promise<Date | undefined> {
    const before = await this.#count(email, now).catch((error: unknown) => {
      // Of two first attempts at the same moment the slower finds the row of the other when it looks again.
      if (duplicateKey(error) === undefined) throw error;
      return this.#count(email, now);
    });
    return before && before.lockedUntil > now ? before.lockedUntil : undefined;
  }

  /** After the right password, or a new one. */
  async forget(email: string, access: Access): Promise<void> {
    await this.#attempts.deleteOne({ _id: keyOf(email) }, access);
  }

  /** @returns how it was before */
  #count(email: string, now: Date): Promise<SignInAttempts | null> {
    const isLocked = { $gt: ['$lockedUntil', now] };
    const lockoutMs = { $arrayElemAt: [LOCKOUT_MS, { $min: ['$failures', LOCKOUT_MS.length - 1] }] };
    return this.#attempts
      .findOneAndUpdate(
        { _id: keyOf(email) },
        [
          {
            $set: {
              failures: { $cond: [isLocked, '$failures', { $add: [{ $ifNull: ['$failures', 0] }, 1] }] },
              expiresAt: new Date(now.getTime() + FORGOTTEN_AFTER_MS),
            },
          },
          { $set: { lockedUntil: { $cond: [isLocked, '$lockedUntil', { $add: [now, lockoutMs] }] } } },
        ],
        { ...asSystem('sign-in'), upsert: true, updatePipeline: true, returnDocument: 'before' },
      )
      .lean<SignInAttempts>();
  }
}

const keyOf = (email: string): string => digestOf(email);
