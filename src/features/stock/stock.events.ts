import type { Event } from '../../platform/outbox/event.ts';
import { nothingFollows, type Subscription, type Subscriptions } from '../../platform/outbox/subscription.ts';
import { Id } from '../../shared/ids.ts';
import { requestLowStockCheck } from './low-stock.jobs.ts';
import type { StockLevel, StockLocation } from './stock.model.ts';

interface StockEventData {
  readonly merchantId: Id;
  readonly sku: string;
}

export type StockEvent = Event<'stock.changed', StockEventData>;

export type LocationCreated = Event<'stock.location-created', { readonly merchantId: Id }>;

/** Tag of everything that shows how much of a SKU is left. */
export const stockTag = (merchantId: Id, sku: string): string => `stock:${Id.encode(merchantId)}:${sku}`;

export const stockChanged = ({ _id, merchantId, sku }: StockLevel): StockEvent => ({
  type: 'stock.changed',
  version: 1,
  aggregateId: _id,
  data: { merchantId, sku },
});

export const locationCreated = ({ _id, merchantId }: StockLocation): LocationCreated => ({
  type: 'stock.location-created',
  version: 1,
  aggregateId: _id,
  data: { merchantId },
});

/** Sales are told of by the orders' events. */
export const stockSubscriptions = {
  'stock.changed': {
    jobs: (event) => [requestLowStockCheck(event, [event.data.sku])],
    tags: ({ data }) => [stockTag(data.merchantId, data.sku)],
  } satisfies Subscription<StockEvent>,
  'stock.location-created': nothingFollows,
} satisfies Subscriptions;
