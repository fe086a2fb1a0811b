import { beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultProxy } from '../../../tests/fault-proxy.ts';
import { eventually } from '../../../tests/environment/index.ts';
import {
  DatabaseIsAway,
  openCache,
  POLICY,
  read,
  source,
  withTwoCaches,
  type FakeClock,
  type OpenCache,
} from '../../../tests/caches.ts';

const { url, client, now, namesOf, stored, loading } = withTwoCaches();

let clock: FakeClock;
let prefix: string;
let here: OpenCache;
let there: OpenCache;
beforeEach(() => {
  ({ clock, prefix, here, there } = now());
});

describe('an invalidation', () => {
  test('ends a value here at once, in Redis, and in another process as soon as it hears', async () => {
    const products = source('mugs');
    await read(here, products);
    await stored('list');
    await read(there, products);
    products.value = 'cups';
    await here.cache.invalidate(['products']);
    expect(await read(here, products)).toMatchObject({ value: 'cups', source: 'miss' });
    await there.cache.confirm();
    expect((await read(there, products)).value).toBe('cups');
  });

  test('leaves values of other tags', async () => {
    const products = source('mugs');
    await read(here, products);
    await here.cache.invalidate(['orders']);
    expect(here.cache.peek('list')?.value).toBe('mugs');
  });

  test('ends a load under way: it is neither joined nor kept', async () => {
    const slow = Promise.withResolvers<string>();
    const first = here.cache.getOrSet('list', () => slow.promise, POLICY);
    await loading('list');
    await there.cache.invalidate(['products']);
    await here.cache.confirm();
    const products = source('cups');
    const second = read(here, products);
    slow.resolve('mugs');
    expect(await first).toBe('mugs');
    expect(await second).toMatchObject({ value: 'cups' });
    expect(await read(there, products)).toMatchObject({ value: 'cups' });
    expect(products.loads).toBeLessThanOrEqual(2);
  });
});

describe('an invalidation at Redis', () => {
  test('holds also when the version of a tag is lost at Redis', async () => {
    const products = source('mugs');
    await read(here, products);
    await stored('list');
    products.value = 'cups';
    await here.cache.invalidate(['products']);
    await client().del(...(await namesOf('tag:products')));
    expect((await read(there, products)).value).toBe('cups');
  });

  test('of everything ends everything', async () => {
    const products = source('mugs');
    await read(here, products);
    await stored('list');
    await there.cache.invalidate(['*']);
    await here.cache.confirm();
    products.value = 'cups';
    expect((await read(here, products)).value).toBe('cups');
  });

  test('that Redis was not told is told before Redis is trusted again', async () => {
    const products = source('mugs');
    await read(here, products);
    await stored('list');
    here.redis.disconnect();
    await once(here.redis, 'end');
    await expect(here.cache.invalidate(['products'])).rejects.toThrow();
    products.value = 'cups';
    expect((await read(here, products)).value).toBe('cups');
    await here.redis.connect();
    await here.cache.confirm();
    await there.cache.confirm();
    expect((await read(there, products)).value).toBe('cups');
    expect((await read(here, products)).value).toBe('cups');
  });
});

describe('a counter', () => {
  test('that skips a number puts memory in doubt: a message was lost', async () => {
    const products = source('mugs');
    await read(here, products);
    await stored('list');
    await here.redis.unsubscribe();
    await there.cache.invalidate(['products']);
    products.value = 'cups';
    await here.cache.confirm();
    expect((await read(here, products)).value).toBe('cups');
  });

  test('that was lost with all of Redis begins anew, and later than it was', async () => {
    const products = source('mugs');
    await read(here, products);
    await stored('list');
    const [counter = ''] = await namesOf('counter');
    await client().del(...(await namesOf('*')));
    await here.cache.confirm();
    expect(await read(here, products)).toMatchObject({ source: 'miss' });
    await there.cache.invalidate(['products']);
    expect(Number(await client().get(counter))).toBeGreaterThan(1_000_000_000_000_000);
  });

  test('that goes back, since a lagging replica took over, ends all that Redis has', async () => {
    const products = source('mugs');
    await read(here, products);
    await stored('list');
    await there.cache.invalidate(['orders']);
    await here.cache.confirm();
    const [counter = ''] = await namesOf('counter');
    await client().decrby(counter, 1);
    products.value = 'cups';
    await here.cache.confirm();
    expect((await read(here, products)).value).toBe('cups');
  });

  test('that went back with a new connection is found before another number hides it', async () => {
    const products = source('mugs');
    await read(here, products);
    await stored('list');
    const lagging = [...(await namesOf('counter')), ...(await namesOf('tag:products'))];
    const known = await client().mget(lagging);
    products.value = 'cups';
    await there.cache.invalidate(['products']);
    await here.cache.confirm();
    here.redis.disconnect();
    await once(here.redis, 'end');
    for (const [index, name] of lagging.entries()) await client().set(name, known[index] ?? '');
    await here.redis.connect();
    // It would be given the number that this process has heard of last.
    await here.cache.invalidate(['orders']).catch(() => undefined);
    await here.cache.confirm();
    expect((await read(here, products)).value).toBe('cups');
  });
});

