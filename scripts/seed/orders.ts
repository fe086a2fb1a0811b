import type { MerchantProduct } from '../../src/features/catalog/product.model.ts';
import type { User } from '../../src/features/identity/user.model.ts';
import type { MerchantOrder, OrderLine, OrderPayment } from '../../src/features/orders/order.model.ts';
import { orderNumber } from '../../src/features/orders/order.number.ts';
import { totalOf } from '../../src/features/orders/order.pricing.ts';
import type { OrderState } from '../../src/features/orders/order.state.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/shared/time.ts';
import { Weighted, zipf, type Random } from './random.ts';
import type { Store } from './stores.ts';

const DAYS = 365;
/** How much is bought in each month from January on: spring is slow, Christmas is not. */
const MONTHS = [0.8, 0.75, 0.85, 0.9, 0.95, 0.9, 0.8, 0.85, 1, 1.1, 1.6, 1.9];
/** From Sunday on. */
const WEEKDAYS = [1.25, 1.1, 0.9, 0.9, 0.9, 0.95, 1.1];
/** In each hour of the day: at lunch and in the evening. */
const HOURS = [2, 1, 1, 1, 1, 2, 3, 5, 6, 7, 8, 9, 11, 9, 7, 7, 8, 9, 11, 14, 16, 14, 9, 4];
const YEARLY_GROWTH = 0.4;

const hours = new Weighted(HOURS);
const quantities = new Weighted([80, 14, 4, 1, 1]);
const linesOfOrder = new Weighted([55, 27, 12, 6]);

export interface Assortment {
  readonly store: Store;
  readonly products: readonly MerchantProduct[];
}

/** Orders of a year up to `until`, the oldest first. */
export function* makeOrders(
  random: Random,
  until: Date,
  count: number,
  assortments: readonly Assortment[],
  buyers: readonly User[],
): Generator<MerchantOrder> {
  const days = Array.from({ length: DAYS }, (_, index) => new Date(until.getTime() - (DAYS - index) * DAY_MS));
  const ofDays = new Weighted(days.map(busyness));
  const ofStores = new Weighted(zipf(assortments.length, 1.1));
  const ofBuyers = new Weighted(zipf(buyers.length, 0.3));
  const shelves = assortments.map(({ store, products }) => {
    const onSale = products.filter(({ status }) => status === 'active');
    return { store, onSale, ofProducts: new Weighted(zipf(onSale.length, 0.9)) };
  });
  const moments = Array.from({ length: count }, () => momentOf(random, days[ofDays.draw(random)] ?? until));
  for (const placedAt of moments.toSorted((a, b) => a.getTime() - b.getTime())) {
    const shelf = shelves[ofStores.draw(random)];
    const buyer = buyers[ofBuyers.draw(random)];
    if (shelf === undefined || buyer === undefined) continue;
    const chosen = new Set(Array.from({ length: linesOfOrder.draw(random) + 1 }, () => shelf.ofProducts.draw(random)));
    const lines = Array.from(chosen, (index) => shelf.onSale[index])
      .filter((product) => product !== undefined)
      .map((product) => lineOf(random, product));
    yield orderOf(random, until, placedAt, shelf.store, buyer, lines);
  }
}

/** How much is bought on a day: by season and weekday, more at the end of the year than at its begin. */
function busyness(day: Date, index: number): number {
  const growth = 1 + (YEARLY_GROWTH * index) / DAYS;
  return (MONTHS[day.getUTCMonth()] ?? 1) * (WEEKDAYS[day.getUTCDay()] ?? 1) * growth;
}

const momentOf = (random: Random, day: Date): Date =>
  new Date(day.getTime() + hours.draw(random) * HOUR_MS + random.below(60 * MINUTE_MS));

function lineOf(random: Random, { _id, title, variants }: MerchantProduct): OrderLine {
  const variant = random.pick(variants);
  return {
    productId: _id,
    sku: variant.sku,
    title: variant.title === title ? title : `${title} – ${variant.title}`,
    quantity: quantities.draw(random) + 1,
    unitPrice: variant.price,
  };
}

function orderOf(
  random: Random,
  until: Date,
  placedAt: Date,
  { merchant, locations }: Store,
  { _id: customerId }: User,
  lines: OrderLine[],
): MerchantOrder {
  const state = stateOf(random, until.getTime() - placedAt.getTime());
  const steps = STEPS[state];
  return {
    _id: random.id(placedAt),
    number: orderNumber(random.below),
    merchantId: merchant._id,
    customerId,
    locationId: (locations[0] ?? merchant)._id,
    state,
    version: 1 + steps,
    lines,
    items: lines.reduce((sum, { quantity }) => sum + quantity, 0),
    total: totalOf(lines),
    payment: paymentOf(random, state),
    placedAt,
    updatedAt: new Date(Math.min(placedAt.getTime() + steps * random.below(2 * DAY_MS), until.getTime())),
  };
}

/** How often an order has moved to be where it is. */
const STEPS: Readonly<Record<OrderState, number>> = { pending: 0, paid: 1, cancelled: 1, shipped: 2, delivered: 3 };

function stateOf(random: Random, ageMs: number): OrderState {
  const roll = random.next();
  if (roll < 0.05) return 'cancelled';
  if (ageMs < 2 * DAY_MS) return roll < 0.25 ? 'pending' : 'paid';
  return ageMs < 6 * DAY_MS ? 'shipped' : 'delivered';
}

function paymentOf(random: Random, state: OrderState): OrderPayment | null {
  if (state === 'pending' || (state === 'cancelled' && random.chance(0.5))) return null;
  const reference = `test_${random
    .below(2 ** 32)
    .toString(16)
    .padStart(8, '0')}${random.below(2 ** 32).toString(16)}`;
  return { provider: 'test', reference, state: state === 'cancelled' ? 'refunded' : 'captured' };
}
