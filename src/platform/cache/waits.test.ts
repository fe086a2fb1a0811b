import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { silent } from '../../../tests/environment/index.ts';
import { EnhancedCacheService } from './enhanced-cache.service.ts';

/*
 * No request waits beyond 50 ms for the cache, whatever Redis does. Time is the test's own here, so that what is measured is what
 * the code waits for, and not how busy the machine is.
 */
const PROMISED_MS = 50;
const POLICY = { freshSeconds: 60, staleSeconds: 0, tags: ['products'] };

/** What the scripts answer when a load may begin; the others' answers nobody looks at. */
const MAY_BEGIN = ['1', '', 'version', 'version'];

/** A Redis that has nothing, and answers as late as said; of Redis only what the cache asks. */
function redisThat(answers: <T>(value: T) => Promise<T>, status = 'ready'): Redis {
  const asked = {
    status,
    on: () => asked,
    mgetBuffer: (...names: (string | string[])[]) => answers(names.flat().map(() => null)),
    eval: () => answers('1'),
    evalsha: () => answers(MAY_BEGIN),
    unlink: () => answers(0),
  };
  return asked as unknown as Redis;
}

const after =
  (milliseconds: number) =>
  <T>(value: T): Promise<T> =>
    new Promise((resolve) => setTimeout(resolve, milliseconds, value));

const REDIS: Readonly<Record<string, () => Redis>> = {
  hung: () => redisThat(() => new Promise(() => undefined)),
  'as slow as may be': () => redisThat(after(15.9)),
  'just too slow': () => redisThat(after(16.1)),
  'slow to fail': () => redisThat(() => after(15.9)(undefined).then(() => Promise.reject(new Error('LOADING')))),
  down: () => redisThat(() => Promise.reject(new Error('Connection is closed.')), 'reconnecting'),
};

const one = () => Promise.resolve('loaded');
const many = (keys: readonly string[]) => Promise.resolve(new Map(keys.map((key) => [key, 'loaded'])));

/** All that a request may ask of the cache, for what is nowhere yet, and what it is given. */
const ASKS: Readonly<Record<string, (cache: EnhancedCacheService, key: string) => Promise<unknown>>> = {
  getOrSet: (cache, key) => cache.getOrSet(key, one, POLICY),
  fetch: async (cache, key) => (await cache.fetch(key, one, POLICY)).value,
  getOrSetMany: async (cache, key) => (await cache.getOrSetMany([key, `${key}+`], many, POLICY)).get(key),
  get: async (cache, key) => (await cache.get(key)) ?? 'loaded',
  getMany: async (cache, key) => (await cache.getMany([key])).get(key) ?? 'loaded',
  set: (cache, key) => cache.set(key, 'loaded', POLICY).then(() => 'loaded'),
  delete: (cache, key) => cache.delete(key).then(() => 'loaded'),
  invalidate: (cache) => cache.invalidate(['products']).then(() => 'loaded'),
};
/** What is told that Redis was not: the relay tells it again. */
const MAY_FAIL = new Set(['delete', 'invalidate', 'set']);

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
});
afterEach(() => {
  jest.useRealTimers();
});

describe.each(Object.keys(REDIS))('with a Redis that is %s', (state) => {
  test.each(Object.keys(ASKS))(`${String(PROMISED_MS)} ms after it was asked for, %s is answered`, async (name) => {
    const redis = REDIS[state]?.();
    if (redis === undefined) throw new Error('There is no such Redis');
    const cache = new EnhancedCacheService({
      redis,
      prefix: 'test',
      memoryBytes: 1_000_000,
      isAway: () => false,
      logger: silent,
    });
    // The first find out how Redis is; those that follow know.
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      let given: unknown;
      const asked = ASKS[name]?.(cache, key).then(
        (value) => (given = value),
        () => (given = MAY_FAIL.has(name) ? 'loaded' : 'failed'),
      );
      await jest.advanceTimersByTimeAsync(PROMISED_MS);
      expect([key, given]).toEqual([key, 'loaded']);
      await asked;
    }
    cache.close();
  });
});
