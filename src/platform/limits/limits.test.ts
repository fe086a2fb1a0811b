import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { startRedis, type RedisProcess } from '../../../tests/redis.ts';
import { ExactLimiter } from './exact.ts';
import { limitHeaders, type Limiter } from './limit.ts';
import { LocalLimiter } from './local.ts';
import { networkOf } from './network.ts';

let server: RedisProcess;
const clients: Redis[] = [];

beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await server.stop();
});

const rule = (name: string, quota: number, exact = true) => ({ name, quota, windowSeconds: 60, exact });

async function exactLimiter(onAway?: (error: unknown) => void): Promise<ExactLimiter> {
  const redis = new Redis(server.url, { enableOfflineQueue: false, lazyConnect: true, maxRetriesPerRequest: 0 });
  redis.on('error', () => undefined);
  clients.push(redis);
  await redis.connect();
  return new ExactLimiter({ redis, prefix: 'test', local: new LocalLimiter(1), ...(onAway && { onAway }) });
}

async function passed(limiters: readonly Limiter[], name: string, quota: number, calls: number): Promise<number> {
  const one = rule(name, quota);
  const turns = Array.from({ length: calls / limiters.length }, () => limiters).flat();
  const standings = await Promise.all(turns.map(async (limiter) => limiter.take(one, 'caller')));
  return standings.filter(({ allowed }) => allowed).length;
}

test('of 501 calls over three instances an exact limit of 100 lets exactly 100 through', async () => {
  const instances = await Promise.all([exactLimiter(), exactLimiter(), exactLimiter()]);
  expect(await passed(instances, 'exact', 100, 501)).toBe(100);
});

test('a local limit grants each instance its share', async () => {
  const limiter = new LocalLimiter(4);
  expect(await passed([limiter], 'share', 100, 60)).toBe(25);
});

test('a window that has ended counts from nothing again', () => {
  let now = 0;
  const limiter = new LocalLimiter(1, () => now);
  expect(limiter.take(rule('window', 1), 'k').allowed).toBe(true);
  expect(limiter.take(rule('window', 1), 'k')).toMatchObject({ allowed: false, remaining: 0, resetSeconds: 60 });
  now = 60_000;
  expect(limiter.take(rule('window', 1), 'k').allowed).toBe(true);
});

test('two callers and two rules are counted apart', () => {
  const limiter = new LocalLimiter(1);
  limiter.take(rule('a', 1), 'first');
  expect(limiter.take(rule('a', 1), 'second').allowed).toBe(true);
  expect(limiter.take(rule('b', 1), 'first').allowed).toBe(true);
});

test('while Redis hangs the limit is counted locally, and nobody waits for a second', async () => {
  const away: unknown[] = [];
  const limiter = await exactLimiter((error) => away.push(error));
  await limiter.take(rule('hung', 5), 'warm');
  server.pause();
  const start = performance.now();
  try {
    for (let call = 0; call < 10; call += 1) await limiter.take(rule('hung', 5), 'caller');
    expect((await limiter.take(rule('hung', 5), 'caller')).allowed).toBe(false);
  } finally {
    server.resume();
  }
  expect(performance.now() - start).toBeLessThan(1_000);
  expect(away).toHaveLength(1);
});

test('the headers name each policy with its state', () => {
  const one = { name: 'user', quota: 600, windowSeconds: 60 };
  expect(limitHeaders([{ rule: one, allowed: true, remaining: 7, resetSeconds: 30 }])).toEqual([
    'RateLimit-Policy',
    '"user";q=600;w=60',
    'RateLimit',
    '"user";r=7;t=30',
  ]);
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['', ''],
])('the address %j counts as %j', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
