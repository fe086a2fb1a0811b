import { newId, type Id } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import { bySku, outOfStock } from '../stock/index.ts';
import { storeOf } from './move-order.ts';
import type { OrderContext, OrderDeps } from './order.deps.ts';
import { orderEvent } from './order.events.ts';
import type { MerchantOrder } from './order.model.ts';
import { orderNumber } from './order.number.ts';
import { presentOrder } from './order.presenter.ts';
import { priceLines, totalOf } from './order.pricing.ts';
import type { OrderView, PlaceOrder } from './order.schema.ts';

export interface Basket extends PlaceOrder {
  readonly customerId: Id;
}

type Deps = Pick<
  OrderDeps,
  'appendEvent' | 'locations' | 'now' | 'products' | 'stock' | 'store' | 'transact' | 'turns'
>;

/** Places an order: stock, order and event, in one short transaction and nothing after. */
export async function placeOrder(deps: Deps, context: OrderContext, basket: Basket): Promise<OrderView> {
  const { transact, appendEvent, stock, store, turns } = deps;
  const order = await newOrder(deps, basket);
  const { merchantId, locationId } = order;
  const claims = basket.lines.toSorted(bySku).map((line) => ({ ...line, merchantId, locationId }));

  return turns.inTurn(claims, context.deadlineAt, () =>
    transact(context, async (access) => {
      // First, because this is where two orders meet: the loser has nothing else to undo.
      await stock.take(locationId, basket.lines, { scope: storeOf(merchantId), session: access.session });
      await store.insert(order, access);
      await appendEvent(context, orderEvent(order), access);
      return presentOrder(order);
    }),
  );
}

async function newOrder({ products, locations, now }: Deps, basket: Basket): Promise<MerchantOrder> {
  const { merchantId, customerId, lines } = basket;
  const forSale = await products.findForSale(
    merchantId,
    lines.map(({ sku }) => sku),
  );
  const priced = priceLines(lines, forSale);
  const locationId = basket.locationId ?? (await locations.findMainLocation(storeOf(merchantId)));
  if (locationId === undefined) throw new Problem(outOfStock, 'The store has no place to sell from yet');
  const placedAt = now();
  return {
    _id: newId(),
    number: orderNumber(),
    merchantId,
    customerId,
    locationId,
    state: 'pending',
    version: 1,
    lines: priced,
    items: lines.reduce((sum, { quantity }) => sum + quantity, 0),
    total: totalOf(priced),
    payment: null,
    placedAt,
    updatedAt: placedAt,
  };
}
