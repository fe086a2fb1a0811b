import { beforeEach, expect, test } from '@jest/globals';
import { eventually } from '../../../tests/environment/index.ts';
import {
  DatabaseIsAway,
  openCache,
  POLICY,
  withTwoCaches,
  type FakeClock,
  type OpenCache,
} from '../../../tests/caches.ts';

const { url, now, stored } = withTwoCaches();
const away = () => Promise.reject(new DatabaseIsAway());
const never = () => new Promise<ReadonlyMap<string, string>>(() => undefined);

let clock: FakeClock;
let prefix: string;
let here: OpenCache;
let there: OpenCache;
beforeEach(async () => {
  ({ clock, prefix, here, there } = now());
  await here.cache.getOrSet('a', () => Promise.resolve('known'), POLICY);
  await stored('a');
});

const all = (value: string) => (keys: readonly string[]) => Promise.resolve(new Map(keys.map((key) => [key, value])));
const known = new Map([['a', 'known']]);

test.each([
  ['memory', () => here],
  ['Redis', () => there],
])('a stale one of many, known to %s, is shown while it is loaded anew', async (_, who) => {
  clock.pass(61);
  await here.cache.confirm();
  expect(await who().cache.getOrSetMany(['a', 'b'], all('new'), POLICY)).toEqual(new Map([...known, ['b', 'new']]));
  await eventually(() => who().cache.peek('a')?.value === 'new');
});

test('a stale one of many is shown when its load fails', async () => {
  clock.pass(61);
  expect(await there.cache.getOrSetMany(['a'], away, POLICY)).toEqual(known);
});

test('past that as well it stands in while the database is away, but not once it is invalidated', async () => {
  clock.pass(400);
  expect(await there.cache.getOrSetMany(['a'], away, POLICY)).toEqual(known);
  await expect(there.cache.getOrSetMany(['a', 'b'], away, POLICY)).rejects.toThrow(DatabaseIsAway);
  await there.cache.invalidate(['products']);
  await expect(there.cache.getOrSetMany(['a'], away, POLICY)).rejects.toThrow(DatabaseIsAway);
});

test('it stands in for a load that is late, too', async () => {
  clock.pass(400);
  const impatient = await openCache({ url: url(), prefix }, { clock: clock.read, times: { softMs: 1 } });
  expect(await impatient.cache.getOrSetMany(['a'], never, POLICY)).toEqual(known);
  impatient.close();
});

test('a load of many that does not end is given up, also for who reads one of them', async () => {
  const strict = await openCache({ url: url(), prefix }, { clock: clock.read, times: { loadMs: 50 } });
  const many = strict.cache.getOrSetMany(['b', 'c'], never, POLICY);
  const one = strict.cache.getOrSet('b', () => Promise.resolve('unused'), POLICY);
  expect(await Promise.allSettled([many, one])).toMatchObject([
    { status: 'rejected', reason: { kind: { status: 503 } } },
    { status: 'rejected', reason: { kind: { status: 503 } } },
  ]);
  expect(strict.cache.getStats().underWay).toBe(0);
  strict.close();
});
