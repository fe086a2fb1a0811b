import { beforeEach, expect, test } from '@jest/globals';
import { eventually } from '../../../tests/environment/index.ts';
import { openCache, POLICY, source, withTwoCaches, type FakeClock, type OpenCache } from '../../../tests/caches.ts';

const { url, now, stored } = withTwoCaches();

const KEYS = ['card@1:a', 'card@1:b'] as const;
const LOAD_MS = 40;

let clock: FakeClock;
let prefix: string;
let here: OpenCache;
let there: OpenCache;
beforeEach(() => {
  ({ clock, prefix, here, there } = now());
});

/** Each load takes 40 ms of the test's clock. */
const slowly = (value: string) => () => {
  clock.pass(LOAD_MS / 1_000);
  return Promise.resolve(value);
};

async function loadHere(): Promise<void> {
  for (const key of KEYS) await here.cache.getOrSet(key, slowly('mug'), POLICY);
  for (const key of KEYS) await stored(key);
}

const none = () => Promise.resolve(new Map<string, string>());

test('a hit in Redis saves what its load took', async () => {
  await loadHere();
  await there.cache.getOrSet(KEYS[0], slowly('mug'), POLICY);
  const saved = { hits: 1, savedMs: LOAD_MS, loads: 0 };
  expect(there.cache.getStats()).toMatchObject({ ...saved, byName: { card: saved }, byTag: { products: saved } });
});

test('what is out of date in Redis counts as a stale serve that saved its load', async () => {
  await loadHere();
  clock.pass(61);
  await there.cache.confirm();
  await there.cache.getMany(KEYS);
  expect(there.cache.getStats()).toMatchObject({ hits: 0, staleServes: 2, savedMs: 2 * LOAD_MS });
});

test('many that are read and loaded at once count by tag: first as misses, then as hits in Redis, then in memory', async () => {
  const load = (keys: readonly string[]) => Promise.resolve(new Map(keys.map((key) => [key, key])));
  await here.cache.getOrSetMany(KEYS, load, POLICY);
  const loaded = here.cache.getStats();
  expect(loaded.byTag.products).toMatchObject({ hits: 0, misses: 2, loads: 2 });
  expect(loaded).toMatchObject({ memory: { hits: 0, misses: 2 }, redis: { hits: 0, misses: 2 } });
  for (const key of KEYS) await stored(key);
  await there.cache.getOrSetMany(KEYS, none, POLICY);
  await there.cache.getOrSetMany(KEYS, none, POLICY);
  const found = there.cache.getStats();
  expect(found.byTag.products).toMatchObject({ hits: 4, misses: 0, loads: 0 });
  expect(found).toMatchObject({ memory: { hits: 2, misses: 2 }, redis: { hits: 2, misses: 0 } });
});

test('a key that a load of many leaves out is a miss of its tags', async () => {
  await here.cache.getOrSetMany(KEYS, none, POLICY);
  expect(here.cache.getStats().byTag.products).toMatchObject({ hits: 0, misses: 2 });
});

test('many that are only read count in memory, in Redis, by name and by tag', async () => {
  await loadHere();
  await there.cache.getMany([...KEYS, 'card@1:none']);
  const stats = there.cache.getStats();
  expect(stats).toMatchObject({ memory: { hits: 0, misses: 3 }, redis: { hits: 2, misses: 1 } });
  expect(stats.byTag.products).toMatchObject({ hits: 2, misses: 0 });
  expect(stats.byName.card).toMatchObject({ hits: 2, misses: 1, savedMs: 2 * LOAD_MS });
});

test('a question that Redis does not answer is a failure, and no miss of Redis', async () => {
  const alone = await openCache({ url: url(), prefix: `${prefix}-alone` }, { clock: clock.read });
  alone.redis.disconnect();
  await alone.cache.getOrSetMany(KEYS, none, POLICY);
  await alone.cache.getMany(KEYS);
  const { redis, memory } = alone.cache.getStats();
  expect([redis.hits, redis.misses, memory.misses]).toEqual([0, 0, 4]);
  alone.close();
});

test('a key that is loaded anew keeps its reads, and so its place among the hot keys', async () => {
  const [hot, cold] = KEYS;
  const mug = source('mug');
  const readHot = () => here.cache.getOrSet(hot, mug.load, POLICY);
  for (let reads = 0; reads < 4; reads++) await readHot();
  await here.cache.invalidate(POLICY.tags);
  await readHot();
  for (let reads = 0; reads < 3; reads++) await here.cache.getOrSet(cold, mug.load, POLICY);
  await eventually(() => here.cache.getStats().loads === 3);
  expect(here.cache.getStats().hotKeys).toEqual([
    { key: hot, reads: 3 },
    { key: cold, reads: 2 },
  ]);
});
