import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import type { AccountLetter } from './letter.model.ts';

export type LetterToSend = Pick<AccountLetter, '_id' | 'kind' | 'userId'>;

/** Reads of letters about accounts. */
export class LetterReads {
  readonly #letters: ScopedModel<AccountLetter>;

  constructor(letters: ScopedModel<AccountLetter>) {
    this.#letters = letters;
  }

  /** The letter, unless it is of no use any more. */
  async findToSend(_id: Id, now: Date, access: Access): Promise<LetterToSend | undefined> {
    const letter = await this.#letters
      .findOne({ _id, usedAt: null, expiresAt: { $gt: now } }, { kind: 1, userId: 1 }, access)
      .lean<LetterToSend>();
    return letter ?? undefined;
  }
}
