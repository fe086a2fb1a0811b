import { beforeAll, expect, jest, test } from '@jest/globals';
import { trackedEvents } from '../../src/features/analytics/analytics.model.ts';
import { analyticsCollections } from '../../src/features/analytics/collections.ts';
import { catalogCollections } from '../../src/features/catalog/collections.ts';
import { productCollection } from '../../src/features/catalog/product.model.ts';
import { identityCollections } from '../../src/features/identity/collections.ts';
import { users } from '../../src/features/identity/user.model.ts';
import { merchantCollections } from '../../src/features/merchants/collections.ts';
import { memberships } from '../../src/features/merchants/membership.model.ts';
import { merchants } from '../../src/features/merchants/merchant.model.ts';
import { orderCollections } from '../../src/features/orders/collections.ts';
import { orderCollection } from '../../src/features/orders/order.model.ts';
import { stockCollections } from '../../src/features/stock/collections.ts';
import { locationCollection, stockCollection } from '../../src/features/stock/stock.model.ts';
import { asSystem } from '../../src/platform/database/scoped.ts';
import { withDatabase } from '../../tests/environment/index.ts';
import { makeOrders } from './orders.ts';
import { demoLogins, makePeople } from './people.ts';
import { makeProducts, makeStock } from './products.ts';
import { Random } from './random.ts';
import { makeStores } from './stores.ts';
import { makeTraffic } from './traffic.ts';

jest.setTimeout(30_000);

const database = withDatabase({
  collections: [
    ...identityCollections,
    ...merchantCollections,
    ...catalogCollections,
    ...stockCollections,
    ...orderCollections,
    ...analyticsCollections,
  ],
});

/** A small edition of the demo data. */
async function edition(seedNumber: number) {
  const random = new Random(seedNumber);
  const until = new Date('2026-06-01T00:00:00Z');
  const people = await makePeople(random, until, 120, () => Promise.resolve('hash'));
  const stores = makeStores(random, until, people);
  const assortments = stores.map((store) => ({ store, products: makeProducts(random, until, store, 20) }));
  const orders = [...makeOrders(random, until, 300, assortments, people.all)];
  return {
    people: people.all,
    stores,
    products: assortments.flatMap(({ products }) => products),
    stock: assortments.flatMap(({ store, products }) => makeStock(random, store, products)),
    orders,
    traffic: makeTraffic(random, until, orders, stores, 50),
  };
}

let data: Awaited<ReturnType<typeof edition>>;
beforeAll(async () => {
  data = await edition(7);
});

test('one seed gives the same data twice, another gives other data', async () => {
  expect(JSON.stringify(await edition(7))).toBe(JSON.stringify(data));
  expect(JSON.stringify((await edition(8)).orders)).not.toBe(JSON.stringify(data.orders));
});

test('what is seeded is what the models store, and breaks no unique index', async () => {
  const { primary } = database;
  // One after the other: a thousand at once would wait longer for a connection than they may.
  const access = { ...asSystem('test'), ordered: true };
  await users.on(primary).create([...data.people], access);
  await merchants.on(primary).create(
    data.stores.map(({ merchant }) => merchant),
    access,
  );
  await memberships.on(primary).create(
    data.stores.flatMap((store) => store.memberships),
    access,
  );
  await locationCollection.on(primary).create(
    data.stores.flatMap((store) => store.locations),
    access,
  );
  await productCollection.on(primary).create(data.products, access);
  await stockCollection.on(primary).create(data.stock, access);
  const written = await orderCollection.on(primary).create(data.orders, access);
  expect(written).toHaveLength(300);
  await trackedEvents.on(primary).create(data.traffic, access);
});

test('each role has a login, and owner, manager and staff are of one store', () => {
  expect(demoLogins.map(({ role }) => role)).toEqual(['admin', 'support', 'owner', 'manager', 'staff', 'user']);
  expect(data.stores[0]?.memberships.map(({ role }) => role)).toEqual(['owner', 'manager', 'staff']);
});

test('orders lie in the year before, the oldest first, and their totals add up', () => {
  const moments = data.orders.map(({ placedAt }) => placedAt.getTime());
  expect(moments).toEqual(moments.toSorted((a, b) => a - b));
  expect(moments[0]).toBeGreaterThanOrEqual(Date.parse('2025-06-01T00:00:00Z'));
  expect(moments.at(-1)).toBeLessThan(Date.parse('2026-06-01T00:00:00Z'));
  for (const { lines, total } of data.orders) {
    expect(lines.reduce((sum, { unitPrice, quantity }) => sum + unitPrice.amount * quantity, 0)).toBe(total.amount);
  }
});

test('the traffic of the last 30 days is that of the orders, in batches that follow each other', () => {
  const recent = data.orders.filter(({ placedAt }) => placedAt >= new Date('2026-05-02T00:00:00Z'));
  const worth = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  const placed = data.traffic.filter(({ type }) => type === 'order.placed');
  expect(recent.length).toBeGreaterThan(5);
  expect(placed).toHaveLength(recent.length);
  expect(worth(placed.map(({ value }) => value))).toBe(worth(recent.map(({ total }) => total.amount)));
  expect(data.traffic.filter(({ type }) => type === 'product.viewed').length).toBeGreaterThan(recent.length);
  const batches = data.traffic.map(({ batch }) => batch);
  expect([...new Set(batches)]).toEqual(
    Array.from({ length: Math.ceil(batches.length / 50) }, (_, index) => index + 1),
  );
});
