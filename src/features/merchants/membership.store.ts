import type { ScopedModel } from '../../platform/database/collection.ts';
import { duplicateKey } from '../../platform/database/failures.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Id } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import type { MerchantRole } from '../identity/index.ts';
import type { StoredMembership } from './membership.model.ts';
import { MEMBER_FIELDS, type MemberRow } from './merchant.presenter.ts';
import { alreadyMember } from './merchant.problems.ts';

/** Writes of memberships, each a single atomic operation. */
export class MembershipStore {
  readonly #memberships: ScopedModel<StoredMembership>;

  constructor(memberships: ScopedModel<StoredMembership>) {
    this.#memberships = memberships;
  }

  /** @throws Problem `already-member` */
  async insert(membership: StoredMembership, access: Access): Promise<void> {
    try {
      await this.#memberships.create([membership], access);
    } catch (error) {
      if (duplicateKey(error) === undefined) throw error;
      throw new Problem(alreadyMember, 'You belong to this store already; its owners change roles');
    }
  }

  /** Changes a role if it still is as it was found; undefined if somebody was faster. */
  async changeRole(_id: Id, from: MerchantRole, to: MerchantRole, access: Access): Promise<MemberRow | undefined> {
    const changed = await this.#memberships
      .findOneAndUpdate(
        { _id, role: from },
        { $set: { role: to } },
        { ...access, projection: MEMBER_FIELDS, returnDocument: 'after' },
      )
      .lean<MemberRow>();
    return changed ?? undefined;
  }

  async setStockAlerts(_id: Id, stockAlerts: boolean, access: Access): Promise<void> {
    await this.#memberships.updateOne({ _id }, { $set: { stockAlerts } }, access);
  }

  async remove(_id: Id, access: Access): Promise<void> {
    await this.#memberships.deleteOne({ _id }, access);
  }
}
