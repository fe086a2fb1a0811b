import type { ScopedModel } from '../../platform/database/collection.ts';
import { keysetPages } from '../../platform/database/keyset.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import type { Transact } from '../../platform/database/transaction.ts';
import type { Id } from '../../shared/ids.ts';
import type { Walk } from '../../shared/walk.ts';
import type { StoredMembership } from './membership.model.ts';
import type { Merchant } from './merchant.model.ts';

export interface OwnerCountDeps {
  readonly merchants: ScopedModel<Merchant>;
  readonly memberships: ScopedModel<StoredMembership>;
  readonly transact: Transact;
}

const PAGE = 200;

const access = asSystem('repair of owner counts');

type Counted = Pick<Merchant, '_id' | 'ownerCount'>;

/** The number of owners that each store keeps, held against its memberships and put right. */
export class OwnerCounts {
  readonly #deps: OwnerCountDeps;

  constructor(deps: OwnerCountDeps) {
    this.#deps = deps;
  }

  /** @returns how many stores were looked at, and how many of them had drifted */
  async run(signal: AbortSignal, walk: Walk): Promise<{ stores: number; drifted: number }> {
    const found = { stores: 0, drifted: 0 };
    for await (const page of keysetPages(PAGE, this.#page, walk.after && { _id: walk.after })) {
      if (signal.aborted) break;
      const owners = await this.#ownersOf(page.map(({ _id }) => _id));
      found.stores += page.length;
      for (const { _id, ownerCount } of page) {
        if (owners.get(_id.toHexString()) !== ownerCount && (await this.#repair(_id))) found.drifted += 1;
      }
      const last = page.at(-1);
      if (last !== undefined) await walk.passed(last._id, found);
    }
    return found;
  }

  readonly #page = (limit: number, last: Pick<Counted, '_id'> | undefined): Promise<Counted[]> =>
    this.#deps.merchants
      .find(last === undefined ? {} : { _id: { $gt: last._id } }, { ownerCount: 1 }, access)
      .sort({ _id: 1 })
      .limit(limit)
      .lean<Counted[]>();

  async #ownersOf(merchantIds: readonly Id[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#deps.memberships.aggregate<{ _id: Id; owners: number }>(
      [
        { $match: { merchantId: { $in: [...merchantIds] } } },
        { $group: { _id: '$merchantId', owners: { $sum: { $cond: [{ $eq: ['$role', 'owner'] }, 1, 0] } } } },
      ],
      access,
    );
    return new Map(rows.map(({ _id, owners }) => [_id.toHexString(), owners]));
  }

  /** Counted again in one transaction with the change: an owner may have come or gone since. */
  #repair(_id: Id): Promise<boolean> {
    const { merchants, memberships, transact } = this.#deps;
    return transact(access, async (within) => {
      const owners = await memberships.countDocuments({ merchantId: _id, role: 'owner' }, within);
      // A store that nobody owns is for people to look into: no count is true and allowed.
      const ownerCount = Math.max(1, owners);
      const wrong = { _id, ownerCount: { $ne: ownerCount } };
      return (await merchants.updateOne(wrong, { $set: { ownerCount } }, within)).modifiedCount === 1;
    });
  }
}
