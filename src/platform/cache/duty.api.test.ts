import { beforeEach, expect, test } from '@jest/globals';
import { silent } from '../../../tests/environment/index.ts';
import { withTwoCaches, type OpenCache } from '../../../tests/caches.ts';
import { CacheWarmer } from './warmer.ts';

const { client, now, namesOf } = withTwoCaches();

const INTERVAL_MS = 300_000;

let here: OpenCache;
let there: OpenCache;
let passedMs: number;
beforeEach(() => {
  ({ here, there } = now());
  passedMs = 0;
});

/** The warmer of a process that begins now. */
function warmerOf({ cache }: OpenCache, list = () => Promise.resolve([])): CacheWarmer {
  return new CacheWarmer({
    cache,
    targets: [{ name: 'lists', list }],
    logger: silent,
    intervalMs: INTERVAL_MS,
    now: () => performance.now() + passedMs,
  });
}

/**
 * Time passes, for processes and for what Redis has of them. When the last round began a process knows as well as Redis counts and
 * answers: to some milliseconds. What is to come before or after it must be further away.
 */
async function aWhilePasses(): Promise<void> {
  const whileMs = 5_000;
  passedMs += whileMs;
  for (const name of await namesOf('duty:*')) await client().pexpire(name, (await client().pttl(name)) - whileMs);
}

async function runsOut(what: string): Promise<void> {
  const names = await namesOf(`duty:warmer${what}`);
  expect(names).toHaveLength(1);
  await client().unlink(...names);
}

test('a process that begins after another ended warms at once', async () => {
  const first = warmerOf(here);
  expect(await first.round()).toBe(0);
  await first.stop();
  await aWhilePasses();
  expect(await warmerOf(there).round()).toBe(0);
});

test('a process that was there follows one that ended when the next round is due, and not with one more', async () => {
  const [first, second] = [warmerOf(here), warmerOf(there)];
  await aWhilePasses();
  expect(await first.round()).toBe(0);
  await first.stop();
  expect(await second.round()).toBeUndefined();
  await runsOut(':done');
  // It knows by now when that would have been.
  expect(await second.round()).toBeUndefined();
  expect(await warmerOf(there).round()).toBe(0);
});

test('a round that is cut off by the end of its process is done at once by one that was there', async () => {
  const begun = Promise.withResolvers<undefined>();
  const listed = Promise.withResolvers<never[]>();
  const first = warmerOf(here, () => {
    begun.resolve(undefined);
    return listed.promise;
  });
  const second = warmerOf(there);
  first.start();
  await begun.promise;
  expect(await second.round()).toBeUndefined();
  const stopped = first.stop();
  listed.resolve([]);
  await stopped;
  expect(await second.round()).toBe(0);
});

test('a process that was killed is followed when what it held has run out', async () => {
  const [first, second] = [warmerOf(here), warmerOf(there)];
  await first.round();
  expect(await second.round()).toBeUndefined();
  const [name = ''] = await namesOf('duty:warmer');
  expect(await client().pttl(name)).toBeLessThanOrEqual(15_000);
  await aWhilePasses();
  const third = warmerOf(there);
  await runsOut('');
  expect(await third.round()).toBe(0);
});

test('a process that ends does not end the turn of another', async () => {
  const [first, second] = [warmerOf(here), warmerOf(there)];
  await first.round();
  await second.stop();
  expect(await namesOf('duty:warmer')).toHaveLength(1);
  expect(await warmerOf(there).round()).toBeUndefined();
});
