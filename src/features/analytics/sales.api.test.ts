import { expect, test } from '@jest/globals';
import { asSystem } from '../../platform/database/scoped.ts';
import { Id, newId } from '../../shared/ids.ts';
import { bodyOf, withShop, type Caller } from '../../../tests/shop.ts';
import { orderCollection, type MerchantOrder } from '../orders/order.model.ts';
import { orderNumber } from '../orders/order.number.ts';

const shop = withShop();
const eur = (amount: number) => ({ amount, currency: 'EUR' });

async function sold(merchant: Caller, sales: readonly [at: string, amount: number, state: MerchantOrder['state']][]) {
  const orders = sales.map(([at, amount, state]): MerchantOrder => ({
    _id: newId(),
    number: orderNumber(),
    merchantId: Id.decode(merchant.id),
    customerId: newId(),
    locationId: newId(),
    state,
    version: 1,
    lines: [{ productId: PRODUCT, sku: 'mug', title: 'Mug', quantity: 1, unitPrice: eur(amount) }],
    items: 1,
    total: eur(amount),
    payment: null,
    placedAt: new Date(at),
    updatedAt: new Date(at),
  }));
  await orderCollection.on(shop.database.primary).create(orders, asSystem('test'));
}

const PRODUCT = newId();

test('sales fall on the days of the store, and days without any are there', async () => {
  const merchant = shop.merchant();
  await sold(merchant, [
    // In Berlin this is the 2nd already.
    ['2026-03-01T23:30:00Z', 1_000, 'paid'],
    ['2026-03-02T10:00:00Z', 501, 'delivered'],
    ['2026-03-02T11:00:00Z', 9_000, 'cancelled'],
    ['2026-03-02T12:00:00Z', 9_000, 'pending'],
    ['2026-03-04T22:59:59Z', 2_000, 'shipped'],
    ['2026-03-04T23:00:00Z', 7_000, 'paid'],
  ]);
  const body = await bodyOf(merchant.get('/api/merchant/analytics/sales?from=2026-03-02&until=2026-03-05').expect(200));
  expect(body).toEqual({
    unit: 'day',
    timeZone: 'Europe/Berlin',
    from: '2026-03-02',
    until: '2026-03-05',
    total: { orders: 3, revenue: eur(3_501), averageOrder: eur(1_167) },
    series: [
      { begins: '2026-03-02', orders: 2, revenue: eur(1_501), averageOrder: eur(751) },
      { begins: '2026-03-03', orders: 0, revenue: eur(0), averageOrder: eur(0) },
      { begins: '2026-03-04', orders: 1, revenue: eur(2_000), averageOrder: eur(2_000) },
    ],
    topProducts: [{ productId: Id.encode(PRODUCT), title: 'Mug', quantity: 3, revenue: eur(3_501) }],
  });
});

test('weeks begin on Monday, months on their first, across the change of the clock', async () => {
  const merchant = shop.merchant();
  await sold(merchant, [
    ['2026-03-28T22:59:00Z', 100, 'paid'],
    ['2026-03-29T21:59:00Z', 200, 'paid'],
    ['2026-03-29T22:00:00Z', 400, 'paid'],
    ['2026-03-31T22:00:00Z', 800, 'paid'],
  ]);
  const seriesOf = async (unit: string) => {
    const path = `/api/merchant/analytics/sales?unit=${unit}&from=2026-03-23&until=2026-04-06`;
    const body = await bodyOf(merchant.get(path).expect(200));
    return (body as { series: { begins: string; revenue: { amount: number } }[] }).series.map(
      ({ begins, revenue }) => [begins, revenue.amount] as const,
    );
  };
  expect(await seriesOf('week')).toEqual([
    ['2026-03-23', 300],
    ['2026-03-30', 1_200],
  ]);
  expect(await seriesOf('month')).toEqual([
    ['2026-03-01', 700],
    ['2026-04-01', 800],
  ]);
});

test('a merchant sees no sales of another', async () => {
  const merchant = shop.merchant();
  await sold(merchant, [['2026-03-02T10:00:00Z', 500, 'paid']]);
  const body = await bodyOf(
    shop.merchant().get('/api/merchant/analytics/sales?from=2026-03-02&until=2026-03-03').expect(200),
  );
  expect(body).toMatchObject({ total: { orders: 0 }, topProducts: [] });
});

test.each(['from=2026-03-05&until=2026-03-05', 'from=2000-01-01', 'unit=year', 'from=yesterday', 'zone=UTC'])(
  'sales of %s answer 422',
  async (query) => {
    await shop.merchant().get(`/api/merchant/analytics/sales?${query}`).expect(422);
  },
);

test.each(['unit=month&from=9999-11-01&until=9999-12-31', 'until=0000-01-05'])(
  'days so far off that no calendar names them, such as %s, answer 422',
  async (query) => {
    const merchant = shop.merchant();
    await merchant.get(`/api/merchant/analytics/sales?${query}`).expect(422);
    await merchant.get(`/api/merchant/analytics/traffic?${query.replace('unit=month&', '')}`).expect(422);
  },
);
