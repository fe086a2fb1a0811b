import { MongoClient, type Db } from 'mongodb';
import {
  rollupState,
  STATE_ID,
  trackedEvents,
  type RollupState,
} from '../../src/features/analytics/analytics.model.ts';
import { productCollection } from '../../src/features/catalog/product.model.ts';
import { users } from '../../src/features/identity/user.model.ts';
import { memberships } from '../../src/features/merchants/membership.model.ts';
import { merchants } from '../../src/features/merchants/merchant.model.ts';
import { orderCollection } from '../../src/features/orders/order.model.ts';
import { locationCollection, stockCollection } from '../../src/features/stock/stock.model.ts';
import { Passwords } from '../../src/platform/security/passwords.ts';
import { DAY_MS } from '../../src/shared/time.ts';
import type { SeedOptions, SeedSummary, SeedTarget } from './contract.ts';
import { makeOrders, type Assortment } from './orders.ts';
import { makePeople, type People } from './people.ts';
import { makeProducts, makeStock } from './products.ts';
import { Random, split, zipf } from './random.ts';
import { makeStores } from './stores.ts';
import { makeTraffic } from './traffic.ts';
import { STORES } from './words.ts';

export { demoLogins } from './people.ts';

const USERS = 2_000;
const PRODUCTS = 3_000;
const ORDERS = 30_000;
const DEFAULT_SEED = 20_260;
const BATCH = 1_000;
const SELECTION_TIMEOUT_MS = 5_000;

/** Whether a database was filled, and to the end. */
interface SeedMark {
  _id: 'demo';
  state: 'begun' | 'done';
  seedNumber: number;
}
const MARKS = 'seeds';

const FILLED = [
  users,
  merchants,
  memberships,
  locationCollection,
  productCollection,
  stockCollection,
  orderCollection,
  trackedEvents,
  rollupState,
];

/** Whether `seed` has filled this database to the end. */
export async function isSeeded(target: SeedTarget): Promise<boolean> {
  return withDatabase(target, async (db) => (await markOf(db))?.state === 'done');
}

/**
 * Fills a database with believable shops of the year that ends today: the same number on the same day gives the same
 * data. What a seeding that was broken off has left behind is removed first.
 */
export async function seed({ seedNumber = DEFAULT_SEED, onProgress, ...target }: SeedOptions): Promise<SeedSummary> {
  return withDatabase(target, async (db) => {
    const marks = db.collection<SeedMark>(MARKS);
    if ((await markOf(db))?.state === 'begun') await empty(db);
    await marks.replaceOne({ _id: 'demo' }, { state: 'begun', seedNumber }, { upsert: true });
    const written = await fill(db, new Random(seedNumber), onProgress ?? (() => undefined));
    await marks.updateOne({ _id: 'demo' }, { $set: { state: 'done' } });
    return written;
  });
}

async function fill(db: Db, random: Random, onProgress: NonNullable<SeedOptions['onProgress']>): Promise<SeedSummary> {
  // The begin of today, so that two runs of one day agree.
  const until = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);
  const people = await makePeople(random, until, USERS, (password) => new Passwords().hash(password));
  const stores = makeStores(random, until, people);
  const shares = split(PRODUCTS, zipf(STORES.length, 0.9));
  const assortments = stores.map((store, index): Assortment => {
    return { store, products: makeProducts(random, until, store, shares[index] ?? 1) };
  });
  const products = assortments.flatMap((assortment) => assortment.products);
  const stock = assortments.flatMap((assortment) => makeStock(random, assortment.store, assortment.products));
  const orders = [...makeOrders(random, until, ORDERS, assortments, buyersAmong(people))];
  const traffic = makeTraffic(random, until, orders, stores, BATCH);

  const total = people.all.length + products.length + stock.length + orders.length + traffic.length;
  let done = 0;
  const write = async (collection: string, what: string, rows: Iterable<object>): Promise<number> => {
    let count = 0;
    for (const batch of batches(rows)) {
      await db.collection(collection).insertMany(batch, { ordered: false });
      count += batch.length;
      done += batch.length;
      onProgress(Math.min(1, done / total), what);
    }
    return count;
  };
  const written = {
    users: await write(users.collection, 'users', people.all),
    merchants: await write(
      merchants.collection,
      'merchants',
      stores.map(({ merchant }) => merchant),
    ),
    memberships: await write(
      memberships.collection,
      'members',
      stores.flatMap((store) => store.memberships),
    ),
    locations: await write(
      locationCollection.collection,
      'locations',
      stores.flatMap((store) => store.locations),
    ),
    products: await write(productCollection.collection, 'products', products),
    stock: await write(stockCollection.collection, 'stock', stock),
    orders: await write(orderCollection.collection, 'orders', orders),
    events: await write(trackedEvents.collection, 'traffic', traffic),
  };
  // Workers take it from here, and roll up what waits.
  const state: RollupState = { _id: STATE_ID, batch: traffic.at(-1)?.batch ?? 0, through: 0, rolling: null };
  await db.collection<RollupState>(rollupState.collection).insertOne(state);
  return written;
}

/** Everybody but who runs the platform. The demo's user is among the most eager, so that there is something to see. */
function buyersAmong({ all, demo }: People): People['all'] {
  const hidden = new Set([demo.admin, demo.support, demo.user]);
  return [demo.user, ...all.filter((person) => !hidden.has(person))];
}

function* batches(rows: Iterable<object>): Generator<object[]> {
  let batch: object[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

const markOf = (db: Db): Promise<SeedMark | null> => db.collection<SeedMark>(MARKS).findOne({ _id: 'demo' });

async function empty(db: Db): Promise<void> {
  for (const { collection } of FILLED) await db.collection(collection).deleteMany({});
}

async function withDatabase<T>({ uri, name }: SeedTarget, work: (db: Db) => Promise<T>): Promise<T> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: SELECTION_TIMEOUT_MS });
  try {
    return await work(client.db(name));
  } finally {
    await client.close();
  }
}
