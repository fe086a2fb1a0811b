import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import type { User } from './user.model.ts';

/** Writes of accounts, each a single atomic operation. */
export class UserStore {
  readonly #users: ScopedModel<User>;

  constructor(users: ScopedModel<User>) {
    this.#users = users;
  }

  /** One operation for an address that is new and one that is known, so that neither takes longer. */
  async insertIfNew(user: User, access: Access): Promise<{ readonly userId: Id; readonly isNew: boolean }> {
    const known = await this.#users
      .findOneAndUpdate(
        { email: user.email },
        { $setOnInsert: user },
        { ...access, upsert: true, projection: { _id: 1 }, returnDocument: 'before' },
      )
      .lean<Pick<User, '_id'>>();
    return { userId: known?._id ?? user._id, isNew: known === null };
  }

  async markVerified(_id: Id, at: Date, access: Access): Promise<void> {
    await this.#users.updateOne({ _id }, { $set: { emailVerifiedAt: at } }, access);
  }

  /** Another number than before gets no text messages until they are asked for again. */
  async setPhone(_id: Id, phone: string, access: Access): Promise<void> {
    const another = { _id, phone: { $ne: phone } };
    await this.#users.updateOne(another, { $set: { phone, orderTextsSince: null } }, access);
  }

  async removePhone(_id: Id, access: Access): Promise<void> {
    await this.#users.updateOne({ _id }, { $set: { phone: null, orderTextsSince: null } }, access);
  }

  /**
   * @param since null to end them; who has asked already did so then
   * @returns whether there is a number to send them to; none is needed to end them
   */
  async setOrderTexts(_id: Id, since: Date | null, access: Access): Promise<boolean> {
    if (since === null) {
      await this.#users.updateOne({ _id }, { $set: { orderTextsSince: null } }, access);
      return true;
    }
    const { matchedCount } = await this.#users.updateOne(
      { _id, phone: { $type: 'string' } },
      [{ $set: { orderTextsSince: { $ifNull: ['$orderTextsSince', since] } } }],
      { ...access, updatePipeline: true },
    );
    return matchedCount === 1;
  }

  async setPasswordHash(_id: Id, passwordHash: string, access: Access): Promise<void> {
    await this.#users.updateOne({ _id }, { $set: { passwordHash } }, access);
  }

  /**
   * Sets a new password for somebody who has read mail at the account's address, which verifies that as well.
   * @returns the address, or undefined when the account is gone
   */
  async resetPassword(_id: Id, passwordHash: string, at: Date, access: Access): Promise<string | undefined> {
    const reset = await this.#users
      .findOneAndUpdate(
        { _id },
        { $set: { passwordHash, emailVerifiedAt: at } },
        { ...access, projection: { email: 1 }, returnDocument: 'after' },
      )
      .lean<Pick<User, 'email'>>();
    return reset?.email;
  }
}
