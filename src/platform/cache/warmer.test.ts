import { expect, test } from '@jest/globals';
import { silent } from '../../../tests/environment/index.ts';
import type { Warmable } from './enhanced-cache.service.ts';
import { CacheWarmer, type WarmerDeps, type WarmTarget } from './warmer.ts';

const INTERVAL_MS = 300_000;

const warmable = (key: string): Warmable => ({
  key,
  load: () => Promise.resolve(key),
  policy: { freshSeconds: 60, staleSeconds: 300, tags: [] },
});

const target = (name: string, keys: readonly string[]): WarmTarget => ({
  name,
  list: () => Promise.resolve(keys.map(warmable)),
});

/** A warmer whose time passes only by its loads, 10 ms each, and its rests. */
function warmerOf(
  targets: readonly WarmTarget[],
  cache: Partial<Pick<WarmerDeps['cache'], 'warm'> & { take: () => Promise<number | undefined> }> = {},
  isUsable = () => true,
) {
  const seen = { keys: [] as string[], now: 0, restedMs: 0, workedMs: 0 };
  const warmer = new CacheWarmer({
    cache: {
      get isUsable() {
        return isUsable();
      },
      duty: () => ({
        take: cache.take ?? (() => Promise.resolve(0)),
        done: () => Promise.resolve(),
        release: () => Promise.resolve(),
      }),
      warm: ({ key }) => {
        seen.keys.push(key);
        seen.now += 10;
        seen.workedMs += 10;
        return Promise.resolve();
      },
      ...cache,
    },
    targets,
    logger: silent,
    intervalMs: INTERVAL_MS,
    now: () => seen.now,
    rest: (milliseconds) => {
      seen.now += milliseconds;
      seen.restedMs += milliseconds;
      return Promise.resolve();
    },
  });
  return { warmer, seen };
}

test('a round has everything ready that the features name, in their order', async () => {
  const { warmer, seen } = warmerOf([target('lists', ['a', 'b']), target('profiles', ['c'])]);
  expect(await warmer.round()).toBe(3);
  expect(seen.keys).toEqual(['a', 'b', 'c']);
});

test('a round takes no more than a twentieth of the time', async () => {
  const { warmer, seen } = warmerOf([target('lists', ['a', 'b', 'c', 'd'])]);
  await warmer.round();
  const share = seen.workedMs / seen.now;
  expect([share <= 0.05, share > 0.03, seen.workedMs]).toEqual([true, true, 40]);
});

test('a round rests also where all is there already, for what it does besides', async () => {
  const { warmer, seen } = warmerOf([target('lists', ['a', 'b', 'c'])], { warm: () => Promise.resolve() });
  expect(await warmer.round()).toBe(3);
  // After the list as well.
  expect(seen.restedMs).toBeGreaterThanOrEqual(4 * 19);
});

test('a round ends when the next is due, however much is left', async () => {
  const keys = Array.from({ length: 5_000 }, (_, index) => String(index));
  const { warmer, seen } = warmerOf([target('lists', keys)]);
  const ready = (await warmer.round()) ?? 0;
  const eachMs = seen.now / ready;
  expect([seen.keys.length, ready > 1_000]).toEqual([ready, true]);
  expect([seen.now >= INTERVAL_MS, seen.now < INTERVAL_MS + eachMs]).toEqual([true, true]);
});

test('a round is skipped while another process warms, and while Redis is away', async () => {
  const others = warmerOf([target('lists', ['a'])], { take: () => Promise.resolve(undefined) });
  expect(await others.warmer.round()).toBeUndefined();
  const away = warmerOf([target('lists', ['a'])], { take: () => Promise.reject(new Error('away')) });
  expect(await away.warmer.round()).toBeUndefined();
  expect([...others.seen.keys, ...away.seen.keys]).toEqual([]);
});

test('a target that fails and a value that cannot be loaded keep nothing else from being ready', async () => {
  const broken: WarmTarget = { name: 'broken', list: () => Promise.reject(new Error('a bug')) };
  const warm = ({ key }: Warmable) => (key === 'a' ? Promise.reject(new Error('a bug')) : Promise.resolve());
  const { warmer } = warmerOf([broken, target('lists', ['a', 'b'])], { warm });
  expect(await warmer.round()).toBe(1);
});

test('the first round begins a second after Redis answers at the latest, and asks nothing of it before', async () => {
  const leased = Promise.withResolvers<undefined>();
  const usable = [false, false, true];
  const take = () => {
    leased.resolve(undefined);
    stopped ??= warmer.stop();
    return Promise.resolve(0);
  };
  const { warmer, seen } = warmerOf([], { take }, () => usable.shift() ?? true);
  let stopped: Promise<void> | undefined;
  warmer.start();
  await leased.promise;
  expect([usable, seen.restedMs]).toEqual([[], 2_000]);
  await stopped;
});

test('while another process warms it is looked every five seconds whether that goes on, not once a round', async () => {
  const standings = [undefined, undefined, undefined, 0];
  const begun = Promise.withResolvers<undefined>();
  const list = () => {
    begun.resolve(undefined);
    return Promise.resolve([]);
  };
  const { warmer, seen } = warmerOf([{ name: 'lists', list }], { take: () => Promise.resolve(standings.shift()) });
  warmer.start();
  await begun.promise;
  expect(seen.restedMs).toBe(15_000);
  await warmer.stop();
});

test('a round ends when another process has taken the place of this one', async () => {
  const standings = [0, 0, 0, undefined];
  const take = () => Promise.resolve(standings.shift());
  const { warmer, seen } = warmerOf([target('lists', ['a', 'b', 'c'])], { take });
  await warmer.round();
  expect(seen.keys).toEqual(['a', 'b']);
});
