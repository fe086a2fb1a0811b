import type { Event } from '../../platform/outbox/event.ts';
import type { Subscription, Subscriptions } from '../../platform/outbox/subscription.ts';
import type { Id } from '../../shared/ids.ts';

/** Somebody has another phone number, or none, or decided on text messages. Nothing follows; the audit log tells of it. */
export type PhoneChanged = Event<'account.order-texts-changed' | 'account.phone-changed', Record<string, never>>;

export const phoneChanged = (type: PhoneChanged['type'], userId: Id): PhoneChanged => ({
  type,
  version: 1,
  aggregateId: userId,
  data: {},
});

const nothing: Subscription<PhoneChanged> = { jobs: () => [], tags: () => [] };

export const phoneSubscriptions = {
  'account.phone-changed': nothing,
  'account.order-texts-changed': nothing,
} satisfies Record<PhoneChanged['type'], Subscription<PhoneChanged>> & Subscriptions;
