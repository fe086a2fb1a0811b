import { expect, test } from '@jest/globals';
import { Id, newId } from '../../shared/ids.ts';
import { bodyOf, withShop, type Caller } from '../../../tests/shop.ts';
import type { ManagedProduct, ProductCard } from './product.schema.ts';

const shop = withShop();

const eur = (amount: number) => ({ amount, currency: 'EUR' });
let made = 0;
const mug = (changes: object = {}) => {
  made += 1;
  const variants = [{ sku: `mug-${String(made)}`, title: 'Blue', price: eur(1_000 + made) }];
  return { title: `Mug ${String(made)}`, category: 'mugs', status: 'active', variants, ...changes };
};
const create = async (merchant: Caller, changes: object = {}) =>
  (await merchant.post('/api/merchant/products', mug(changes)).expect(201)).body as ManagedProduct;
const cards = async (path: string) =>
  ((await shop.anybody().get(path).expect(200)).body as { data: ProductCard[] }).data.map(({ title }) => title);

test('a product is created with a slug of its title, its lowest price and an excerpt', async () => {
  const merchant = shop.merchant();
  const variants = [
    { sku: 'large', title: 'Large', price: eur(1_500) },
    { sku: 'small', title: 'Small', price: eur(900) },
  ];
  const description = 'Fired twice. '.repeat(40);
  const { id } = await create(merchant, { title: 'Großer Becher, été', description, variants, tags: ['gift'] });
  const body = await bodyOf(merchant.get('/api/merchant/products').expect(200));
  expect(body).toMatchObject({
    data: [{ id, slug: 'gro-er-becher-ete', from: eur(900), truncated: true, version: 1 }],
  });
  expect((body as { data: ProductCard[] }).data[0]?.excerpt.length).toBeLessThanOrEqual(160);
  const read = await merchant.get(`/api/merchant/products/${id}`).expect(200);
  expect(read.get('etag')).toBe('"v1"');
  expect(read.body).toMatchObject({ description: description.trim(), variants });
});

test('what is a draft or archived is on no storefront', async () => {
  const merchant = shop.merchant();
  const draft = await create(merchant, { status: 'draft' });
  const active = await create(merchant);
  const list = `/api/storefronts/${merchant.id}/products`;
  expect(await cards(list)).toEqual([active.title]);
  await shop.anybody().get(`${list}/${draft.slug}`).expect(404);
  const shown = await shop.anybody().get(`${list}/${active.slug}`).expect(200);
  expect(shown.body).toMatchObject({ id: active.id, title: active.title });
  expect(shown.text).not.toMatch(/version|status/);

  await merchant.post(`/api/merchant/products/${active.id}/archive`).expect(200);
  expect(await cards(list)).toEqual([]);
  await merchant.patch(`/api/merchant/products/${draft.id}`, { status: 'active' }).expect(200);
  expect(await cards(list)).toEqual([draft.title]);
  const archived = await merchant.get('/api/merchant/products?status=archived').expect(200);
  expect(archived.body).toMatchObject({ data: [{ id: active.id }] });
});

test('a storefront is filtered by category or tag, ordered by price, and paged', async () => {
  const merchant = shop.merchant();
  const list = `/api/storefronts/${merchant.id}/products`;
  const dear = await create(merchant, {
    tags: ['gift'],
    variants: [{ sku: 'dear', title: 'Dear', price: eur(9_999) }],
  });
  const plain = await create(merchant, { category: 'plates' });
  const cheap = await create(merchant, { variants: [{ sku: 'cheap', title: 'Cheap', price: eur(1) }] });
  expect(await cards(list)).toEqual([cheap.title, plain.title, dear.title]);
  expect(await cards(`${list}?category=plates`)).toEqual([plain.title]);
  expect(await cards(`${list}?tag=gift`)).toEqual([dear.title]);
  expect(await cards(`${list}?sort=price`)).toEqual([cheap.title, plain.title, dear.title]);
  expect(await cards(`${list}?sort=-price`)).toEqual([dear.title, plain.title, cheap.title]);
  const first = await shop.anybody().get(`${list}?limit=2`).expect(200);
  const { nextCursor } = (first.body as { page: { nextCursor: string } }).page;
  expect(await cards(`${list}?limit=2&cursor=${nextCursor}`)).toEqual([dear.title]);
  await shop.anybody().get(`${list}?category=mugs&tag=gift`).expect(422);
});

