import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../../tests/environment/index.ts';
import { FaultProxy } from '../../../tests/fault-proxy.ts';
import {
  openCache,
  POLICY,
  read,
  source,
  withTwoCaches,
  type FakeClock,
  type OpenCache,
} from '../../../tests/caches.ts';
import type { ReaderTimes } from './reader.ts';

const { url, client, now, namesOf, stored, loading } = withTwoCaches();

let clock: FakeClock;
let prefix: string;
let here: OpenCache;
let there: OpenCache;
beforeEach(() => {
  ({ clock, prefix, here, there } = now());
});

/** A load that lasts until the test ends it. */
function slowLoad({ cache }: OpenCache) {
  const begun = Promise.withResolvers<undefined>();
  const { promise, resolve } = Promise.withResolvers<string>();
  const load = () => {
    begun.resolve(undefined);
    return promise;
  };
  return { answer: cache.getOrSet('list', load, POLICY), begun: begun.promise, resolve };
}

describe('the lock of a load', () => {
  test('whose tags were invalidated since is taken over: nobody waits for it, and what it brings is not stored', async () => {
    const dead = slowLoad(here);
    await dead.begun;
    await there.cache.invalidate(['products']);
    await here.cache.confirm();
    const products = source('cups');
    expect(await read(there, products)).toMatchObject({ value: 'cups', source: 'miss' });
    await stored('list');
    dead.resolve('mugs');
    expect(await dead.answer).toBe('mugs');
    expect(await read(here, products)).toMatchObject({ value: 'cups', source: 'hit-l2' });
    expect(products.loads).toBe(1);
  });

  test('that has taken over is waited for, as the first was', async () => {
    const dead = slowLoad(here);
    await dead.begun;
    await there.cache.invalidate(['products']);
    await here.cache.confirm();
    const second = slowLoad(there);
    await second.begun;
    const products = source('none');
    const waiting = read(here, products);
    dead.resolve('mugs');
    expect(await dead.answer).toBe('mugs');
    second.resolve('cups');
    expect(await waiting).toMatchObject({ value: 'cups', source: 'hit-l2' });
    expect(products.loads).toBe(0);
  });

  test('that Redis gave too late is given back: nobody loads by it', async () => {
    const proxy = await FaultProxy.start(Number(new URL(url()).port));
    const proxied = `redis://127.0.0.1:${String(proxy.port)}`;
    const late = await openCache({ url: proxied, prefix }, { answerMs: 100 });
    // From then on the server knows the scripts, and each takes one round trip.
    await late.cache.getOrSet('nothing', () => Promise.resolve(undefined), POLICY);
    await eventually(async () => (await namesOf('lock:nothing')).length === 0);
    const look = late.redis.mgetBuffer.bind(late.redis) as (...names: string[][]) => Promise<(Buffer | null)[]>;
    Object.assign(late.redis, {
      // What follows the look, asking for the lock, is held up on its way.
      async mgetBuffer(...names: string[][]) {
        const answer = await look(...names);
        proxy.blackhole();
        return answer;
      },
    });
    try {
      expect(await read(late, source('mugs'))).toMatchObject({ value: 'mugs', source: 'miss' });
      await proxy.restore();
      // Behind the late answer, and then behind what follows from it.
      await late.redis.ping();
      await late.redis.ping();
      expect(await namesOf('lock:list')).toEqual([]);
    } finally {
      late.close();
      await proxy.close();
    }
  });
});

describe('with the database slow, a value past its time', () => {
  const PAST_SECONDS = 400;
  const open = (times: ReaderTimes) => openCache({ url: url(), prefix }, { clock: clock.read, times });
  let impatient: OpenCache;
  beforeEach(async () => {
    impatient = await open({ softMs: 1 });
    await read(here, source('mugs'));
    await stored('list');
  });
  afterEach(() => {
    impatient.close();
  });

  test('that only Redis has is shown after a while, and then what the load brings, that went on', async () => {
    clock.pass(PAST_SECONDS);
    const load = slowLoad(impatient);
    expect(await load.answer).toBe('mugs');
    expect(await read(impatient, source('none'))).toMatchObject({ value: 'mugs', source: 'stale' });
    load.resolve('cups');
    await eventually(() => impatient.cache.peek('list')?.value === 'cups');
    await eventually(async () => (await there.cache.get('list')) === 'cups');
  });

  test('that only memory has is shown as well', async () => {
    await read(impatient, source('mugs'));
    await client().del(...(await namesOf('value:list')));
    clock.pass(PAST_SECONDS);
    await impatient.cache.confirm();
    const load = slowLoad(impatient);
    expect(await load.answer).toBe('mugs');
    load.resolve('cups');
  });

  test('is waited for, where its policy has no time of grace', async () => {
    const load = Promise.withResolvers<string>();
    await impatient.cache.getOrSet('summary', () => Promise.resolve('old'), 60);
    clock.pass(PAST_SECONDS);
    await impatient.cache.confirm();
    const answer = impatient.cache.getOrSet('summary', () => load.promise, 60);
    await loading('summary');
    load.resolve('new');
    expect(await answer).toBe('new');
  });

  test('stands in for a load that is given up', async () => {
    clock.pass(PAST_SECONDS);
    const strict = await open({ softMs: 60_000, loadMs: 1 });
    const never = () => new Promise<string>(() => undefined);
    expect(await strict.cache.fetch('list', never, POLICY)).toMatchObject({ value: 'mugs', source: 'stale' });
    await expect(strict.cache.fetch('other', never, POLICY)).rejects.toMatchObject({ kind: { status: 503 } });
    strict.close();
  });
});

test('a value by a clock that is ahead is loaded anew, and does not live on by that clock', async () => {
  const ahead = await openCache({ url: url(), prefix }, { clock: () => clock.now + 3_600_000 });
  await read(ahead, source('mugs'));
  await stored('list');
  ahead.close();
  const products = source('cups');
  expect(await read(here, products)).toMatchObject({ value: 'mugs', source: 'stale' });
  await eventually(async () => (await client().get(`${prefix}:cache:value:list`))?.includes('cups') === true);
  clock.pass(1_800);
  await here.cache.confirm();
  expect(await read(here, products)).toMatchObject({ value: 'cups', source: 'miss' });
});

test('who waits for a load whose lock is taken over meanwhile waits for no other, and loads by itself', async () => {
  const dead = slowLoad(here);
  await dead.begun;
  const waiter = await openCache({ url: url(), prefix }, { clock: clock.read });
  const [asked, overtaken] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  const ask = waiter.redis.evalsha.bind(waiter.redis) as (...question: unknown[]) => Promise<unknown>;
  let questions = 0;
  Object.assign(waiter.redis, {
    // It asks for the lock once while the first load has it, and again when the second one does.
    async evalsha(...question: unknown[]) {
      if ((questions += 1) > 1) await overtaken.promise;
      const answer = await ask(...question);
      asked.resolve(undefined);
      return answer;
    },
  });
  const products = source('cups');
  const waiting = read(waiter, products);
  await asked.promise;
  await there.cache.invalidate(['products']);
  const second = slowLoad(there);
  await second.begun;
  overtaken.resolve(undefined);
  // The clock stands still: nothing is given up, and the second load goes on.
  await eventually(() => products.loads > 0).finally(() => {
    dead.resolve('mugs');
    second.resolve('bowls');
  });
  expect(await waiting).toMatchObject({ value: 'cups', source: 'miss' });
  expect(waiter.cache.peek('list')?.value).toBe('cups');
  waiter.close();
});
