import { beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../../tests/environment/index.ts';
import {
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

describe('a value', () => {
  test('is loaded once, then comes from memory, and in another process from Redis', async () => {
    const products = source('mugs');
    expect(await read(here, products)).toMatchObject({ value: 'mugs', source: 'miss', ageSeconds: 0 });
    expect(await read(here, products)).toMatchObject({ value: 'mugs', source: 'hit-l1' });
    await stored('list');
    clock.pass(2);
    expect(await read(there, products)).toMatchObject({ value: 'mugs', source: 'hit-l2', ageSeconds: 2 });
    expect(there.cache.peek('list')).toMatchObject({ value: 'mugs', source: 'hit-l1' });
    expect(products.loads).toBe(1);
  });

  test.each([[null], [0], [''], [false]])('%j is one', async (value) => {
    const falsy = source(value);
    expect(await here.cache.getOrSet('falsy', falsy.load, 60)).toBe(value);
    expect(await here.cache.getOrSet('falsy', falsy.load, 60)).toBe(value);
    await eventually(async () => (await there.cache.getMany(['falsy'])).has('falsy'));
    expect(await there.cache.getOrSet('falsy', falsy.load, 60)).toBe(value);
    expect(falsy.loads).toBe(1);
  });

  test('undefined is none, and not kept', async () => {
    const nothing = source<string | undefined>(undefined);
    expect(await here.cache.getOrSet('nothing', nothing.load, 60)).toBeUndefined();
    expect(await here.cache.getOrSet('nothing', nothing.load, 60)).toBeUndefined();
    expect(nothing.loads).toBe(2);
  });

  test('is frozen all the way down, and not the object of its loader', async () => {
    const own = { tags: [{ name: 'blue' }] };
    const first = await here.cache.getOrSet('deep', () => Promise.resolve(own), 60);
    own.tags.push({ name: 'red' });
    expect(first).toEqual({ tags: [{ name: 'blue' }] });
    expect(() => first.tags.push({ name: 'green' })).toThrow(TypeError);
    expect(await here.cache.get('deep')).toBe(first);
  });

  test('of 100 kB is packed in Redis, and read as it was', async () => {
    const long = source(Array.from({ length: 2_000 }, (_, index) => `product number ${String(index)}, a blue mug ☕`));
    await here.cache.getOrSet('long', long.load, POLICY);
    await stored('long');
    const [name = ''] = await namesOf('value:long');
    expect(await client().strlen(name)).toBeLessThan(40_000);
    expect(await there.cache.getOrSet('long', long.load, POLICY)).toEqual(long.value);
    expect(long.loads).toBe(1);
  });

  test('by a codec of its own is kept as it is', async () => {
    const codec = { encode: (bytes: Buffer) => bytes, decode: (bytes: Buffer) => bytes };
    const answer = source(Buffer.from([0, 255, 1]));
    await here.cache.fetch('bytes', answer.load, POLICY, codec);
    await eventually(async () => (await there.cache.get('bytes', codec)) !== undefined);
    expect((await there.cache.fetch('bytes', answer.load, POLICY, codec)).value.equals(answer.value)).toBe(true);
    expect(answer.loads).toBe(1);
  });
});

test.each([['not a value'], ['\0\0\0\u000512345'], ['\0\0\0\u0003[1]'], ['']])(
  'a value that is not readable, such as %j, is loaded and replaced, and spoils none that is asked for with it',
  async (bytes) => {
    const [bad, good] = [source('new'), source('good')];
    const load = ({ cache }: OpenCache) =>
      Promise.all([cache.fetch('bad', bad.load, POLICY), cache.fetch('good', good.load, POLICY)]);
    await here.cache.fetch('good', good.load, POLICY);
    await stored('good');
    await client().set(`${prefix}:cache:value:bad`, bytes);
    expect(await there.cache.getMany(['bad', 'good'])).toEqual(new Map([['good', 'good']]));
    const third = await openCache({ url: url(), prefix }, { clock: clock.read });
    try {
      expect(await load(third)).toMatchObject([{ value: 'new', source: 'miss' }, { source: 'hit-l2' }]);
      await eventually(async () => (await here.cache.getMany(['bad'])).get('bad') === 'new');
    } finally {
      third.close();
    }
    expect([bad.loads, good.loads]).toEqual([1, 1]);
  },
);

test('a value of which only the envelope can be read is loaded and replaced as well, alone and with others', async () => {
  const list = source('mugs');
  const others = () => Promise.resolve(new Map([['other', 'cups']]));
  await read(here, list);
  await stored('list');
  await here.cache.getOrSetMany(['other'], others, POLICY);
  await stored('other');
  for (const key of ['list', 'other']) {
    const sealed = (await client().getBuffer(`${prefix}:cache:value:${key}`)) ?? Buffer.alloc(4);
    await client().set(`${prefix}:cache:value:${key}`, sealed.subarray(0, -1));
  }
  expect(await there.cache.getMany(['list', 'other'])).toEqual(new Map());
  expect(await there.cache.getOrSetMany(['other'], others, POLICY)).toEqual(new Map([['other', 'cups']]));
  expect(await read(there, list)).toMatchObject({ value: 'mugs', source: 'miss' });
  const third = await openCache({ url: url(), prefix }, { clock: clock.read });
  try {
    await eventually(async () => (await third.cache.getMany(['list', 'other'])).size === 2);
  } finally {
    third.close();
  }
  expect(list.loads).toBe(2);
});

describe('time', () => {
  test('past its freshness a value is shown once more while it is loaded anew', async () => {
    const products = source('mugs');
    await read(here, products);
    products.value = 'cups';
    clock.pass(61);
    await here.cache.confirm();
    expect(await read(here, products)).toMatchObject({ value: 'mugs', source: 'stale', ageSeconds: 61 });
    await eventually(() => here.cache.peek('list')?.value === 'cups');
    expect(products.loads).toBe(2);
  });

  test('past that as well it is waited for', async () => {
    const products = source('mugs');
    await read(here, products);
    products.value = 'cups';
    clock.pass(361);
    await here.cache.confirm();
    expect(await read(here, products)).toMatchObject({ value: 'cups', source: 'miss' });
  });

  test('lives are up to a tenth shorter than declared', async () => {
    const other = await openCache({ url: url(), prefix }, { clock: clock.read, random: () => 1 });
    const products = source('mugs');
    await read(other, products);
    clock.pass(53.9);
    await other.cache.confirm();
    expect(other.cache.peek('list')?.value).toBe('mugs');
    clock.pass(0.2);
    await other.cache.confirm();
    expect(other.cache.peek('list')).toBeUndefined();
    other.close();
  });

  test('memory is not trusted beyond a second unless Redis has confirmed it, and is looked up then', async () => {
    const products = source('mugs');
    await read(here, products);
    await stored('list');
    clock.pass(0.9);
    expect(here.cache.peek('list')?.value).toBe('mugs');
    clock.pass(0.2);
    expect(here.cache.peek('list')).toBeUndefined();
    expect(await read(here, products)).toMatchObject({ source: 'hit-l2' });
    clock.pass(2);
    await here.cache.confirm();
    expect(here.cache.peek('list')?.value).toBe('mugs');
  });
});

describe('many keys', () => {
  test('cost one load for all that is not there', async () => {
    const batches: (readonly string[])[] = [];
    const load = (keys: readonly string[]) => {
      batches.push(keys);
      return Promise.resolve(new Map(keys.filter((key) => key !== 'none').map((key) => [key, `${key}!`])));
    };
    await here.cache.getOrSet('b', () => Promise.resolve('kept'), POLICY);
    await stored('b');
    const values = await there.cache.getOrSetMany(['a', 'b', 'c', 'none'], load, POLICY);
    expect(values).toEqual(new Map(Object.entries({ a: 'a!', b: 'kept', c: 'c!' })));
    expect(await there.cache.getOrSetMany(['a', 'b', 'c'], load, POLICY)).toEqual(values);
    expect(batches).toEqual([['a', 'c', 'none']]);
    await eventually(async () => (await here.cache.getMany(['a', 'b', 'c'])).size === 3);
  });
});

describe('set and delete', () => {
  test('a value that is set takes the place of another everywhere', async () => {
    const products = source('mugs');
    await read(here, products);
    await stored('list');
    await there.cache.set('list', 'cups', POLICY);
    expect(await there.cache.get('list')).toBe('cups');
    await here.cache.confirm();
    await eventually(async () => (await here.cache.get('list')) === 'cups');
  });

  test.each([
    ['delete', (cache: OpenCache['cache']) => cache.delete('list')],
    ['deletePattern', (cache: OpenCache['cache']) => cache.deletePattern('l?s*')],
    ['deleteByTag', (cache: OpenCache['cache']) => cache.deleteByTag('products')],
  ])('after %s there is nothing, here and elsewhere', async (_, end) => {
    await read(here, source('mugs'));
    await stored('list');
    await end(there.cache);
    await here.cache.confirm();
    expect([await here.cache.get('list'), await there.cache.get('list')]).toEqual([undefined, undefined]);
  });

  test('after a pattern that does not match all is as it was', async () => {
    await read(here, source('mugs'));
    await stored('list');
    await there.cache.deletePattern('l[i]st');
    await here.cache.confirm();
    expect(await here.cache.get('list')).toBe('mugs');
  });

  test('with too many keys to go through in time a pattern ends everything: more than was asked for, never less', async () => {
    const products = source('mugs');
    await read(here, products);
    await stored('list');
    await there.cache.deletePattern('no such key', 0);
    await here.cache.confirm();
    expect(await there.cache.get('list')).toBeUndefined();
    await eventually(async () => (await here.cache.get('list')) === undefined);
  });

  test('a load under way when its key is deleted is not kept', async () => {
    const slow = Promise.withResolvers<string>();
    const first = here.cache.getOrSet('list', () => slow.promise, POLICY);
    await loading('list');
    await there.cache.delete('list');
    await here.cache.confirm();
    slow.resolve('mugs');
    await first;
    expect([await here.cache.get('list'), await there.cache.get('list')]).toEqual([undefined, undefined]);
  });
});

test('what is warm is not loaded again unless it would end too soon', async () => {
  const products = source('mugs');
  const warmable = { key: 'list', load: products.load, policy: POLICY };
  await here.cache.warm(warmable, 30_000);
  await here.cache.warm(warmable, 30_000);
  expect(products.loads).toBe(1);
  clock.pass(40);
  await here.cache.confirm();
  await here.cache.warm(warmable, 30_000);
  expect(products.loads).toBe(2);
});

test('statistics tell of every read where it came from, and what it saved', async () => {
  const products = source('mugs');
  await here.cache.fetch('listProducts@1:public:[]', products.load, POLICY);
  await here.cache.fetch('listProducts@1:public:[]', products.load, POLICY);
  clock.pass(61);
  await here.cache.confirm();
  await here.cache.fetch('listProducts@1:public:[]', products.load, POLICY);
  await eventually(() => here.cache.getStats().loads === 2);
  const stats = here.cache.getStats();
  expect(stats).toMatchObject({ hits: 1, misses: 1, staleServes: 1, isTrusted: true });
  expect(stats.hitRate).toBeCloseTo(66.67, 1);
  expect(stats.byName.listProducts).toMatchObject({ hits: 1, misses: 1, staleServes: 1, loads: 2 });
  expect(stats.byTag.products).toMatchObject({ hits: 1, misses: 1, staleServes: 1, loads: 2 });
  expect(stats.hotKeys).toMatchObject([{ key: 'listProducts@1:public:[]' }]);
  expect(stats.memory).toMatchObject({ hits: 2, misses: 1, entries: 1 });
});
