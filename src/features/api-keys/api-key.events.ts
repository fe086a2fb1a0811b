import type { Event } from '../../platform/outbox/event.ts';
import { nothingFollows, type Subscriptions } from '../../platform/outbox/subscription.ts';
import type { Id } from '../../shared/ids.ts';

/** A store got a key, or one was taken away. Of the key `aggregateId`. */
export type ApiKeyEvent = Event<'api-key.created' | 'api-key.revoked', { readonly merchantId: Id }>;

export const apiKeyEvent = (type: ApiKeyEvent['type'], merchantId: Id, keyId: Id): ApiKeyEvent => ({
  type,
  version: 1,
  aggregateId: keyId,
  data: { merchantId },
});

export const apiKeySubscriptions = {
  'api-key.created': nothingFollows,
  'api-key.revoked': nothingFollows,
} satisfies Subscriptions;
