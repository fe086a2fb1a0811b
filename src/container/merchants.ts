import { invitations } from '../features/merchants/invitation.model.ts';
import { InvitationReads } from '../features/merchants/invitation.reads.ts';
import { InvitationService } from '../features/merchants/invitation.service.ts';
import { InvitationStore } from '../features/merchants/invitation.store.ts';
import { MemberService } from '../features/merchants/member.service.ts';
import { memberships } from '../features/merchants/membership.model.ts';
import { MembershipReads } from '../features/merchants/membership.reads.ts';
import { MembershipStore } from '../features/merchants/membership.store.ts';
import { merchants } from '../features/merchants/merchant.model.ts';
import { MerchantReads } from '../features/merchants/merchant.reads.ts';
import { MerchantService } from '../features/merchants/merchant.service.ts';
import { MerchantStore } from '../features/merchants/merchant.store.ts';
import type { identityParts } from './identity.ts';
import type { Parts } from './parts.ts';
import type { Platform } from './platform.ts';

/** Stores and who works for them. */
export function merchantParts(
  parts: Parts,
  { database, now, transact, appendEvent, cursors, links }: Platform,
  { userReads }: ReturnType<typeof identityParts>,
) {
  const primary = () => database().primary;
  const merchantReads = parts.part(() => new MerchantReads(merchants.on(primary())));
  const merchantStore = parts.part(() => new MerchantStore(merchants.on(primary())));
  const membershipReads = parts.part(() => new MembershipReads(memberships.on(primary()), cursors()));
  const membershipStore = parts.part(() => new MembershipStore(memberships.on(primary())));
  const invitationReads = parts.part(() => new InvitationReads(invitations.on(primary()), cursors()));
  const writing = () => ({ transact: transact(), appendEvent: appendEvent(), now });

  return {
    merchantReads,
    merchantStore,
    membershipReads,
    invitationReads,
    merchants: parts.part(
      () =>
        new MerchantService({
          ...writing(),
          store: merchantStore(),
          reads: merchantReads(),
          membershipStore: membershipStore(),
          memberships: membershipReads(),
        }),
    ),
    members: parts.part(
      () =>
        new MemberService({
          ...writing(),
          users: userReads(),
          merchants: merchantStore(),
          memberships: membershipReads(),
          store: membershipStore(),
        }),
    ),
    invitations: parts.part(
      () =>
        new InvitationService({
          ...writing(),
          users: userReads(),
          merchants: merchantStore(),
          memberships: membershipReads(),
          membershipStore: membershipStore(),
          store: new InvitationStore(invitations.on(primary())),
          reads: invitationReads(),
          links: links(),
        }),
    ),
  };
}
