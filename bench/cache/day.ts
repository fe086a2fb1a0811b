import { products, seeded, zipf } from './values.ts';
import { openCache } from './opened.ts';

interface Kind {
  readonly name: string;
  /** How many different ones there are. */
  readonly count: number;
  /** How much of the traffic. */
  readonly share: number;
  readonly freshSeconds: number;
  readonly staleSeconds: number;
}

/** The lifetimes of the design, and how much of each a shop's day has. */
const KINDS: readonly Kind[] = [
  { name: 'list', count: 2_000, share: 0.35, freshSeconds: 60, staleSeconds: 300 },
  { name: 'feed', count: 300, share: 0.15, freshSeconds: 60, staleSeconds: 300 },
  { name: 'product', count: 20_000, share: 0.4, freshSeconds: 300, staleSeconds: 600 },
  { name: 'dashboard', count: 2_000, share: 0.1, freshSeconds: 120, staleSeconds: 600 },
];
const WRITES = 0.02;
const REQUESTS_A_SECOND = 100;
const MERCHANTS = 2_000;

export interface HitRatios {
  readonly lists: number;
  readonly overall: number;
}

/** Requests within so much of the simulated time are under way together, as they are in a server. */
const MOMENT_MS = 500;

/**
 * Hours of traffic at 100 requests a second, its clock as fast as it can be computed: what is read follows Zipf's law (1.0), two of a hundred requests
 * write a product and so end its page and its merchant's lists.
 */
export async function simulateDay(url: string, hours: number, seed: number): Promise<HitRatios> {
  const time = { now: Date.now() };
  const { cache, redis, close } = await openCache(url, { clock: () => time.now });
  await redis.flushdb();
  await cache.confirm();
  const random = seeded(seed);
  const ranks = new Map(KINDS.map((kind) => [kind, zipf(kind.count, random)]));
  const value = products(20);
  const load = () => Promise.resolve(value);
  const one = (): Promise<unknown> => {
    const kind = kindOf(random());
    const rank = ranks.get(kind)?.() ?? 0;
    if (random() < WRITES) return cache.invalidate([`product:${String(rank)}`, `merchant:${String(rank % MERCHANTS)}`]);
    return cache.getOrSet(`${kind.name}@1:${String(rank)}`, load, { ...kind, tags: [tagOf(kind, rank)] });
  };
  const end = time.now + hours * 3_600_000;
  while (time.now < end) {
    time.now += MOMENT_MS;
    await cache.confirm();
    await Promise.all(Array.from({ length: (REQUESTS_A_SECOND * MOMENT_MS) / 1_000 }, one));
  }
  const { byName, hitRate } = cache.getStats();
  close();
  const read = (name: string) => byName[name] ?? { hits: 0, staleServes: 0, misses: 0 };
  const [list, feed] = [read('list'), read('feed')];
  const hits = list.hits + list.staleServes + feed.hits + feed.staleServes;
  return { lists: (hits / (hits + list.misses + feed.misses)) * 100, overall: hitRate };
}

function kindOf(drawn: number): Kind {
  let left = drawn;
  for (const kind of KINDS) {
    if (left < kind.share) return kind;
    left -= kind.share;
  }
  throw new RangeError('The shares make less than one');
}

function tagOf({ name }: Kind, rank: number): string {
  if (name === 'product') return `product:${String(rank)}`;
  return name === 'feed' ? `feed:${String(rank)}` : `merchant:${String(rank)}`;
}
