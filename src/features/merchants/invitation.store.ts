import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import type { Invitation } from './invitation.model.ts';

/** Writes of invitations. */
export class InvitationStore {
  readonly #invitations: ScopedModel<Invitation>;

  constructor(invitations: ScopedModel<Invitation>) {
    this.#invitations = invitations;
  }

  /** Puts an invitation in the place of an earlier one to the same address, whose link ends. In a transaction only. */
  async replace(invitation: Invitation, access: Required<Access>): Promise<void> {
    await this.#invitations.deleteOne({ email: invitation.email }, access);
    await this.#invitations.create([invitation], access);
  }

  /** Takes an invitation away to accept it; undefined if it is gone or too old. */
  async take(_id: Id, now: Date, access: Access): Promise<Invitation | undefined> {
    const taken = await this.#invitations.findOneAndDelete({ _id, expiresAt: { $gt: now } }, access).lean<Invitation>();
    return taken ?? undefined;
  }

  /** @returns the invitation that there was */
  async withdraw(_id: Id, access: Access): Promise<Invitation | undefined> {
    return (await this.#invitations.findOneAndDelete({ _id }, access).lean<Invitation>()) ?? undefined;
  }
}
