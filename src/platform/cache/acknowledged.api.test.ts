import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { POLICY, read, source, withTwoCaches, type OpenCache } from '../../../tests/caches.ts';

/*
 * What a process has ended it does not show any more once that is acknowledged, whatever it read while it was under way: what it
 * finds in Redis until the invalidation takes effect there is what has been replaced.
 */
const { client, now, stored } = withTwoCaches();

let here: OpenCache;
let there: OpenCache;
beforeEach(() => {
  ({ here, there } = now());
});

/** Kept by another process and in Redis, and not in memory here. */
async function keptElsewhere(products: { readonly load: () => Promise<string> }): Promise<void> {
  await read(there, products);
  await stored('list');
}

describe('with a Redis that has lost its scripts', () => {
  test.each([
    ['invalidate', ({ cache }: OpenCache) => cache.invalidate(['products'])],
    ['deleteByTag', ({ cache }: OpenCache) => cache.deleteByTag('products')],
    ['deletePattern of all', ({ cache }: OpenCache) => cache.deletePattern('*')],
    ['deletePattern', ({ cache }: OpenCache) => cache.deletePattern('l*')],
    ['delete', ({ cache }: OpenCache) => cache.delete('list')],
  ])('a value read during %s is not shown after it', async (_, end) => {
    const products = source('mugs');
    await keptElsewhere(products);
    await client().script('FLUSH');
    products.value = 'cups';
    const ended = end(here);
    const during = read(here, products);
    await ended;
    await during;
    expect((await read(here, products)).value).toBe('cups');
  });

  test('a value read before Redis is told what it had missed is not shown after that', async () => {
    const products = source('mugs');
    await keptElsewhere(products);
    here.redis.disconnect();
    await once(here.redis, 'end');
    await expect(here.cache.invalidate(['products'])).rejects.toThrow();
    await here.redis.connect();
    await client().script('FLUSH');
    const send = here.redis.eval.bind(here.redis) as (...command: unknown[]) => Promise<unknown>;
    jest.spyOn(here.redis, 'eval').mockImplementation(async (...command: unknown[]) => {
      const isTelling = String(command[0]).includes('PUBLISH');
      if (isTelling) expect((await read(here, products)).value).toBe('mugs');
      return send(...command);
    });
    await here.cache.confirm();
    products.value = 'cups';
    expect((await read(here, products)).value).toBe('cups');
  });
});

describe('a pattern', () => {
  test('ends here as well what was read from Redis while it was being looked for', async () => {
    const products = source('mugs');
    await keptElsewhere(products);
    const scan = jest.spyOn(here.redis, 'scan').mockImplementationOnce(async (...query) => {
      products.value = 'cups';
      expect((await read(here, products)).value).toBe('mugs');
      return here.redis.scan(...query);
    });
    await here.cache.deletePattern('li*');
    expect(scan).toHaveBeenCalled();
    expect((await read(here, products)).value).toBe('cups');
    await there.cache.confirm();
    expect((await read(there, products)).value).toBe('cups');
  });

  test('that could not be told ends here what was read in the meantime all the same', async () => {
    const products = source('mugs');
    await keptElsewhere(products);
    jest.spyOn(here.redis, 'scan').mockImplementationOnce(async () => {
      await read(here, products);
      throw new Error('Connection is closed.');
    });
    await expect(here.cache.deletePattern('li*')).rejects.toThrow('closed');
    products.value = 'cups';
    expect((await read(here, products)).value).toBe('cups');
  });

  test('that all keys match ends everything at once, and goes through none', async () => {
    const products = source('mugs');
    await keptElsewhere(products);
    await read(here, products);
    const scan = jest.spyOn(here.redis, 'scan');
    await here.cache.deletePattern('*');
    products.value = 'cups';
    await there.cache.confirm();
    expect([(await read(here, products)).value, (await read(there, products)).value]).toEqual(['cups', 'cups']);
    expect(scan).not.toHaveBeenCalled();
  });

  test('asked for time and again ends no more than it matches', async () => {
    await read(here, source('mugs'));
    for (let time = 0; time < 30; time++) await here.cache.deletePattern('orders*');
    expect(here.cache.peek('list')?.value).toBe('mugs');
  });
});

describe('what two processes set under one key', () => {
  const keys = Array.from({ length: 30 }, (_, index) => `key-${String(index)}`);
  const shownBy = async ({ cache }: OpenCache) => {
    await cache.confirm();
    return keys.map((key) => cache.get<string>(key));
  };

  test('at once both show alike afterwards', async () => {
    for (const key of keys) {
      await Promise.all([here.cache.set(key, `${key} here`, POLICY), there.cache.set(key, `${key} there`, POLICY)]);
    }
    expect(await Promise.all(await shownBy(here))).toEqual(await Promise.all(await shownBy(there)));
  });

  test('one after the other, while both read it, both show as it was set last', async () => {
    for (const key of keys) {
      const first = here.cache.set(key, 'first', POLICY);
      await Promise.all([first, there.cache.get(key)]);
      await Promise.all([there.cache.set(key, 'last', POLICY), here.cache.get(key), there.cache.get(key)]);
    }
    const last = keys.map(() => 'last');
    expect(await Promise.all(await shownBy(here))).toEqual(last);
    expect(await Promise.all(await shownBy(there))).toEqual(last);
  });
});
