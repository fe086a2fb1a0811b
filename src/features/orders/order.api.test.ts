import { expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { outbox } from '../../platform/outbox/event.store.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { Id, newId } from '../../shared/ids.ts';
import { bodyOf, Caller, NOBODY, putOnSale, stockLeft, withShop } from '../../../tests/shop.ts';
import type { OrderView } from './order.schema.ts';

const shop = withShop();

const buy = (user: Caller, merchant: Caller, sku: string, quantity: number, key?: string) =>
  user.post('/api/orders', { merchantId: merchant.id, lines: [{ sku, quantity }] }, key);

async function placed(quantity: number, available = 5) {
  const [merchant, user] = [shop.merchant(), shop.user()];
  const { locationId } = await putOnSale(merchant, { 'mug-blue': available });
  const body = await bodyOf(buy(user, merchant, 'mug-blue', quantity).expect(201));
  return { merchant, user, locationId, order: body as OrderView };
}

const eventsOf = async (orderId: string) => {
  const filter = { aggregateId: Id.decode(orderId) };
  const rows = await outbox
    .on(shop.database.primary)
    .aggregate<{ type: string }>([{ $match: filter }], asSystem('test'));
  return rows.map(({ type }) => type).sort();
};

test('an order within the stock answers 201, takes the stock, prices it and leaves one event', async () => {
  const { merchant, locationId, order } = await placed(2);
  expect(order).toMatchObject({
    state: 'pending',
    items: 2,
    total: { amount: 2_000, currency: 'EUR' },
    payment: 'none',
  });
  expect(order.number).toMatch(/^[\dA-Z]{5}-[\dA-Z]{5}$/);
  expect(await stockLeft(merchant, locationId, 'mug-blue')).toBe(3);
  expect(await eventsOf(order.id)).toEqual(['order.placed']);
});

test('an order of more than there is answers 409 and takes nothing, of no SKU', async () => {
  const [merchant, user] = [shop.merchant(), shop.user()];
  const { locationId } = await putOnSale(merchant, { 'mug-a': 5, 'mug-b': 1 });
  const lines = [
    { sku: 'mug-b', quantity: 2 },
    { sku: 'mug-a', quantity: 1 },
  ];
  const refused = await user.post('/api/orders', { merchantId: merchant.id, lines }).expect(409);
  expect(refused.body).toMatchObject({ code: 'out-of-stock', sku: 'mug-b' });
  expect(await stockLeft(merchant, locationId, 'mug-a')).toBe(5);
});

test('an order of what is not for sale names each such line', async () => {
  const [merchant, user] = [shop.merchant(), shop.user()];
  await putOnSale(merchant, { 'mug-blue': 5 });
  const lines = [
    { sku: 'mug-blue', quantity: 1 },
    { sku: 'none', quantity: 1 },
  ];
  const body = await bodyOf(user.post('/api/orders', { merchantId: merchant.id, lines }).expect(422));
  expect(body).toMatchObject({ code: 'unknown-sku', errors: [{ path: 'body.lines.1.sku' }] });
});

test('twenty parallel orders of the last item sell it once', async () => {
  const merchant = shop.merchant();
  const { locationId } = await putOnSale(merchant, { 'mug-blue': 1 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => buy(shop.user(), merchant, 'mug-blue', 1)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
  expect(await stockLeft(merchant, locationId, 'mug-blue')).toBe(0);
});

/** As clients do: on 503, which a crowded machine may answer, the same again with the same key. */
async function buyPatiently(user: Caller, merchant: Caller, sku: string) {
  const key = randomUUID();
  for (;;) {
    const answer = await buy(user, merchant, sku, 1, key);
    if (answer.status !== 503) return answer;
  }
}

test('200 users who order the last 50 at the same moment get 50 orders and 150 clear refusals', async () => {
  const merchant = shop.merchant();
  const { locationId } = await putOnSale(merchant, { hot: 50 });
  const answers = await Promise.all(Array.from({ length: 200 }, () => buyPatiently(shop.user(), merchant, 'hot')));
  const codes = answers.map(({ status, body }) => (status === 201 ? 'placed' : (body as { code: string }).code));
  const count = (code: string) => codes.filter((each) => each === code).length;
  expect([count('placed'), count('out-of-stock')]).toEqual([50, 150]);
  expect(await stockLeft(merchant, locationId, 'hot')).toBe(0);
}, 30_000);

test('baskets of the same SKUs in other orders do not stand in each other’s way', async () => {
  const merchant = shop.merchant();
  const { locationId } = await putOnSale(merchant, { a: 20, b: 20, c: 20 });
  const baskets = [
    ['a', 'b', 'c'],
    ['c', 'b', 'a'],
    ['b', 'c', 'a'],
    ['c', 'a'],
  ];
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => {
      const lines = (baskets[index % 4] ?? []).map((sku) => ({ sku, quantity: 1 }));
      return shop.user().post('/api/orders', { merchantId: merchant.id, lines });
    }),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201));
  expect(await stockLeft(merchant, locationId, 'a')).toBe(0);
  expect(await stockLeft(merchant, locationId, 'b')).toBe(5);
});

