import { expect, test } from '@jest/globals';
import { putOnSale, stores, withShop, type Caller } from '../../../tests/shop.ts';
import { mongoTransact } from '../../platform/database/transaction.ts';
import type { MailToSend } from '../../platform/mail/mail.store.ts';
import { Id, newId } from '../../shared/ids.ts';
import { lowStockJobs } from './jobs.ts';
import { stockCollection, locationCollection } from './stock.model.ts';
import { StockStore } from './stock.store.ts';

const shop = withShop();
const unsubscribeUrl = 'https://shop.example/callbacks/stock-alerts?token=x';
const readers = [
  { name: 'Ada', email: 'ada@example.test', locale: null, unsubscribeUrl },
  { name: 'Bert', email: 'bert@example.test', locale: 'de', unsubscribeUrl },
];

/** A worker of a store that watches its mugs from 5 on, and what it has mailed. */
async function watched(available: number) {
  const { primary } = shop.database;
  const merchant = shop.merchant();
  const { locationId } = await putOnSale(merchant, { mug: available, plate: 1 });
  const path = `/api/merchant/locations/${locationId}/stock/mug`;
  await merchant.put(path, { available, lowStockAt: 5 }).expect(200);
  const mails: MailToSend[] = [];
  const [handler] = lowStockJobs({
    transact: mongoTransact(primary, () => Promise.resolve()),
    reads: shop.services.stockReads,
    store: new StockStore(stockCollection.on(primary), locationCollection.on(primary)),
    stores,
    staff: { findAlerted: () => Promise.resolve(readers) },
    sendEmail: (mail) => Promise.resolve(mails.push(mail)),
    now: () => new Date(),
  });
  const look = async () => {
    const payload = { eventId: newId(), merchantId: Id.decode(merchant.id), skus: ['mug', 'plate'] };
    await handler?.handle(payload, AbortSignal.timeout(5_000));
    return mails.splice(0);
  };
  return { merchant, path, look };
}

const buy = (merchant: Caller, quantity: number) =>
  shop
    .user()
    .post('/api/orders', { merchantId: merchant.id, lines: [{ sku: 'mug', quantity }] })
    .expect(201);

test('a sale that crosses the threshold is told once to each reader, in the own language, with a way to end it', async () => {
  const { merchant, look } = await watched(7);
  expect(await look()).toEqual([]);
  await buy(merchant, 2);
  const mails = await look();
  expect(mails.map(({ to, subject }) => [to, subject])).toEqual([
    ['ada@example.test', 'Low stock at Mugs & More'],
    ['bert@example.test', 'Niedriger Bestand bei Mugs & More'],
  ]);
  expect(mails[0]?.body).toContain('mug: 5 left');
  expect(mails[0]?.unsubscribeUrl).toBe(unsubscribeUrl);
  await buy(merchant, 1);
  expect(await look()).toEqual([]);
});

test('what was filled up is told of again when it next runs low', async () => {
  const { merchant, path, look } = await watched(3);
  expect(await look()).toHaveLength(2);
  await merchant.post(`${path}/adjustments`, { change: 10 }).expect(200);
  expect(await look()).toEqual([]);
  await buy(merchant, 9);
  expect(await look()).toHaveLength(2);
});

test('two jobs at once tell of one crossing once', async () => {
  const { look } = await watched(2);
  const told = await Promise.all([look(), look(), look()]);
  expect(told.flat()).toHaveLength(2);
});

test('a level that nobody watches, or not any more, is not told of', async () => {
  const { merchant, path, look } = await watched(9);
  await merchant.put(path, { available: 1, lowStockAt: null }).expect(200);
  expect(await look()).toEqual([]);
});

test('a count that says nothing of the threshold leaves it', async () => {
  const { merchant, path } = await watched(9);
  const answer = await merchant.put(path, { available: 8 }).expect(200);
  expect(answer.body).toMatchObject({ available: 8, lowStockAt: 5 });
});
