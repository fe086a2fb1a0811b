import type { Config } from '../config/index.ts';
import { SalesService } from '../features/analytics/sales.service.ts';
import { orderCollection } from '../features/orders/order.model.ts';
import { OrderReads } from '../features/orders/order.reads.ts';
import { OrderService } from '../features/orders/order.service.ts';
import { OrderStore } from '../features/orders/order.store.ts';
import { SalesReads } from '../features/orders/sales.reads.ts';
import type { Payments } from '../features/orders/payments.ts';
import { TestPayments } from '../features/orders/test-payments.ts';
import type { catalogParts } from './catalog.ts';
import type { identityParts } from './identity.ts';
import type { merchantParts } from './merchants.ts';
import type { Parts } from './parts.ts';
import type { Platform } from './platform.ts';
import type { stockParts } from './stock.ts';

type Needed = Pick<ReturnType<typeof identityParts>, 'userReads'> &
  Pick<ReturnType<typeof merchantParts>, 'merchantReads'> &
  Pick<ReturnType<typeof catalogParts>, 'productReads'> &
  Pick<ReturnType<typeof stockParts>, 'stockReads' | 'stockStore' | 'turns'>;

/** Who moves money, by the name that the configuration has for it. */
const PROVIDERS: Readonly<Record<Config['payments']['provider'], () => Payments>> = { test: () => new TestPayments() };

/** Orders, and what is told of them in figures. */
export function orderParts(parts: Parts, platform: Platform, needed: Needed) {
  const { config, database, now, transact, appendEvent, cursors } = platform;
  const { userReads, merchantReads, productReads, stockReads, stockStore, turns } = needed;
  const orderReads = parts.part(() => new OrderReads(orderCollection.on(database().primary), cursors()));
  const salesReads = parts.part(() => new SalesReads(async () => orderCollection.on(await database().analytics())));
  return {
    orderReads,
    orders: parts.part(
      () =>
        new OrderService({
          transact: transact(),
          appendEvent: appendEvent(),
          products: productReads(),
          stock: stockStore(),
          locations: stockReads(),
          turns: turns(),
          customers: userReads(),
          payments: PROVIDERS[config.payments.provider](),
          store: new OrderStore(orderCollection.on(database().primary)),
          reads: orderReads(),
          now,
        }),
    ),
    salesReads,
    sales: parts.part(() => new SalesService({ reads: salesReads(), stores: merchantReads(), now })),
  };
}