test('the same key again answers the same order and takes no more stock', async () => {
  const [merchant, user] = [shop.merchant(), shop.user()];
  const { locationId } = await putOnSale(merchant, { 'mug-blue': 5 });
  const first = await buy(user, merchant, 'mug-blue', 1, 'key-1').expect(201);
  const again = await buy(user, merchant, 'mug-blue', 1, 'key-1').expect(201);
  expect(again.get('idempotent-replayed')).toBe('true');
  expect(again.text).toBe(first.text);
  expect(await stockLeft(merchant, locationId, 'mug-blue')).toBe(4);
  await buy(user, merchant, 'mug-blue', 2, 'key-1').expect(422);
});

test('a cancelled order gives its stock back, once', async () => {
  const { merchant, user, locationId, order } = await placed(2);
  const cancelled = await user.post(`/api/orders/${order.id}/cancellation`).expect(200);
  expect(cancelled.body).toMatchObject({ state: 'cancelled', allowedTransitions: [], payment: 'none' });
  expect(await stockLeft(merchant, locationId, 'mug-blue')).toBe(5);
  const refused = await user.post(`/api/orders/${order.id}/cancellation`).expect(409);
  expect(refused.body).toMatchObject({ code: 'transition-refused', state: 'cancelled', allowedTransitions: [] });
  expect(await stockLeft(merchant, locationId, 'mug-blue')).toBe(5);
  expect(await eventsOf(order.id)).toEqual(['order.cancelled', 'order.placed']);
});

test('ten cancellations at once give the stock back once', async () => {
  const { merchant, user, locationId, order } = await placed(2);
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => user.post(`/api/orders/${order.id}/cancellation`)),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(await stockLeft(merchant, locationId, 'mug-blue')).toBe(5);
});

test('an order is paid, shipped and delivered, and then cannot be cancelled', async () => {
  const { merchant, user, order } = await placed(1);
  const paid = await user.post(`/api/orders/${order.id}/payments`, { token: 'tok_visa' }).expect(200);
  expect(paid.body).toMatchObject({ state: 'paid', payment: 'captured', allowedTransitions: ['shipped', 'cancelled'] });
  for (const to of ['shipped', 'delivered']) {
    await merchant.post(`/api/merchant/orders/${order.id}/transitions`, { to }).expect(200);
  }
  await merchant.post(`/api/merchant/orders/${order.id}/transitions`, { to: 'cancelled' }).expect(409);
});

test('an edit of a version that is not there any more answers 412', async () => {
  const { merchant, order } = await placed(1);
  const path = `/api/merchant/orders/${order.id}/transitions`;
  await merchant.post(path, { to: 'paid' }).set('If-Match', '"v7"').expect(412);
  await merchant.post(path, { to: 'paid' }).set('If-Match', '"v1"').expect(200);
});

test('a merchant places an order for a customer, who then finds it among theirs', async () => {
  const [merchant, user] = [shop.merchant(), shop.user()];
  await putOnSale(merchant, { 'mug-blue': 5 });
  const lines = [{ sku: 'mug-blue', quantity: 1 }];
  const made = await merchant.post('/api/merchant/orders', { customerId: user.id, lines }).expect(201);
  const { id } = made.body as OrderView;
  expect(made.get('location')).toBe(`/api/merchant/orders/${id}`);
  const body = await bodyOf(user.get('/api/orders').expect(200));
  expect(body).toMatchObject({ data: [{ id }], page: { hasMore: false } });
  const unknown = { customerId: Id.encode(NOBODY), lines };
  expect((await merchant.post('/api/merchant/orders', unknown)).body).toMatchObject({ code: 'unknown-customer' });
});

