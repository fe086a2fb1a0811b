import { beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../../tests/environment/index.ts';
import { FaultProxy } from '../../../tests/fault-proxy.ts';
import { openCache, POLICY, read, source, withTwoCaches, type OpenCache } from '../../../tests/caches.ts';

const { url, now, namesOf, stored } = withTwoCaches();

let prefix: string;
let here: OpenCache;
let there: OpenCache;
beforeEach(() => {
  ({ prefix, here, there } = now());
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