test('a search finds words in titles before words in descriptions, page by page', async () => {
  const merchant = shop.merchant();
  await create(merchant, { title: 'Saucer', description: 'Fits every teapot.' });
  await create(merchant, { title: 'Teapot' });
  await create(merchant, { title: 'Spoon' });
  await create(shop.merchant(), { title: 'Teapot of another store' });
  const search = `/api/storefronts/${merchant.id}/search?q=teapots`;
  expect(await cards(search)).toEqual(['Teapot', 'Saucer']);
  const first = await shop.anybody().get(`${search}&limit=1`).expect(200);
  const { nextCursor } = (first.body as { page: { nextCursor: string } }).page;
  expect(await cards(`${search}&limit=1&cursor=${nextCursor}`)).toEqual(['Saucer']);
  await shop.anybody().get(`/api/storefronts/${merchant.id}/search?q=spoon&cursor=${nextCursor}`).expect(400);
});

test('a merchant finds a product by SKU, status and category', async () => {
  const merchant = shop.merchant();
  const product = await create(merchant, { category: 'plates', variants: [{ sku: 'p-1', title: 'P', price: eur(1) }] });
  await create(merchant);
  for (const query of ['sku=p-1', 'category=plates', 'status=active&category=plates', 'sku=p-1&status=active']) {
    const body = await bodyOf(merchant.get(`/api/merchant/products?${query}`).expect(200));
    expect((body as { data: ProductCard[] }).data.map(({ id }) => id)).toEqual([product.id]);
  }
});

test('a taken slug or SKU answers 409 and names the field', async () => {
  const merchant = shop.merchant();
  const { slug, variants } = await create(merchant);
  const [again, other] = [
    { ...mug(), slug },
    { ...mug(), variants },
  ];
  expect((await merchant.post('/api/merchant/products', again).expect(409)).body).toMatchObject({
    code: 'already-exists',
  });
  await merchant.post('/api/merchant/products', other).expect(409);
  await create(shop.merchant(), { slug, variants });
});

test('a price in another currency than the store’s is refused', async () => {
  const variants = [{ sku: 'x', title: 'X', price: { amount: 1, currency: 'USD' } }];
  const body = await bodyOf(shop.merchant().post('/api/merchant/products', mug({ variants })).expect(422));
  expect(body).toMatchObject({ code: 'wrong-currency', errors: [{ path: 'body.variants.0.price.currency' }] });
});

test('of ten edits of one version one is made and the others answer 412', async () => {
  const merchant = shop.merchant();
  const { id } = await create(merchant);
  const edits = Array.from({ length: 10 }, (_, index) =>
    merchant.patch(`/api/merchant/products/${id}`, { title: `Edit ${String(index)}` }).set('If-Match', '"v1"'),
  );
  const statuses = (await Promise.all(edits)).map(({ status }) => status);
  expect(statuses.toSorted((a, b) => a - b)).toEqual([200, ...Array.from({ length: 9 }, () => 412)]);
  expect((await merchant.get(`/api/merchant/products/${id}`)).body).toMatchObject({ version: 2 });
});

test("another merchant's product answers 404 to whatever is tried, and stays as it is", async () => {
  const merchant = shop.merchant();
  const product = await create(merchant);
  const path = `/api/merchant/products/${product.id}`;
  const stranger = shop.merchant();
  await stranger.get(path).expect(404);
  await stranger.patch(path, { title: 'Mine' }).expect(404);
  await stranger.post(`${path}/archive`).expect(404);
  expect((await merchant.get(path).expect(200)).body).toEqual(product);
  await shop.user().get(path).expect(401);
});

test.each([
  ['merchantId', Id.encode(newId())],
  ['_id', Id.encode(newId())],
  ['version', 7],
  ['status', 'archived'],
  ['title', { $gt: '' }],
  ['variants', []],
  ['tags', ['gift', 'gift']],
  ['slug', '../admin'],
])('a product with %s = %j is refused, and nothing is written', async (field, value) => {
  const merchant = shop.merchant();
  const body = await bodyOf(merchant.post('/api/merchant/products', mug({ [field]: value })).expect(422));
  expect(body).toMatchObject({ code: 'invalid-request' });
  expect((await merchant.get('/api/merchant/products')).body).toMatchObject({ data: [] });
});
