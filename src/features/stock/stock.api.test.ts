import { expect, test } from '@jest/globals';
import { auditEntries } from '../audit/audit.model.ts';
import { Id, newId } from '../../shared/ids.ts';
import { bodyOf, putOnSale, stockLeft, withShop } from '../../../tests/shop.ts';

const shop = withShop();

async function withMugs(available: number) {
  const merchant = shop.merchant();
  const { locationId } = await putOnSale(merchant, { mug: available });
  return { merchant, locationId, path: `/api/merchant/locations/${locationId}/stock/mug` };
}

test('a count sets the stock, if it was made of the version that is there', async () => {
  const { merchant, locationId, path } = await withMugs(5);
  const body = await bodyOf(merchant.put(path, { available: 7 }).set('If-Match', '"v1"').expect(200));
  expect(body).toEqual({ sku: 'mug', locationId, available: 7, lowStockAt: null, version: 2 });
  await merchant.put(path, { available: 9 }).set('If-Match', '"v1"').expect(412);
  expect(await stockLeft(merchant, locationId, 'mug')).toBe(7);
});

test('twenty adjustments at once are all counted, and none takes more than there is', async () => {
  const { merchant, locationId, path } = await withMugs(5);
  const added = Array.from({ length: 20 }, () => merchant.post(`${path}/adjustments`, { change: 1 }));
  expect((await Promise.all(added)).map(({ status, text }) => (status === 200 ? 200 : text))).toEqual(
    Array.from({ length: 20 }, () => 200),
  );
  const taken = await Promise.all(
    Array.from({ length: 20 }, () => merchant.post(`${path}/adjustments`, { change: -2 })),
  );
  expect(taken.filter(({ status }) => status === 200)).toHaveLength(12);
  expect(taken.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'out-of-stock', available: 1 });
  expect(await stockLeft(merchant, locationId, 'mug')).toBe(1);
});

test('an adjustment sent twice with one key counts once', async () => {
  const { merchant, locationId, path } = await withMugs(5);
  await merchant.post(`${path}/adjustments`, { change: 3 }, 'once').expect(200);
  const again = await merchant.post(`${path}/adjustments`, { change: 3 }, 'once').expect(200);
  expect(again.body).toMatchObject({ available: 8 });
  expect(await stockLeft(merchant, locationId, 'mug')).toBe(8);
});

test('a location lists what lies there by SKU, page by page', async () => {
  const merchant = shop.merchant();
  const { locationId } = await putOnSale(merchant, { b: 2, a: 1, c: 3 });
  const list = `/api/merchant/locations/${locationId}/stock`;
  const body = await bodyOf(merchant.get(`${list}?limit=2`).expect(200));
  expect(body).toMatchObject({ data: [{ sku: 'a', available: 1 }, { sku: 'b' }], page: { hasMore: true } });
  const { nextCursor } = (body as { page: { nextCursor: string } }).page;
  const rest = await merchant.get(`${list}?limit=2&cursor=${nextCursor}`).expect(200);
  expect(rest.body).toMatchObject({ data: [{ sku: 'c' }], page: { hasMore: false } });
});

test('two locations of one name answer 409', async () => {
  const { merchant } = await withMugs(1);
  await merchant.post('/api/merchant/locations', { name: 'Warehouse' }).expect(409);
  await merchant.post('/api/merchant/locations', { name: 'Shop' }).expect(201);
  const created = await auditEntries
    .on(shop.database.primary)
    .find({ action: 'stock.location-created' }, null, {
      scope: { kind: 'merchant', merchantId: Id.decode(merchant.id) },
    })
    .sort({ occurredAt: 1, _id: 1 })
    .lean();
  expect(created.map(({ after }) => after)).toEqual([{ name: 'Warehouse' }, { name: 'Shop' }]);
});

test("another merchant's stock answers 404 and stays as it is", async () => {
  const { merchant, locationId, path } = await withMugs(5);
  const stranger = shop.merchant();
  await stranger.get(path).expect(404);
  await stranger.put(path, { available: 0 }).expect(404);
  await stranger.post(`${path}/adjustments`, { change: -5 }).expect(404);
  expect((await stranger.get(`/api/merchant/locations/${locationId}/stock`)).body).toMatchObject({ data: [] });
  expect(await stockLeft(merchant, locationId, 'mug')).toBe(5);
});

test('stock at a place that does not exist, of less than nothing, or by nothing is refused', async () => {
  const { merchant, path } = await withMugs(5);
  await merchant.put(`/api/merchant/locations/${Id.encode(newId())}/stock/mug`, { available: 1 }).expect(404);
  await merchant.put(path, { available: -1 }).expect(422);
  await merchant.post(`${path}/adjustments`, { change: 0 }).expect(422);
});
