import { cacheTag } from '../../platform/cache/keys.ts';
import type { Event } from '../../platform/outbox/event.ts';
import type { Subscription, Subscriptions } from '../../platform/outbox/subscription.ts';
import { requestJob } from '../../platform/queue/job.ts';
import type { Id } from '../../shared/ids.ts';
import { requestLowStockCheck, stockTag } from '../stock/index.ts';
import { refundPayment, sendCancellation, sendConfirmation } from './order.jobs.ts';
import type { MerchantOrder } from './order.model.ts';
import type { OrderState } from './order.state.ts';

interface OrderEventData {
  readonly merchantId: Id;
  readonly skus: readonly string[];
}

export type OrderEvent = Event<'order.placed' | `order.${Exclude<OrderState, 'pending'>}`, OrderEventData>;

/** Tag of what is computed from a merchant's orders, such as its sales; orders themselves are not cached. */
export const ordersTag = (merchantId: Id): string => cacheTag('orders', merchantId);

export function orderEvent({ _id, merchantId, state, lines }: MerchantOrder): OrderEvent {
  const type = state === 'pending' ? 'order.placed' : (`order.${state}` as const);
  const skus = lines.map(({ sku }) => sku);
  return { type, version: 1, aggregateId: _id, data: { merchantId, skus } };
}

type OrderSubscription = Subscription<OrderEvent>;

const listAndStock: OrderSubscription['tags'] = ({ data: { merchantId, skus } }) => [
  ordersTag(merchantId),
  ...skus.map((sku) => stockTag(merchantId, sku)),
];
const listOnly: OrderSubscription['tags'] = ({ data }) => [ordersTag(data.merchantId)];
const noJobs: OrderSubscription['jobs'] = () => [];

const orderOf = ({ aggregateId, data }: OrderEvent) => ({ merchantId: data.merchantId, orderId: aggregateId });

export const orderSubscriptions = {
  'order.placed': {
    jobs: (event) => [requestJob(sendConfirmation, orderOf(event)), requestLowStockCheck(event, event.data.skus)],
    tags: listAndStock,
  },
  'order.paid': { jobs: noJobs, tags: listOnly },
  'order.shipped': { jobs: noJobs, tags: listOnly },
  'order.delivered': { jobs: noJobs, tags: listOnly },
  'order.cancelled': {
    jobs: (event) => [
      requestJob(sendCancellation, orderOf(event)),
      requestJob(refundPayment, orderOf(event)),
      requestLowStockCheck(event, event.data.skus),
    ],
    tags: listAndStock,
  },
} satisfies Record<OrderEvent['type'], OrderSubscription> & Subscriptions;
