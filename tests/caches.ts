import { afterAll, afterEach, beforeEach } from '@jest/globals';
import { Redis } from 'ioredis';
import { eventually, silent, withRedis } from './environment/index.ts';
import { EnhancedCacheService, type CacheOptions } from '../src/platform/cache/enhanced-cache.service.ts';

/** A clock that a test moves. */
export class FakeClock {
  now = 1_700_000_000_000;
  readonly read = (): number => this.now;

  pass(seconds: number): void {
    this.now += seconds * 1_000;
  }
}

export class DatabaseIsAway extends Error {}

/** A cache as a process of its own would have it. It asks Redis for the counter when told, unless `pulse` says otherwise. */
export async function openCache(
  { url, prefix }: { readonly url: string; readonly prefix: string },
  options: Partial<CacheOptions> & { readonly pulse?: boolean } = {},
): Promise<{ readonly cache: EnhancedCacheService; readonly redis: Redis; close: () => void }> {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 5_000,
    retryStrategy: () => 50,
  });
  redis.on('error', () => undefined);
  const cache = new EnhancedCacheService({
    redis,
    prefix,
    memoryBytes: 8 * 1_024 * 1_024,
    isAway: (error) => error instanceof DatabaseIsAway,
    logger: silent,
    // Nothing is said of time here: a busy machine is late.
    answerMs: 5_000,
    times: { softMs: 5_000 },
    ...options,
  });
  await new Promise((resolve) => redis.once('ready', resolve));
  if (options.pulse === true) cache.initialize();
  await cache.confirm();
  return {
    cache,
    redis,
    close() {
      cache.close();
      redis.disconnect();
    },
  };
}

/** A cache for a suite that never connects and for which time stands still: all is kept in memory. */
export function memoryCache(): EnhancedCacheService {
  const redis = new Redis({ lazyConnect: true, enableOfflineQueue: false });
  const cache = new EnhancedCacheService({
    redis,
    prefix: 'memory',
    memoryBytes: 1_000_000,
    isAway: () => false,
    logger: silent,
    clock: () => 1_700_000_000_000,
  });
  afterAll(() => {
    cache.close();
    redis.disconnect();
  });
  return cache;
}

export type OpenCache = Awaited<ReturnType<typeof openCache>>;

export const POLICY = { freshSeconds: 60, staleSeconds: 300, tags: ['products'] };

/** A loader that counts, and whose value a test sets. */
export function source<T>(value: T) {
  const made = {
    value,
    loads: 0,
    load: () => {
      made.loads += 1;
      return Promise.resolve(made.value);
    },
  };
  return made;
}

/** Reads the list that most tests are about. */
export const read = ({ cache }: OpenCache, products: { readonly load: () => Promise<string> }) =>
  cache.fetch('list', products.load, POLICY);

/** Two caches for each test, as two processes that share a Redis, with one clock that the test moves. */
export function withTwoCaches() {
  const redis = withRedis();
  let opened = 0;
  let current: { clock: FakeClock; prefix: string; here: OpenCache; there: OpenCache } | undefined;
  const now = () => {
    if (current === undefined) throw new Error('There are caches from beforeEach on');
    return current;
  };
  beforeEach(async () => {
    const clock = new FakeClock();
    opened += 1;
    const prefix = `${redis.prefix}-${String(opened)}`;
    const open = () => openCache({ url: redis.url, prefix }, { clock: clock.read, random: () => 0 });
    current = { clock, prefix, here: await open(), there: await open() };
  });
  afterEach(() => {
    now().here.close();
    now().there.close();
  });
  const namesOf = (end: string): Promise<string[]> => redis.client.keys(`${now().prefix}:cache:${end}`);
  return {
    url: () => redis.url,
    client: () => redis.client,
    now,
    namesOf,
    /** Waits until what was kept in the background is in Redis. */
    stored: (key: string) => eventually(async () => (await namesOf(`value:${key}`)).length > 0),
    /** Waits until somebody loads a key. */
    loading: (key: string) => eventually(async () => (await namesOf(`lock:${key}`)).length > 0),
  };
}
