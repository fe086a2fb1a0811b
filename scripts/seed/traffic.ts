import type { StoredEvent } from '../../src/features/analytics/analytics.model.ts';
import { storedEvent } from '../../src/features/analytics/event.store.ts';
import { eventsOfOrder } from '../../src/features/analytics/order.statistics.ts';
import type { MerchantOrder } from '../../src/features/orders/order.model.ts';
import type { AnalyticsEvent } from '../../src/platform/queue/outlets.ts';
import { Id } from '../../src/shared/ids.ts';
import { DAY_MS } from '../../src/shared/time.ts';
import type { Random } from './random.ts';
import type { Store } from './stores.ts';

/** As far back as traffic is shown unless somebody asks for more. */
const DAYS = 30;
/** Few for the sake of a quick start: there, one view in some thirty becomes an order. */
const MOST_VIEWS = 5;
const DECIDING_MS = 2 * DAY_MS;

/** What would have been tracked of the orders of the last days, and of the views before them; `batchSize` of them in each batch. */
export function makeTraffic(
  random: Random,
  until: Date,
  orders: readonly MerchantOrder[],
  stores: readonly Store[],
  batchSize: number,
): StoredEvent[] {
  const zones = new Map(stores.map(({ merchant }) => [Id.encode(merchant._id), merchant.timeZone]));
  const since = until.getTime() - DAYS * DAY_MS;
  return orders
    .filter(({ placedAt }) => placedAt.getTime() >= since)
    .flatMap((order) => [...viewsBefore(random, order), ...countedOf(order)])
    .map((event) => storedEvent(event, zones.get(Id.encode(event.merchantId))))
    .filter((event) => event !== undefined)
    .map((event, index) => ({ ...event, batch: 1 + Math.floor(index / batchSize) }));
}

function viewsBefore(random: Random, { merchantId, placedAt, lines }: MerchantOrder): AnalyticsEvent[] {
  return lines.flatMap(({ productId }) =>
    Array.from({ length: random.between(1, MOST_VIEWS) }, () => {
      const occurredAt = new Date(placedAt.getTime() - random.below(DECIDING_MS));
      return { id: random.id(occurredAt), merchantId, type: 'product.viewed', subjectId: productId, occurredAt };
    }),
  );
}

function countedOf({ _id, merchantId, placedAt, total, lines, state }: MerchantOrder): AnalyticsEvent[] {
  const counted = {
    id: Id.encode(_id),
    merchantId: Id.encode(merchantId),
    placedAt: placedAt.toISOString(),
    total,
    lines: lines.map(({ productId, quantity }) => ({ productId: Id.encode(productId), quantity })),
  };
  const placed = eventsOfOrder(counted, 'placed');
  return state === 'cancelled' ? [...placed, ...eventsOfOrder(counted, 'cancelled')] : placed;
}
