import type { ScopedModel } from '../../platform/database/collection.ts';
import { paginateCursor } from '../../platform/database/pagination.ts';
import { asSystem, type Access } from '../../platform/database/scoped.ts';
import type { Cursors } from '../../platform/security/cursors.ts';
import type { Id } from '../../shared/ids.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import type { Membership, MembershipLookup, MerchantRole } from '../identity/index.ts';
import type { StoredMembership } from './membership.model.ts';
import { MEMBER_FIELDS, type MemberRow } from './merchant.presenter.ts';

export type OwnMembershipRow = Pick<StoredMembership, '_id' | 'joinedAt' | 'merchantId' | 'role'>;
export type FoundMember = Pick<StoredMembership, '_id' | 'role'>;

export type AlertedMember = Pick<StoredMembership, '_id' | 'userId'>;

const MAX_ALERTED = 50;

/** Reads of who belongs to which store. Never cached: a membership that was taken away must be gone at once. */
export class MembershipReads implements MembershipLookup {
  readonly #memberships: ScopedModel<StoredMembership>;
  readonly #cursors: Cursors;

  constructor(memberships: ScopedModel<StoredMembership>, cursors: Cursors) {
    this.#memberships = memberships;
    this.#cursors = cursors;
  }

  findOf(userId: Id, merchantId: Id | undefined): Promise<readonly Membership[]> {
    const filter = merchantId === undefined ? { userId } : { userId, merchantId };
    return this.#memberships
      .find(filter, { merchantId: 1, role: 1 }, asSystem('membership of a caller'))
      .limit(2)
      .lean<Membership[]>();
  }

  async findMember(userId: Id, access: Access): Promise<FoundMember | undefined> {
    return (await this.#memberships.findOne({ userId }, { role: 1 }, access).lean<FoundMember>()) ?? undefined;
  }

  async findRole(userId: Id, access: Access): Promise<MerchantRole | undefined> {
    return (await this.findMember(userId, access))?.role;
  }

  /** Who decides on what a store buys, and wants to hear of low stock: the longest there first. */
  async findAlerted(access: Access): Promise<readonly AlertedMember[]> {
    return this.#memberships
      .find({ role: { $in: ['owner', 'manager'] }, stockAlerts: { $ne: false } }, { userId: 1 }, access)
      .sort({ joinedAt: 1, _id: 1 })
      .limit(MAX_ALERTED)
      .lean<AlertedMember[]>();
  }

  /** Those of the scope's store, the longest there first. */
  findMembers(page: PageQuery, access: Access): Promise<Page<MemberRow>> {
    const list = { list: 'members', filter: {}, fields: MEMBER_FIELDS, sort: { joinedAt: 1 }, page } as const;
    return paginateCursor(this.#memberships, list, this.#cursors, access);
  }

  /** Those of the scope's user, the newest first. */
  findStoresOfUser(page: PageQuery, access: Access): Promise<Page<OwnMembershipRow>> {
    const fields = { merchantId: 1, role: 1, joinedAt: 1 } as const;
    const list = { list: 'own-stores', filter: {}, fields, sort: { joinedAt: -1 }, page } as const;
    return paginateCursor(this.#memberships, list, this.#cursors, access);
  }
}
