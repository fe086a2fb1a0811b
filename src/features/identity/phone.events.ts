import type { Event } from '../../platform/outbox/event.ts';
import { nothingFollows, type Subscription, type Subscriptions } from '../../platform/outbox/subscription.ts';
import type { Id } from '../../shared/ids.ts';

/** Somebody has another phone number, or none, or decided on text messages. Nothing follows; the audit log tells of it. */
export type PhoneChanged = Event<'account.order-texts-changed' | 'account.phone-changed', Record<string, never>>;

export const phoneChanged = (type: PhoneChanged['type'], userId: Id): PhoneChanged => ({
  type,
  version: 1,
  aggregateId: userId,
  data: {},
});

export const phoneSubscriptions = {
  'account.phone-changed': nothingFollows,
  'account.order-texts-changed': nothingFollows,
} satisfies Record<PhoneChanged['type'], Subscription<PhoneChanged>> & Subscriptions;
