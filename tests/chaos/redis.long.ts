import { afterAll, beforeAll, expect } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/start/ports.ts';
import { startChild } from '../child.ts';
import { Caller } from '../caller.ts';
import { eventually } from '../environment/index.ts';
import { startPlatform, type TestPlatform } from '../platform.ts';
import { load, outcomeOf, type Load, type Outcome } from './load.ts';
import { inRounds, quantile } from './rounds.ts';
import { openShop, type TestShop } from './shop.ts';

const READS_PER_SECOND = 90;
const ORDERS_PER_SECOND = 10;

let platform: TestPlatform;
let client: MongoClient;
let shop: TestShop;

beforeAll(async () => {
  platform = await startPlatform();
  client = new MongoClient(platform.database.uri);
  shop = await openShop(platform, 20, 1_000_000);
  // What is compiled and connected at first use is no part of a baseline.
  const warmUp = startTraffic();
  await sleep(3_000);
  await warmUp.stop();
}, 120_000);
afterAll(async () => {
  await client.close();
  await platform.stop();
});

const tookOf = (outcomes: readonly Outcome[]): number[] => outcomes.map(({ tookMs }) => tookMs);
/** The different answers; of a failure all that it tells. */
const answersOf = (outcomes: readonly Outcome[]) => [
  ...new Set(outcomes.map(({ status, body }) => (status < 500 && status > 0 ? status : `${String(status)} ${body}`))),
];
const waiting = () => client.db('merchant_platform').collection('outbox').countDocuments({ state: 'pending' });

/** A hundred requests a second, as a shop gets them. */
function startTraffic() {
  const paths = [`/storefronts/${shop.merchantId}/products`, '/me', '/orders'];
  const reads = load(READS_PER_SECOND, (index) => shop.buyer.ask('GET', paths[index % paths.length] ?? ''));
  const orders = load(ORDERS_PER_SECOND, (index) => shop.buyer.ask('POST', '/orders', shop.line(index)));
  return {
    async stop() {
      const [read, ordered] = await Promise.all([reads.stop(), orders.stop()]);
      return { read, ordered };
    },
  };
}

/** How late the event loop is: a probe of the process that asks nobody anything. */
const startProbe = (): Load => load(50, () => fetch(`${platform.url}/health/live`));

const numbersOf = (orders: readonly Outcome[]): readonly string[] =>
  orders.map(({ body }) => (JSON.parse(body) as { number: string }).number);

/** How many mails were sent for each of these orders. */
async function mailsOf(orders: readonly Outcome[]): Promise<readonly number[]> {
  const subjects = (await platform.mails()).map(({ subject }) => subject);
  return numbersOf(orders).map((number) => subjects.filter((subject) => subject.includes(number)).length);
}

inRounds('F3: both Redis stopped for 30 s at 100 requests a second', 180_000, async (measure) => {
  await platform.serversUp();
  const calm = startTraffic();
  await sleep(10_000);
  const baseline = await calm.stop();

  const busy = startTraffic();
  await platform.queueRedis.kill();
  await platform.cacheRedis.kill();
  await sleep(30_000);
  const { read, ordered } = await busy.stop();
  await platform.queueRedis.restart();
  await platform.cacheRedis.restart();
  const backAt = performance.now();
  await eventually(async () => (await waiting()) === 0, 60_000);
  measure('the outbox is empty after', (performance.now() - backAt) / 1_000, 's', 30);

  expect({ read: answersOf(read), ordered: answersOf(ordered) }).toEqual({ read: [200], ordered: [201] });
  const ratio = quantile(tookOf(read), 0.99) / quantile(tookOf(baseline.read), 0.99);
  measure('p99 of reads', quantile(tookOf(read), 0.99), 'ms', Infinity);
  measure('p99 of reads, against the baseline', ratio, 'times', 2);

  await eventually(async () => (await mailsOf(ordered)).every((count) => count > 0));
  expect((await mailsOf(ordered)).filter((count) => count !== 1)).toEqual([]);
});

inRounds('F4: both Redis hung for 10 s at 100 requests a second', 120_000, async (measure) => {
  await platform.serversUp();
  const calm = startTraffic();
  await sleep(5_000);
  const baseline = await calm.stop();

  const [busy, probe] = [startTraffic(), startProbe()];
  platform.queueRedis.pause();
  platform.cacheRedis.pause();
  await sleep(10_000);
  const [{ read, ordered }, probes] = await Promise.all([busy.stop(), probe.stop()]);
  platform.queueRedis.resume();
  platform.cacheRedis.resume();

  expect({ read: answersOf(read), ordered: answersOf(ordered) }).toEqual({ read: [200], ordered: [201] });
  const usual = Math.max(...tookOf([...baseline.read, ...baseline.ordered]));
  measure(
    'longest request, over the longest of the baseline',
    Math.max(...tookOf([...read, ...ordered])) - usual,
    'ms',
    1_000,
  );
  measure('p99 of a probe, which the event loop alone delays', quantile(tookOf(probes), 0.99), 'ms', 100);
  await eventually(async () => (await mailsOf(ordered)).every((count) => count === 1));
});

inRounds('F5: started with both Redis away', 120_000, async (measure) => {
  await platform.serversUp();
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const begun = performance.now();
  const api = startChild('src/server.ts', [], {
    MONGODB_URI: platform.database.uri,
    REDIS_URL: 'redis://127.0.0.1:1',
    CACHE_REDIS_URL: 'redis://127.0.0.1:1',
    PORT: String(port),
  });
  try {
    await eventually(async () => (await fetch(`${url}/health/live`).catch(() => undefined))?.status === 200);
    measure('listening after', (performance.now() - begun) / 1_000, 's', 5);
    const causes = await eventually(async () => {
      const answer = await fetch(`${url}/health/ready`);
      const { checks } = (await answer.json()) as { checks: Record<string, { cause?: string }> };
      const found = [answer.status, checks['redis-queues']?.cause, checks['redis-cache']?.cause];
      return found.includes(undefined) ? undefined : found;
    });
    expect(causes).toEqual([503, 'ECONNREFUSED', 'ECONNREFUSED']);
    const buyer = new Caller(url, shop.buyer.token);
    const posts: Outcome[] = [];
    for (let index = 0; index < 20; index += 1)
      posts.push(await outcomeOf(buyer.ask('POST', '/orders', shop.line(index))));
    expect(answersOf(posts)).toEqual([201]);
    measure('longest of 20 POSTs', Math.max(...tookOf(posts)), 'ms', 200);
  } finally {
    api.kill('SIGKILL');
    await api.ended;
  }
});
