import { afterEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { startRedis, type RedisProcess } from '../../../tests/redis.ts';
import { DAY_MS, MINUTE_MS } from '../../shared/time.ts';
import { LossWatch } from './loss-watch.ts';

const START = Date.parse('2026-03-01T12:00:00Z');
/** As long as events that are done are kept. */
const WEEK_MS = 7 * DAY_MS;

let server: RedisProcess;
let client: Redis;
const clock = { now: START };

async function watchOver(...extra: readonly string[]): Promise<LossWatch> {
  server = await startRedis(...extra);
  client = new Redis(server.url);
  client.on('error', () => undefined);
  clock.now = START;
  return new LossWatch({ redis: () => client, prefix: 'test', now: () => new Date(clock.now) });
}

afterEach(async () => {
  client.disconnect();
  await server.stop();
});

async function crash(): Promise<void> {
  await server.kill();
  await server.restart();
}

test('a Redis that is known has lost nothing; one that never was may have lost all that there are events of', async () => {
  const watch = await watchOver();
  expect(await watch.look()).toEqual({ since: new Date(START - WEEK_MS), keptData: false });
  await watch.note();
  expect(await watch.look()).toBeUndefined();
});

test('one killed without a file has lost all, which is said until it is noted', async () => {
  const watch = await watchOver();
  await watch.note();
  await crash();
  expect(await watch.look()).toEqual({ since: new Date(START - WEEK_MS), keptData: false });
  expect(await watch.look()).toBeDefined();
  await watch.note();
  expect(await watch.look()).toBeUndefined();
});

test('one killed with an append-only file has its data, and may have lost what came after it was last looked at', async () => {
  const watch = await watchOver('--appendonly', 'yes', '--appendfsync', 'always');
  await watch.note();
  clock.now += 30 * MINUTE_MS;
  // What is looked at is noted, once in five seconds.
  expect(await watch.look()).toBeUndefined();
  clock.now += 10 * MINUTE_MS;
  await crash();
  expect(await watch.look()).toEqual({ since: new Date(START + 29 * MINUTE_MS), keptData: true });
});

test('one that loses all once more before the first loss is made good is not taken for known', async () => {
  const watch = await watchOver();
  expect(await watch.look()).toBeDefined();
  clock.now += 10 * MINUTE_MS;
  await crash();
  await watch.note();
  // What the first one lost is there again; missing is what came after that look.
  expect(await watch.look()).toMatchObject({ since: new Date(START - MINUTE_MS) });
  await watch.note();
  expect(await watch.look()).toBeUndefined();
});

test('one that is killed without a file between a look and its note is not taken for one that kept its data', async () => {
  const known = await watchOver();
  await known.note();
  clock.now += MINUTE_MS;
  const crashesBeforeWriting: ProxyHandler<Redis> = {
    get(target, name) {
      const command = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
      if (name !== 'set' && name !== 'eval') return command.bind(target);
      return async (...args: unknown[]) => {
        await crash();
        return command.apply(target, args);
      };
    },
  };
  const redis = new Proxy(client, crashesBeforeWriting);
  const overtaken = new LossWatch({ redis: () => redis, prefix: 'test', now: () => new Date(clock.now) });
  expect(await overtaken.look()).toBeUndefined();
  expect(await known.look()).toEqual({ since: new Date(clock.now - WEEK_MS), keptData: false });
});

test('one noted by a clock that was ahead is noted anew once that is set right, and a crash before loses nothing', async () => {
  const watch = await watchOver('--appendonly', 'yes', '--appendfsync', 'always');
  clock.now = START + DAY_MS;
  await watch.note();
  clock.now = START;
  await crash();
  expect(await watch.look()).toEqual({ since: new Date(START - WEEK_MS), keptData: true });
  clock.now = START + DAY_MS;
  await watch.note();
  clock.now = START;
  await watch.look();
  expect(await watch.look()).toBeUndefined();
  await crash();
  expect(await watch.look()).toEqual({ since: new Date(START - MINUTE_MS), keptData: true });
});
