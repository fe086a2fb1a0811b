import { cacheTag } from '../../platform/cache/keys.ts';
import type { Event } from '../../platform/outbox/event.ts';
import type { Subscription, Subscriptions } from '../../platform/outbox/subscription.ts';
import type { Id } from '../../shared/ids.ts';
import type { MerchantProduct } from './product.model.ts';

interface ProductEventData {
  readonly merchantId: Id;
}

export type ProductEvent = Event<'product.changed' | 'product.created', ProductEventData>;

/** Tag of every list and page that shows a merchant's products. */
export const productsTag = (merchantId: Id): string => cacheTag('products', merchantId);

export function productEvent(
  type: ProductEvent['type'],
  { _id, merchantId }: Pick<MerchantProduct, '_id' | 'merchantId'>,
): ProductEvent {
  return { type, version: 1, aggregateId: _id, data: { merchantId } };
}

const pagesOfTheStore: Subscription<ProductEvent> = {
  jobs: () => [],
  tags: ({ data }) => [productsTag(data.merchantId)],
};

export const productSubscriptions = {
  'product.created': pagesOfTheStore,
  'product.changed': pagesOfTheStore,
} satisfies Record<ProductEvent['type'], Subscription<ProductEvent>> & Subscriptions;
