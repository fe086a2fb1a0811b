import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import type { AccountLetter, LetterKind } from './letter.model.ts';

/** Writes of letters about accounts, each a single atomic operation. */
export class LetterStore {
  readonly #letters: ScopedModel<AccountLetter>;

  constructor(letters: ScopedModel<AccountLetter>) {
    this.#letters = letters;
  }

  async insert(letter: AccountLetter, access: Access): Promise<void> {
    await this.#letters.create([letter], access);
  }

  /** Uses a letter's link, which works once. @returns whose it is, or undefined when it does not work. */
  async use(_id: Id, kind: LetterKind, now: Date, access: Access): Promise<Id | undefined> {
    const used = await this.#letters
      .findOneAndUpdate(
        { _id, kind, usedAt: null, expiresAt: { $gt: now } },
        { $set: { usedAt: now } },
        { ...access, projection: { userId: 1 }, returnDocument: 'after' },
      )
      .lean<Pick<AccountLetter, 'userId'>>();
    return used?.userId ?? undefined;
  }

  /** Ends the links of one kind that a user has still in the mailbox. */
  async closeAllOf(userId: Id, kind: LetterKind, now: Date, access: Access): Promise<void> {
    await this.#letters.updateMany({ userId, kind, usedAt: null }, { $set: { usedAt: now } }, access);
  }
}
