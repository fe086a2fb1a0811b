import { afterAll, beforeAll, expect } from '@jest/globals';
import { Caller } from '../caller.ts';
import { eventually } from '../environment/index.ts';
import { FaultProxy } from '../fault-proxy.ts';
import { startPlatform, type TestPlatform } from '../platform.ts';
import { inRounds } from './rounds.ts';
import { openShop, type TestShop } from './shop.ts';

const READS = 1_000;
/** As many at a time as a browser has connections. */
const LANES = 6;

let platform: TestPlatform;
/** In front of the cache's Redis, for the process that only reads. */
let proxy: FaultProxy;
let otherUrl: string;
let shop: TestShop;
let productId: string;
let titles = 0;

beforeAll(async () => {
  platform = await startPlatform();
  proxy = await FaultProxy.start(Number(new URL(platform.cacheRedis.url).port));
  otherUrl = await platform.anotherApi({ CACHE_REDIS_URL: `redis://127.0.0.1:${String(proxy.port)}` });
  shop = await openShop(platform, 3, 10);
  const [product] = (await shop.seller.get('/merchant/products')).data as { id: string }[];
  productId = product?.id ?? '';
}, 120_000);
afterAll(async () => {
  await platform.stop();
  await proxy.close();
});

interface Shown {
  readonly title: string;
  readonly askedAt: number;
  readonly source: string | null;
}

async function show(url: string): Promise<Shown> {
  const askedAt = performance.now();
  const answer = await new Caller(url).ask('GET', `/storefronts/${shop.merchantId}/products`);
  const { data } = (await answer.json()) as { data: { title: string }[] };
  return { title: data[0]?.title ?? '', askedAt, source: answer.headers.get('x-cache') };
}

/** Reads one after another until there are enough, and the promised second is over. */
async function readOn(url: string, since: number): Promise<readonly Shown[]> {
  const shown: Shown[] = [];
  const lane = async (): Promise<void> => {
    while (shown.length < READS || performance.now() < since + 1_500) shown.push(await show(url));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return shown;
}

/** Has both processes show it from memory. */
async function warm(): Promise<void> {
  for (const url of [platform.url, otherUrl]) await eventually(async () => (await show(url)).source === 'hit-l1');
}

/** By the first process. */
async function rename(): Promise<{ readonly title: string; readonly at: number }> {
  titles += 1;
  const title = `Mug, called anew ${String(titles)}`;
  const renamed = await shop.seller.ask('PATCH', `/merchant/products/${productId}`, { title });
  expect(renamed.status).toBe(200);
  return { title, at: performance.now() };
}

const stale = (shown: readonly Shown[], title: string) => shown.filter((each) => each.title !== title);
/** How old what was replaced was when it was asked for last, in milliseconds. */
const oldest = (shown: readonly Shown[], at: number) => Math.max(0, ...shown.map(({ askedAt }) => askedAt - at));

inRounds('C8: a write, then 1,000 reads in the same and in another process', 120_000, async (measure) => {
  await warm();
  const { title, at } = await rename();
  const [same, elsewhere] = await Promise.all([readOn(platform.url, at), readOn(otherUrl, at)]);
  measure('stale reads in the same process', stale(same, title).length, '', 0);
  measure('oldest stale read in the other', oldest(stale(elsewhere, title), at), 'ms', 1_000);
  expect(elsewhere.filter(({ source }) => source === 'hit-l1').length).toBeGreaterThan(READS / 2);
});

inRounds('C8: the same while the other process hears nothing from the Redis of the cache', 120_000, async (measure) => {
  await warm();
  proxy.blackhole();
  const { title, at } = await rename();
  const elsewhere = await readOn(otherUrl, at);
  measure('oldest stale read, unheard', oldest(stale(elsewhere, title), at), 'ms', 1_000);
  await proxy.restore();
  // For some seconds it goes on as without Redis, and shows from memory for less than a second at a time.
  const shown = await eventually(async () => {
    const each = await show(otherUrl);
    return each.source === 'hit-l1' && each;
  });
  expect(shown.title).toBe(title);
});
