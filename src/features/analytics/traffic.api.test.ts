import { expect, test } from '@jest/globals';
import type { AnalyticsEvent } from '../../platform/queue/outlets.ts';
import { mongoTransact } from '../../platform/database/transaction.ts';
import { Id, newId } from '../../shared/ids.ts';
import { bodyOf, putOnSale, STORE, withShop, type Caller } from '../../../tests/shop.ts';
import { rollups, rollupState, trackedEvents, trends } from './analytics.model.ts';
import { EventStore } from './event.store.ts';
import { analyticsJobs } from './jobs.ts';
import { countOrder, orderStatistics } from './order.statistics.ts';
import { Rollups } from './rollups.ts';

const shop = withShop();

function jobs() {
  const { primary } = shop.database;
  const state = rollupState.on(primary);
  const events = trackedEvents.on(primary);
  const store = new EventStore({
    events,
    state,
    transact: mongoTransact(primary, () => Promise.resolve()),
    findTimeZones: (ids) => Promise.resolve(new Map(ids.map((id) => [Id.encode(id), STORE.timeZone]))),
  });
  const rolling = new Rollups({
    events,
    connectLong: () => Promise.resolve(events),
    state,
    rollups: rollups.on(primary),
    trends: trends.on(primary),
    now: () => new Date(),
  });
  const [ingest, roll, count] = analyticsJobs({ store, rollups: rolling, orders: shop.services.orderReads });
  const signal = new AbortController().signal;
  return {
    ingest: async (sent: readonly AnalyticsEvent[]) => {
      await ingest?.handle({ events: sent }, signal);
      await roll?.handle({}, signal);
    },
    count: async (payload: object) => {
      await count?.handle(payload, signal);
      await roll?.handle({}, signal);
    },
  };
}

const view = (merchant: Caller, product: { readonly id: string }, at: string): AnalyticsEvent => ({
  id: newId(),
  type: 'product.viewed',
  merchantId: Id.decode(merchant.id),
  subjectId: Id.decode(product.id),
  occurredAt: new Date(at),
});

test('views and orders are counted once, on the days of the store and by the hour', async () => {
  const [merchant, user] = [shop.merchant(), shop.user()];
  const { product } = await putOnSale(merchant, { mug: 5 });
  const lines = [{ sku: 'mug', quantity: 2 }];
  const order = (await bodyOf(user.post('/api/orders', { merchantId: merchant.id, lines }).expect(201))) as {
    id: string;
    placedAt: string;
  };
  const { ingest, count } = jobs();
  // In Berlin the second is on the 2nd already.
  const views = [view(merchant, product, '2026-03-01T22:30:00Z'), view(merchant, product, '2026-03-01T23:30:00Z')];
  await ingest(views);
  await ingest(views);
  const [request] = orderStatistics['order.placed'].jobs({
    aggregateId: Id.decode(order.id),
    data: { merchantId: Id.decode(merchant.id) },
  } as never);
  expect(request?.contract).toBe(countOrder);
  const payload = { merchantId: Id.decode(merchant.id), orderId: Id.decode(order.id), what: 'placed' };
  await count(payload);
  await count(payload);

  const path = '/api/merchant/analytics/traffic';
  expect(await bodyOf(merchant.get(`${path}?from=2026-03-01&until=2026-03-03`).expect(200))).toEqual({
    unit: 'day',
    timeZone: 'Europe/Berlin',
    from: '2026-03-01',
    until: '2026-03-03',
    total: { views: 2, orders: 0, conversion: 0 },
    series: [
      { begins: '2026-03-01', views: 1, orders: 0 },
      { begins: '2026-03-02', views: 1, orders: 0 },
    ],
  });
  const hours = (await bodyOf(merchant.get(`${path}?unit=hour&from=2026-03-01&until=2026-03-03`).expect(200))) as {
    series: { begins: string; views: number }[];
  };
  expect(hours.series).toHaveLength(48);
  expect(hours.series.filter(({ views: seen }) => seen > 0).map(({ begins }) => begins)).toEqual([
    '2026-03-01T22:00Z',
    '2026-03-01T23:00Z',
  ]);
  const now = (await bodyOf(merchant.get(path).expect(200))) as { total: object };
  expect(now.total).toMatchObject({ orders: 1 });
  expect(await bodyOf(shop.merchant().get(path).expect(200))).toMatchObject({ total: { views: 0, orders: 0 } });
  await merchant.get(`${path}?unit=hour&from=2026-01-01&until=2026-03-03`).expect(422);
});

test('what was wanted lately trends before what was wanted long ago, and what is not on sale does not', async () => {
  const merchant = shop.merchant();
  const [old, hot, gone] = [
    (await putOnSale(merchant, { old: 1 })).product,
    (await putOnSale(merchant, { hot: 1 })).product,
    (await putOnSale(merchant, { gone: 1 })).product,
  ];
  const now = Date.now();
  const at = (days: number) => new Date(now - days * 86_400_000).toISOString();
  const { ingest } = jobs();
  await ingest([
    // Four half-lives ago five views are worth less than one of now.
    ...Array.from({ length: 5 }, () => view(merchant, old, at(12))),
    view(merchant, hot, at(0)),
    ...Array.from({ length: 9 }, () => view(merchant, gone, at(0))),
  ]);
  await merchant.post(`/api/merchant/products/${gone.id}/archive`).expect(200);
  const body = await bodyOf(shop.anybody().get(`/api/storefronts/${merchant.id}/trending`).expect(200));
  const { data } = body as { data: { product: { id: string }; score: number }[] };
  expect(data.map(({ product }) => product.id)).toEqual([hot.id, old.id]);
  expect(data[0]?.score).toBeGreaterThan(0.7);
  expect(data[0]?.score).toBeLessThanOrEqual(1);
  expect(
    await bodyOf(
      shop
        .anybody()
        .get(`/api/storefronts/${Id.encode(newId())}/trending`)
        .expect(200),
    ),
  ).toEqual({
    data: [],
  });
});

test('a product that is looked at is counted, also by whoever asks only whether it has changed', async () => {
  const merchant = shop.merchant();
  const { product } = await putOnSale(merchant, { seen: 1 });
  const before = shop.seen.length;
  const path = `/api/storefronts/${merchant.id}/products/${product.slug}`;
  const { headers } = await shop.anybody().get(path).expect(200);
  await shop.anybody().get(path).set('If-None-Match', String(headers.etag)).expect(304);
  await shop.anybody().get(`${path}-not`).expect(404);
  await shop.anybody().get(`/api/storefronts/${merchant.id}/products`).expect(200);
  const seen = { type: 'product.viewed', merchantId: merchant.id, subjectId: product.id };
  expect(shop.seen.slice(before)).toEqual([seen, seen]);
});
