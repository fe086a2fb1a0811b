import type { Event } from '../../platform/outbox/event.ts';
import { nothingFollows, type Subscription, type Subscriptions } from '../../platform/outbox/subscription.ts';
import { requestJob } from '../../platform/queue/job.ts';
import { Id } from '../../shared/ids.ts';
import type { MerchantRole } from '../identity/index.ts';
import { sendInvitation } from './jobs.ts';

export type MerchantChanged = Event<'merchant.changed' | 'merchant.opened', { readonly slug: string }>;

export type MemberInvited = Event<'merchant.member-invited', { readonly merchantId: Id }>;

export type InvitationWithdrawn = Event<'merchant.invitation-withdrawn', { readonly merchantId: Id }>;

/** Somebody joined, changed the role, or left: then the role is null. Of the store `aggregateId`. */
export type MembersChanged = Event<
  'merchant.members-changed',
  { readonly userId: Id; readonly role: MerchantRole | null }
>;

/** Tag of what is shown of a store to everybody. */
export const profileTag = (slug: string): string => `store:${slug}`;

/** Tag of what is shown of a store to those who belong to it. */
export const storeTag = (merchantId: Id): string => `merchant:${Id.encode(merchantId)}`;

/** Tag of what is shown of those who work for a store. */
export const membersTag = (merchantId: Id): string => `members:${Id.encode(merchantId)}`;

export const merchantEvent = (type: MerchantChanged['type'], merchantId: Id, slug: string): MerchantChanged => ({
  type,
  version: 1,
  aggregateId: merchantId,
  data: { slug },
});

export const memberInvited = (merchantId: Id, invitationId: Id): MemberInvited => ({
  type: 'merchant.member-invited',
  version: 1,
  aggregateId: invitationId,
  data: { merchantId },
});

export const invitationWithdrawn = (merchantId: Id, invitationId: Id): InvitationWithdrawn => ({
  type: 'merchant.invitation-withdrawn',
  version: 1,
  aggregateId: invitationId,
  data: { merchantId },
});

export const membersChanged = (merchantId: Id, userId: Id, role: MerchantRole | null): MembersChanged => ({
  type: 'merchant.members-changed',
  version: 1,
  aggregateId: merchantId,
  data: { userId, role },
});

const profile: Subscription<MerchantChanged> = {
  jobs: () => [],
  tags: ({ aggregateId, data }) => [profileTag(data.slug), storeTag(aggregateId)],
};
const members: Subscription<MembersChanged> = {
  jobs: () => [],
  tags: ({ aggregateId }) => [membersTag(aggregateId)],
};
const invitation: Subscription<MemberInvited> = {
  jobs: ({ aggregateId, data }) => [
    requestJob(sendInvitation, { merchantId: data.merchantId, invitationId: aggregateId }),
  ],
  tags: () => [],
};

export const merchantSubscriptions = {
  'merchant.opened': profile,
  'merchant.changed': profile,
  'merchant.member-invited': invitation,
  'merchant.invitation-withdrawn': nothingFollows,
  'merchant.members-changed': members,
} satisfies Subscriptions;
