import { asSystem } from '../../platform/database/scoped.ts';
import type { Transact } from '../../platform/database/transaction.ts';
import { forbidden } from '../../platform/http/problems.ts';
import type { AppendEvent } from '../../platform/outbox/event.ts';
import type { LinkTokens } from '../../platform/security/links.ts';
import { Id, newId } from '../../shared/ids.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import { Problem } from '../../shared/problem.ts';
import type { MerchantContext, UserContext } from '../../shared/scope.ts';
import { DAY_MS, type Now } from '../../shared/time.ts';
import { linkNotValid, type UserReads } from '../identity/index.ts';
import type { InvitationReads } from './invitation.reads.ts';
import type { InvitationStore } from './invitation.store.ts';
import { INVITATION_LINK } from './jobs.ts';
import { mayDecideOn } from './member.rules.ts';
import type { MembershipReads } from './membership.reads.ts';
import type { MembershipStore } from './membership.store.ts';
import { invitationWithdrawn, memberInvited, membersChanged } from './merchant.events.ts';
import { presentInvitation } from './merchant.presenter.ts';
import { invitationNotFound } from './merchant.problems.ts';
import type { InvitationView, Invite, Joined } from './merchant.schema.ts';
import type { MerchantStore } from './merchant.store.ts';

export interface InvitationDeps {
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly users: Pick<UserReads, 'findCards'>;
  readonly merchants: Pick<MerchantStore, 'addOwner'>;
  readonly memberships: Pick<MembershipReads, 'findRole'>;
  readonly membershipStore: Pick<MembershipStore, 'insert'>;
  readonly store: Pick<InvitationStore, 'replace' | 'take' | 'withdraw'>;
  readonly reads: Pick<InvitationReads, 'findPage'>;
  readonly links: Pick<LinkTokens, 'open'>;
  readonly now: Now;
}

const INVITATION_MS = 7 * DAY_MS;

/** How somebody comes to work for a store. */
export class InvitationService {
  readonly #deps: InvitationDeps;

  constructor(deps: InvitationDeps) {
    this.#deps = deps;
  }

  async list({ scope }: MerchantContext, page: PageQuery): Promise<Page<InvitationView>> {
    const found = await this.#deps.reads.findPage(page, { scope });
    return { ...found, data: found.data.map(presentInvitation) };
  }

  /** Invites an address. Whether it has an account, or belongs to the store already, is not told. */
  async invite(context: MerchantContext, { email, role }: Invite): Promise<InvitationView> {
    const { transact, appendEvent, memberships, store, now } = this.#deps;
    const { scope, actor } = context;
    if (actor.kind !== 'user') throw notAllowed();
    const at = now();
    const invitation = {
      _id: newId(),
      merchantId: scope.merchantId,
      email,
      role,
      invitedBy: actor.id,
      invitedAt: at,
      expiresAt: new Date(at.getTime() + INVITATION_MS),
    };
    return transact(context, async (access) => {
      if (!mayDecideOn(await memberships.findRole(actor.id, access), role)) throw notAllowed();
      await store.replace(invitation, access);
      const change = { target: { kind: 'invitation', id: invitation._id }, after: { email, role } };
      await appendEvent(context, memberInvited(scope.merchantId, invitation._id), access, change);
      return presentInvitation(invitation);
    });
  }

  async withdraw(context: MerchantContext, invitationId: Id): Promise<void> {
    const { transact, appendEvent, store } = this.#deps;
    await transact(context, async (access) => {
      const withdrawn = await store.withdraw(invitationId, access);
      if (withdrawn === undefined) throw new Problem(invitationNotFound, 'It was accepted, withdrawn, or is too old');
      const { merchantId, email, role } = withdrawn;
      const change = { target: { kind: 'invitation', id: invitationId }, before: { email, role } };
      await appendEvent(context, invitationWithdrawn(merchantId, invitationId), access, change);
    });
  }

  /** Joins the caller to the store. Only who has the invited address can: a forwarded mail admits nobody. */
  async accept(context: UserContext, token: string): Promise<Joined> {
    const { transact, appendEvent, users, merchants, membershipStore, store, links, now } = this.#deps;
    const { userId } = context.scope;
    const invitationId = links.open(INVITATION_LINK, token) ?? refuse();
    const card = (await users.findCards([userId])).get(Id.encode(userId));
    const at = now();
    const system = { ...context, scope: asSystem('acceptance of an invitation').scope };
    return transact(system, async (access) => {
      const { email, merchantId, role } = (await store.take(invitationId, at, access)) ?? refuse();
      if (card?.email !== email) refuse();
      await membershipStore.insert({ _id: newId(), merchantId, userId, role, joinedAt: at }, access);
      if (role === 'owner') await merchants.addOwner(merchantId, access);
      const change = { target: { kind: 'user', id: userId }, before: { role: null }, after: { role }, merchantId };
      await appendEvent(system, membersChanged(merchantId, userId, role), access, change);
      return { merchantId: Id.encode(merchantId), role };
    });
  }
}

const notAllowed = (): Problem => new Problem(forbidden, 'An owner invites everybody, a manager staff');

function refuse(): never {
  throw new Problem(linkNotValid, 'It was used or withdrawn, is too old, or invites another address');
}
