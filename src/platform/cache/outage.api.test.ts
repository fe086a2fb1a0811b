import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { eventually } from '../../../tests/environment/index.ts';
import { FakeClock, openCache, POLICY, source, type OpenCache } from '../../../tests/caches.ts';
import { FaultProxy } from '../../../tests/fault-proxy.ts';
import { startRedis, type RedisProcess } from '../../../tests/redis.ts';

/*
 * An outage of Redis in which it loses what it has, as one that is started anew with nothing on disk; or comes through with all of
 * it. Neither may hide from anybody for longer than the promised second that something was replaced.
 */
const PROMISED_MS = 1_000;
const BEAT_SECONDS = 0.3;

/** Read all the time. */
const LIST = 'list';
/** Kept by both processes and in Redis as they were, until Redis is back, and until it is trusted again. */
const [UNREAD, LONG_UNREAD] = ['unread', 'long unread'];

const HOW = ['cut off', 'hung'] as const;
const WHOM = ['the writer', 'the reader', 'both'] as const;
const WHEN = ['before the write', 'after the write', 'at its end', 'never'] as const;
const CASES = HOW.flatMap((how) => WHOM.flatMap((whom) => WHEN.map((when) => [how, whom, when] as const)));

let server: RedisProcess;
let operator: Redis;
beforeAll(async () => {
  server = await startRedis();
  operator = new Redis(server.url);
});
afterAll(async () => {
  operator.disconnect();
  await server.stop();
});

/** A process with its own way to Redis. */
interface Party extends OpenCache {
  readonly proxy: FaultProxy;
}

let clock: FakeClock;
let prefix: string;
let writer: Party;
let reader: Party;
let both: readonly Party[];
/** The relay of a third process. */
let relay: OpenCache;
let products: ReturnType<typeof source<string>>;
let writtenAt: number;
let round = 0;

async function open(): Promise<Party> {
  const proxy = await FaultProxy.start(Number(new URL(server.url).port));
  const settings = { url: `redis://127.0.0.1:${String(proxy.port)}`, prefix };
  return { ...(await openCache(settings, { clock: clock.read, random: () => 0, answerMs: 300 })), proxy };
}

beforeEach(async () => {
  clock = new FakeClock();
  prefix = `outage-${String((round += 1))}`;
  [writer, reader] = [await open(), await open()];
  both = [writer, reader];
  relay = await openCache({ url: server.url, prefix }, { clock: clock.read });
  products = source('old');
  writtenAt = Infinity;
});
afterEach(async () => {
  for (const each of both) {
    each.close();
    await each.proxy.close();
  }
  relay.close();
});

async function show(who: Party, key = LIST): Promise<void> {
  const mustBeNew = clock.now - writtenAt > PROMISED_MS || (who === writer && clock.now >= writtenAt);
  const { value } = await who.cache.fetch(key, products.load, POLICY);
  if (mustBeNew) expect([key, value]).toEqual([key, 'new']);
}

async function keepOld(): Promise<void> {
  // The counter has been in use.
  await writer.cache.invalidate(['orders']);
  const keys = [LIST, UNREAD, LONG_UNREAD];
  for (const key of keys) await show(writer, key);
  for (const key of keys) await eventually(() => operator.exists(`${prefix}:cache:value:${key}`));
  for (const each of [reader, relay]) await each.cache.confirm();
  for (const key of keys) await show(reader, key);
}

/** From now on this process knows that Redis is away. */
async function losesRedis({ proxy, redis, cache }: Party, how: (typeof HOW)[number]): Promise<void> {
  if (how === 'cut off') {
    await proxy.reset();
    await eventually(() => redis.status !== 'ready');
  } else {
    proxy.blackhole();
    await Promise.allSettled([1, 2, 3].map(() => cache.duty('nothing').take(1)));
  }
}

async function findsRedis({ proxy, redis }: Party): Promise<void> {
  await proxy.restore();
  await eventually(() => redis.status === 'ready');
}

/** As a server that was started anew: no keys, and no scripts. */
async function loseAll(): Promise<void> {
  await operator.flushall();
  await operator.script('FLUSH');
}

/** @param isToldByNobody while nobody reaches Redis, the relay does not either */
async function write(isToldByNobody: boolean): Promise<void> {
  products.value = 'new';
  await writer.cache
    .invalidate(['products'])
    .catch(() => (isToldByNobody ? undefined : relay.cache.invalidate(['products'])));
  writtenAt = clock.now;
}

/** Whoever reaches Redis asks whether it has heard of everything, and both show what they have. */
async function beat(there: readonly Party[]): Promise<void> {
  for (const each of there) await each.cache.confirm();
  for (const each of both) await show(each);
}

async function trustsAgain(who: Party): Promise<void> {
  await eventually(async () => {
    clock.pass(BEAT_SECONDS);
    await beat([who]);
    return who.cache.getStats().isTrusted;
  });
  await show(who, LONG_UNREAD);
  expect(who.cache.peek(LIST)).toMatchObject({ value: 'new', source: 'hit-l1' });
}

test.each(CASES)(
  '%s for %s, Redis loses all it has %s: nobody shows for long what was replaced',
  async (how, whom, when) => {
    await keepOld();
    const away = { 'the writer': [writer], 'the reader': [reader], both }[whom];
    const there = both.filter((each) => !away.includes(each));
    for (const each of away) await losesRedis(each, how);
    if (when === 'before the write') await loseAll();
    // Where it is lost by then, what is about to be replaced is kept once more.
    await beat(there);
    await write(whom === 'both');
    if (when === 'after the write') await loseAll();
    for (let beats = 0; beats < 6; beats++) {
      await beat(there);
      clock.pass(BEAT_SECONDS);
    }
    if (when === 'at its end') await loseAll();
    for (const each of away) await findsRedis(each);
    // The first to be back is who has nothing to tell.
    for (const back of [reader, writer]) {
      await beat([back]);
      for (const each of [reader, writer]) await show(each, UNREAD);
    }
    for (const each of both) await trustsAgain(each);
  },
);
