import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import request from 'supertest';
import { eventually, nativeDb, variablesFor, withDatabase, withRedis } from '../tests/environment/index.ts';
import { createApi, featuresOf } from './api.ts';
import { loadConfig } from './config/index.ts';
import { createContainer, type Container } from './container.ts';
import { collections } from './container/collections.ts';
import { warmAnswer } from './platform/http/respond.ts';
import { newId } from './shared/ids.ts';
import { warmTargets } from './warm-targets.ts';

const database = withDatabase({ collections });
const redis = withRedis();
const [busy, idle] = [newId(), newId()];
let container: Container;

beforeAll(async () => {
  container = createContainer(loadConfig(variablesFor(database, redis)), 'test');
  await container.database().connect();
  const db = nativeDb(database.primary);
  const stores = [
    { _id: busy, slug: 'busy', name: 'Busy' },
    { _id: idle, slug: 'idle', name: 'Idle' },
  ];
  // As stores were before they had branding.
  const shared = { description: '', currency: 'EUR' };
  await db.collection('merchants').insertMany(stores.map((store) => ({ ...store, ...shared })));
  await db.collection('merchant_orders').insertOne({ merchantId: busy, placedAt: new Date() });
});
afterAll(() => container.close());

test('after a round of the warmer, the front of a store that sells is known, that of another is not', async () => {
  // Without Redis what is known would be relied on for less than a second, which a busy machine takes.
  const cache = container.enhancedCache();
  cache.initialize();
  await eventually(() => cache.getStats().isTrusted);
  const features = featuresOf(container);
  const sales = container.salesReads();
  const asked = jest.spyOn(sales, 'findBusiestStores');
  const targets = warmTargets(features, { ...container, salesReads: () => sales });
  for (const target of targets) for (const warmable of await target.list()) await cache.warm(warmable);
  // It reads all orders of a week.
  expect(asked).toHaveBeenCalledTimes(1);
  const app = createApi(container, features);
  const sourceOf = async (path: string) => {
    const { status, headers } = await request(app).get(`/api${path}`);
    return [status, headers['x-cache']];
  };
  expect(await sourceOf(`/storefronts/${busy.toHexString()}/products`)).toEqual([
    200,
    expect.stringMatching(/^hit-l[12]$/),
  ]);
  expect(await sourceOf('/merchants/busy')).toEqual([200, expect.stringMatching(/^hit-l[12]$/)]);
  expect(await sourceOf(`/storefronts/${idle.toHexString()}/products`)).toEqual([200, 'miss']);
  expect(await sourceOf('/merchants/idle')).toEqual([200, 'miss']);
});

test('a warm answer has its time from when its turn comes, however long the warmer rests before', async () => {
  const deadlines: number[] = [];
  const endpoints = featuresOf(container).flatMap((feature) => feature.endpoints);
  const profile = endpoints.find(({ operationId }) => operationId === 'getStoreProfile');
  if (profile === undefined) throw new Error('There is no profile');
  const handle: typeof profile.handle = (_input, { deadlineAt }) => Promise.resolve({ at: deadlines.push(deadlineAt) });
  const clock = jest.spyOn(Date, 'now').mockReturnValue(1_000_000);
  try {
    const warmable = warmAnswer({ ...profile, handle }, '/merchants/busy', { slug: 'busy' });
    clock.mockReturnValue(2_000_000);
    await warmable.load();
  } finally {
    clock.mockRestore();
  }
  expect(deadlines).toEqual([2_010_000]);
});

test('a front that no feature brings any more is told at once, not in each round', () => {
  expect(() => warmTargets([], container)).toThrow('There is no endpoint');
});
