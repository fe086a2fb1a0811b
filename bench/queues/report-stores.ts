import type { Database } from '../../src/platform/database/connection.ts';
import { changeIndexes, planIndexes } from '../../src/platform/database/indexes.ts';
import { collections } from '../../src/container/collections.ts';
import type { MerchantProduct } from '../../src/features/catalog/product.model.ts';
import type { User } from '../../src/features/identity/user.model.ts';
import type { Merchant } from '../../src/features/merchants/merchant.model.ts';
import type { MerchantOrder } from '../../src/features/orders/order.model.ts';
import type { StockLevel, StockLocation } from '../../src/features/stock/stock.model.ts';
import { newId, type Id } from '../../src/shared/ids.ts';
import { DAY_MS } from '../../src/shared/time.ts';

/** The year that the stores' orders are of. */
export const YEAR = { from: '2025-01-01', until: '2026-01-01' };

const BATCH = 1_000;
const CUSTOMERS = 5_000;
const LOCATIONS = 5;
const CATEGORIES = 20;
const CURRENCY = 'EUR';

type Connected = NonNullable<Database['primary']['db']>;

/** Stores with so much of everything: the orders of a year, and as many variants and places of stock. */
export async function makeStores(db: Connected, sizes: readonly number[]): Promise<ReadonlyMap<number, Id>> {
  await changeIndexes(db, (await planIndexes(db, collections)).changes);
  const customers = Array.from({ length: CUSTOMERS }, newId);
  await insert(db, 'users', CUSTOMERS, (index): User => customerOf(customers[index] ?? newId(), index));
  const stores = new Map<number, Id>();
  for (const size of sizes) stores.set(size, await makeStore(db, size, customers));
  return stores;
}

async function makeStore(db: Connected, size: number, customers: readonly Id[]): Promise<Id> {
  const store = storeOf(size);
  const merchantId = store._id;
  await db.collection<Merchant>('merchants').insertOne(store);
  const product = (index: number) => productOf(merchantId, index);
  await insert(db, 'merchant_products', size, product);
  const locations = Array.from({ length: LOCATIONS }, (_, index) => locationOf(merchantId, index));
  await db.collection<StockLocation>('stock_locations').insertMany(locations);
  const level = (index: number): StockLevel => {
    const { _id: locationId } = locations[index % LOCATIONS] ?? { _id: newId() };
    return { _id: newId(), merchantId, locationId, sku: skuOf(index), available: index % 50, version: 1 };
  };
  await insert(db, 'stock', size, level);
  const order = (index: number) => orderOf(merchantId, customers[index % CUSTOMERS] ?? newId(), index, size);
  await insert(db, 'merchant_orders', size, order);
  return merchantId;
}

async function insert(db: Connected, name: string, count: number, of: (index: number) => object): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => of(from + index));
    await db.collection(name).insertMany(rows);
  }
}

const skuOf = (index: number): string => `SKU-${String(index).padStart(6, '0')}`;
const titleOf = (index: number): string => `Coffee of the farm number ${String(index)}, roasted light`;
const priceOf = (index: number) => ({ amount: 1_000 + ((index * 7_919) % 9_000), currency: CURRENCY });

function storeOf(size: number): Merchant {
  const slug = `store-${String(size)}`;
  const look = {
    branding: { logoUrl: null, accentColor: '#0f766e' },
    timeZone: 'Europe/Berlin',
    locale: 'en',
  } as const;
  const facts = { currency: CURRENCY, currencyIsFixed: true, ownerCount: 1, version: 1, createdAt: new Date(0) };
  return { _id: newId(), slug, name: 'Harbour Coffee', description: '', ...look, ...facts };
}

const customerOf = (_id: Id, index: number): User => ({
  _id,
  email: `customer-${String(index)}@example.com`,
  name: `Customer Number ${String(index)}`,
  passwordHash: '',
  role: 'user',
  emailVerifiedAt: null,
  locale: null,
  phone: null,
  orderTextsSince: null,
  createdAt: new Date(0),
});

const locationOf = (merchantId: Id, index: number): StockLocation => ({
  _id: newId(),
  merchantId,
  name: `Warehouse ${String(index)}`,
  createdAt: new Date(0),
});

function productOf(merchantId: Id, index: number): MerchantProduct {
  const [title, price, at] = [titleOf(index), priceOf(index), new Date(0)];
  const text = { description: title, excerpt: title, truncated: false, tags: [] };
  return {
    ...{ _id: newId(), merchantId, slug: `coffee-${String(index)}`, title, ...text },
    category: `Category ${String(index % CATEGORIES)}`,
    status: 'active',
    variants: [{ sku: skuOf(index), title, price }],
    from: price,
    version: 1,
    ...{ createdAt: at, updatedAt: at, publishedAt: at },
  };
}

function orderOf(merchantId: Id, customerId: Id, index: number, orders: number): MerchantOrder {
  const placedAt = new Date(Date.parse(YEAR.from) + (index / orders) * 365 * DAY_MS);
  const price = priceOf(index);
  return {
    _id: newId(),
    number: String(index).padStart(6, '0'),
    ...{ merchantId, customerId, locationId: newId() },
    state: 'delivered',
    version: 1,
    lines: [{ productId: newId(), sku: skuOf(index), title: titleOf(index), quantity: 1, unitPrice: price }],
    items: 1,
    total: price,
    payment: null,
    placedAt,
    updatedAt: placedAt,
  };
}
