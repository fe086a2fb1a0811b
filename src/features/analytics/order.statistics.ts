import { createHash } from 'node:crypto';
import { Types } from 'mongoose';
import { z } from 'zod';
import type { Event, EventRow } from '../../platform/outbox/event.ts';
import type { Subscriptions } from '../../platform/outbox/subscription.ts';
import { requestJob, type JobContract } from '../../platform/queue/job.ts';
import type { AnalyticsEvent } from '../../platform/queue/outlets.ts';
import { Id } from '../../shared/ids.ts';
import type { Money } from '../../shared/money.ts';

const OrderRef = z.strictObject({ merchantId: Id, orderId: Id, what: z.enum(['placed', 'cancelled']) });

export const countOrder: JobContract<typeof OrderRef> = {
  queue: 'analytics',
  name: 'analytics.count-order',
  payload: OrderRef,
  idOf: ({ orderId, what }) => `analytics.count-order-${what}-${Id.encode(orderId)}`,
};

type OrderEvent = Event<string, { readonly merchantId: Id }>;

const counted = (what: 'cancelled' | 'placed') => ({
  jobs: ({ aggregateId, data }: EventRow<OrderEvent>) => [
    requestJob(countOrder, { merchantId: data.merchantId, orderId: aggregateId, what }),
  ],
  tags: () => [],
});

/** Beside what follows from these events in the feature that they are of. */
export const orderStatistics = {
  'order.placed': counted('placed'),
  'order.cancelled': counted('cancelled'),
} satisfies Subscriptions;

/** What is counted of an order. */
export interface CountedOrder {
  readonly id: string;
  readonly merchantId: string;
  readonly placedAt: string;
  readonly total: Money;
  readonly lines: readonly { readonly productId: string; readonly quantity: number }[];
}

/**
 * An order as events: itself, with its worth, and each of its products, with how many. On the day on which it was placed, and
 * under ids that follow from its own, so that it may be counted any number of times.
 */
export function eventsOfOrder(order: CountedOrder, what: 'cancelled' | 'placed'): AnalyticsEvent[] {
  const common = { merchantId: Id.decode(order.merchantId), occurredAt: new Date(order.placedAt) };
  const whole = { ...common, id: derivedId(order.id, what), type: `order.${what}`, value: order.total.amount };
  if (what === 'cancelled') return [whole];
  const products = Map.groupBy(order.lines, ({ productId }) => productId);
  const each = Array.from(products, ([productId, lines]) => ({
    ...common,
    id: derivedId(order.id, productId),
    type: 'product.ordered',
    subjectId: Id.decode(productId),
    value: lines.reduce((sum, { quantity }) => sum + quantity, 0),
  }));
  return [whole, ...each];
}

const ID_BYTES = 12;

/** 96 bits of a digest: as good as an id of chance. */
const derivedId = (...names: readonly string[]): Id =>
  new Types.ObjectId(createHash('sha256').update(names.join(':')).digest().subarray(0, ID_BYTES));
