import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import type { PhoneProof } from './phone-proof.model.ts';

/** Phone numbers on their way to being proven; each write a single atomic operation. */
export class PhoneProofStore {
  readonly #proofs: ScopedModel<PhoneProof>;

  constructor(proofs: ScopedModel<PhoneProof>) {
    this.#proofs = proofs;
  }

  /** In place of an earlier one of the user, whose code then works no more. */
  async begin({ _id, ...proof }: PhoneProof, access: Access): Promise<void> {
    await this.#proofs.updateOne({ _id }, { $set: proof }, { ...access, upsert: true });
  }

  /**
   * Counts a try before the code is looked at: so that a thousand at the same moment are not all the first.
   * @returns what is to be proven, or undefined when there is nothing, or no try left
   */
  async countTry(_id: Id, now: Date, access: Access): Promise<PhoneProof | undefined> {
    const open = { _id, triesLeft: { $gt: 0 }, expiresAt: { $gt: now } };
    const counted = await this.#proofs
      .findOneAndUpdate(open, { $inc: { triesLeft: -1 } }, { ...access, returnDocument: 'after' })
      .lean<PhoneProof>();
    return counted ?? undefined;
  }

  /** @returns whether it was still there: a code works once */
  async end({ _id, codeDigest }: Pick<PhoneProof, '_id' | 'codeDigest'>, access: Access): Promise<boolean> {
    return (await this.#proofs.deleteOne({ _id, codeDigest }, access)).deletedCount === 1;
  }

  async remove(_id: Id, access: Access): Promise<void> {
    await this.#proofs.deleteOne({ _id }, access);
  }
}