test('lists are filtered by state, customer, SKU, store and time, and paged by cursor', async () => {
  const [merchant, user] = [shop.merchant(), shop.user()];
  await putOnSale(merchant, { a: 50, b: 50 });
  const orders: OrderView[] = [];
  for (const sku of ['a', 'a', 'b']) orders.push((await buy(user, merchant, sku, 1)).body as OrderView);
  await buy(shop.user(), merchant, 'a', 1).expect(201);
  const ids = async (caller: Caller, path: string) =>
    ((await caller.get(path).expect(200)).body as { data: OrderView[] }).data.map(({ id }) => id);
  const newestFirst = orders.map(({ id }) => id).reverse();

  await user.post(`/api/orders/${orders[0]?.id ?? ''}/cancellation`).expect(200);
  expect(await ids(merchant, `/api/merchant/orders?customerId=${user.id}`)).toEqual(newestFirst);
  expect(await ids(merchant, '/api/merchant/orders?sku=b')).toEqual([orders[2]?.id]);
  expect(await ids(merchant, '/api/merchant/orders?state=cancelled')).toEqual([orders[0]?.id]);
  expect(await ids(merchant, '/api/merchant/orders?until=2020-01-01T00:00:00Z')).toEqual([]);
  expect(await ids(merchant, `/api/merchant/orders?state=pending&sku=a&customerId=${user.id}`)).toEqual([
    orders[1]?.id,
  ]);
  expect(await ids(user, `/api/orders?merchantId=${merchant.id}`)).toEqual(newestFirst);
  expect(await ids(user, '/api/orders?state=cancelled')).toEqual([orders[0]?.id]);

  const first = (await user.get('/api/orders?limit=2').expect(200)).body as { page: { nextCursor: string } };
  expect(await ids(user, `/api/orders?limit=2&cursor=${first.page.nextCursor}`)).toEqual([orders[0]?.id]);
  await merchant.get(`/api/merchant/orders?limit=2&cursor=${first.page.nextCursor}`).expect(400);
  const narrow = await user.get('/api/orders?limit=1&fields=number').expect(200);
  expect((narrow.body as { data: unknown[] }).data).toEqual([{ id: newestFirst[0], number: orders[2]?.number }]);
});

test('a number leads to its order, for its merchant only', async () => {
  const { merchant, order } = await placed(1);
  const path = `/api/merchant/order-numbers/${order.number}`;
  expect((await merchant.get(path).expect(200)).body).toMatchObject({ id: order.id });
  await shop.merchant().get(path).expect(404);
});

test('the platform sees the orders of all stores with their number', async () => {
  await placed(1);
  const body = await bodyOf(shop.admin().get('/api/admin/orders?limit=1&state=pending').expect(200));
  expect(body).toMatchObject({ data: [{ state: 'pending' }], page: { number: 1, limit: 1 } });
  await shop.admin().get('/api/admin/orders').expect(200);
  await shop.merchant().get('/api/admin/orders').expect(401);
});

test("another's order answers 404 and nothing of it, whatever is tried", async () => {
  const { merchant, order } = await placed(1);
  const [stranger, other] = [shop.user(), shop.merchant()];
  const answers = await Promise.all([
    stranger.get(`/api/orders/${order.id}`),
    stranger.post(`/api/orders/${order.id}/payments`, { token: 'tok_visa' }),
    stranger.post(`/api/orders/${order.id}/cancellation`),
    other.get(`/api/merchant/orders/${order.id}`),
    other.post(`/api/merchant/orders/${order.id}/transitions`, { to: 'cancelled' }),
  ]);
  for (const { status, body, text } of answers) {
    expect({ status, body: body as unknown }).toMatchObject({ status: 404, body: { code: 'order-not-found' } });
    expect(text).not.toContain('mug-blue');
  }
  expect((await merchant.get(`/api/merchant/orders/${order.id}`)).body).toEqual(order);
});

test.each([
  ['no lines', { lines: [] }],
  [
    'the same SKU twice',
    {
      lines: [
        { sku: 'a', quantity: 1 },
        { sku: 'a', quantity: 1 },
      ],
    },
  ],
  ['an operator for a SKU', { lines: [{ sku: { $gt: '' }, quantity: 1 }] }],
  ['a part of a piece', { lines: [{ sku: 'a', quantity: 0.5 }] }],
  ['a negative quantity', { lines: [{ sku: 'a', quantity: -1 }] }],
  ['a price', { lines: [{ sku: 'a', quantity: 1, unitPrice: { amount: 1, currency: 'EUR' } }] }],
  ['a state', { lines: [{ sku: 'a', quantity: 1 }], state: 'paid' }],
  ['an id that is none', { lines: [{ sku: 'a', quantity: 1 }], merchantId: 'x' }],
])('an order with %s answers 422', async (_what, sent) => {
  const body = await bodyOf(
    shop
      .user()
      .post('/api/orders', { merchantId: Id.encode(newId()), ...sent })
      .expect(422),
  );
  expect(body).toMatchObject({ code: 'invalid-request' });
});