describe('with Redis hung', () => {
  test('reads go on from memory and by loads, nobody asks after three who waited, and all is well again afterwards', async () => {
    const proxy = await FaultProxy.start(Number(new URL(url()).port));
    const proxied = `redis://127.0.0.1:${String(proxy.port)}`;
    const hung = await openCache({ url: proxied, prefix }, { clock: clock.read, answerMs: 20 });
    const products = source('mugs');
    await read(hung, products);
    proxy.blackhole();
    expect(hung.cache.peek('list')?.value).toBe('mugs');
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      expect(await hung.cache.getOrSet(key, () => Promise.resolve(key), POLICY)).toBe(key);
    }
    expect(hung.cache.getStats().isTrusted).toBe(false);
    const { failures } = hung.cache.getStats().redis;
    await hung.cache.getOrSet('f', () => Promise.resolve('f'), POLICY);
    // Each is refused at once: it counts, but nothing was sent and nothing waited for.
    expect(hung.cache.getStats().redis.failures).toBe(failures + 1);
    await expect(hung.cache.invalidate(['products'])).rejects.toThrow();
    products.value = 'cups';
    expect((await read(hung, products)).value).toBe('cups');
    await proxy.restore();
    await eventually(async () => {
      await hung.cache.confirm();
      return hung.cache.getStats().isTrusted;
    });
    expect((await read(there, products)).value).toBe('cups');
    hung.close();
    await proxy.close();
  });
});

describe('with the database away', () => {
  const fail = () => Promise.reject(new DatabaseIsAway());

  test('a known value is shown, however old, and marked', async () => {
    await read(here, source('mugs'));
    clock.pass(1_000);
    expect(await here.cache.fetch('list', fail, POLICY)).toMatchObject({ value: 'mugs', source: 'stale' });
  });

  test('one known only to Redis as well', async () => {
    await read(here, source('mugs'));
    await stored('list');
    clock.pass(1_000);
    expect(await there.cache.fetch('list', fail, POLICY)).toMatchObject({ value: 'mugs', source: 'stale' });
  });

  test('one known to be replaced is not', async () => {
    await read(here, source('mugs'));
    await here.cache.invalidate(['products']);
    await expect(here.cache.fetch('list', fail, POLICY)).rejects.toThrow(DatabaseIsAway);
  });

  test('another failure is told', async () => {
    await read(here, source('mugs'));
    clock.pass(1_000);
    await expect(here.cache.fetch('list', () => Promise.reject(new Error('a bug')), POLICY)).rejects.toThrow('a bug');
  });
});

describe('one load', () => {
  test('of 500 parallel misses in one process', async () => {
    const products = source('mugs');
    const reads = await Promise.all(Array.from({ length: 500 }, () => read(here, products)));
    expect(reads.every(({ value }) => value === 'mugs')).toBe(true);
    expect(products.loads).toBe(1);
  });

  test('C9: of 500 parallel misses over four processes', async () => {
    const four = await Promise.all([1, 2, 3, 4].map(() => openCache({ url: url(), prefix })));
    const products = source('mugs');
    const load = async () => {
      products.loads += 1;
      await sleep(50);
      return products.value;
    };
    const reads = Array.from({ length: 500 }, (_, index) => four.at(index % 4)?.cache.getOrSet('list', load, POLICY));
    expect(new Set(await Promise.all(reads.filter((each) => each !== undefined)))).toEqual(new Set(['mugs']));
    expect(products.loads).toBe(1);
    for (const each of four) each.close();
  });

  test('is begun by another process when the one that loads dies', async () => {
    const never = here.cache
      .getOrSet('list', () => new Promise<string>(() => undefined), POLICY)
      .catch(() => undefined);
    await loading('list');
    here.close();
    expect((await read(there, source('mugs'))).value).toBe('mugs');
    void never;
  });

  test('fails for all that wait for it, and is tried again by the next', async () => {
    const fail = () => Promise.reject(new Error('a bug'));
    const reads = await Promise.allSettled([1, 2].map(() => here.cache.getOrSet('list', fail, POLICY)));
    expect(reads.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await read(here, source('mugs'))).value).toBe('mugs');
  });
});
