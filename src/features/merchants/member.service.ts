import type { Transact, TransactionAccess } from '../../platform/database/transaction.ts';
import { forbidden } from '../../platform/http/problems.ts';
import type { AppendEvent } from '../../platform/outbox/event.ts';
import { Id } from '../../shared/ids.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import { Problem } from '../../shared/problem.ts';
import type { MerchantContext } from '../../shared/scope.ts';
import type { MerchantRole, UserReads } from '../identity/index.ts';
import { mayDecideOn } from './member.rules.ts';
import type { FoundMember, MembershipReads } from './membership.reads.ts';
import type { MembershipStore } from './membership.store.ts';
import { membersChanged } from './merchant.events.ts';
import { presentMember } from './merchant.presenter.ts';
import { lastOwner, memberNotFound } from './merchant.problems.ts';
import type { Member } from './merchant.schema.ts';
import type { MerchantStore } from './merchant.store.ts';

export interface MemberDeps {
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly users: Pick<UserReads, 'findCards'>;
  readonly merchants: Pick<MerchantStore, 'addOwner' | 'removeOwner'>;
  readonly memberships: Pick<MembershipReads, 'findMember' | 'findMembers' | 'findRole'>;
  readonly store: Pick<MembershipStore, 'changeRole' | 'remove'>;
}

/** Who works for a store, and as what. */
export class MemberService {
  readonly #deps: MemberDeps;

  constructor(deps: MemberDeps) {
    this.#deps = deps;
  }

  async list({ scope }: MerchantContext, page: PageQuery): Promise<Page<Member>> {
    const found = await this.#deps.memberships.findMembers(page, { scope });
    const cards = await this.#deps.users.findCards(found.data.map(({ userId }) => userId));
    return { ...found, data: found.data.map((row) => presentMember(row, cards.get(Id.encode(row.userId)))) };
  }

  /** @throws Problem `last-owner` when nobody would be left to own the store */
  async changeRole(context: MerchantContext, userId: Id, to: MerchantRole): Promise<Member> {
    const { transact, appendEvent, users, store } = this.#deps;
    const { merchantId } = context.scope;
    const changed = await transact(context, async (access) => {
      const member = await this.#member(userId, access);
      await this.#demandSay(context, [member.role, to], access);
      await this.#countOwners(context, member.role, to, access);
      const change = { target: { kind: 'user', id: userId }, before: { role: member.role }, after: { role: to } };
      await appendEvent(context, membersChanged(merchantId, userId, to), access, change);
      return (await store.changeRole(member._id, member.role, to, access)) ?? notFound();
    });
    return presentMember(changed, (await users.findCards([userId])).get(Id.encode(userId)));
  }

  /** Everybody may leave; others are sent away by who may decide on them. @throws Problem `last-owner` */
  async remove(context: MerchantContext, userId: Id): Promise<void> {
    const { transact, appendEvent, store } = this.#deps;
    const leaves = context.actor.kind === 'user' && context.actor.id.equals(userId);
    await transact(context, async (access) => {
      const member = await this.#member(userId, access);
      if (!leaves) await this.#demandSay(context, [member.role], access);
      await this.#countOwners(context, member.role, null, access);
      await store.remove(member._id, access);
      const change = { target: { kind: 'user', id: userId }, before: { role: member.role }, after: { role: null } };
      await appendEvent(context, membersChanged(context.scope.merchantId, userId, null), access, change);
    });
  }

  async #member(userId: Id, access: TransactionAccess): Promise<FoundMember> {
    return (await this.#deps.memberships.findMember(userId, access)) ?? notFound();
  }

  /** @throws Problem `forbidden` unless the caller may decide on members of each of the roles */
  async #demandSay(
    { actor }: MerchantContext,
    roles: readonly MerchantRole[],
    access: TransactionAccess,
  ): Promise<void> {
    const own = actor.kind === 'user' ? await this.#deps.memberships.findRole(actor.id, access) : undefined;
    if (!roles.every((role) => mayDecideOn(own, role))) {
      throw new Problem(forbidden, 'An owner decides on everybody, a manager on staff');
    }
  }

  async #countOwners(
    { scope }: MerchantContext,
    from: MerchantRole,
    to: MerchantRole | null,
    access: TransactionAccess,
  ): Promise<void> {
    const { merchants } = this.#deps;
    if (from !== 'owner' && to === 'owner') await merchants.addOwner(scope.merchantId, access);
    if (from !== 'owner' || to === 'owner') return;
    if (await merchants.removeOwner(scope.merchantId, access)) return;
    throw new Problem(lastOwner, 'Make somebody else an owner first');
  }
}

function notFound(): never {
  throw new Problem(memberNotFound, 'Nobody of this store has this id');
}
