import { Redis } from 'ioredis';
import { EnhancedCacheService } from '../src/platform/cache/enhanced-cache.service.ts';

/**
 * Sends keys through a memory of 64 MB, each with a value of its own shape and size, and tells what the heap has grown by. To be
 * run with --expose-gc; its argument is the number of keys.
 */
const BUDGET = 64 * 1_024 * 1_024;
const BATCH = 1_000;

const collect = globalThis.gc;
if (collect === undefined) throw new Error('Run it with --expose-gc');
const quiet = () => undefined;
// Never connected: values go through memory alone.
const redis = new Redis({ lazyConnect: true, enableOfflineQueue: false });
const logger = { debug: quiet, info: quiet, warn: quiet };
const cache = new EnhancedCacheService({ redis, prefix: 'heap', memoryBytes: BUDGET, isAway: () => false, logger });

const value = (n: number): unknown => {
  if (n % 3 === 0) return { id: n, name: `product ${String(n)}` };
  if (n % 3 === 1) return 'text '.repeat(n % 200);
  return {
    data: Array.from({ length: n % 10 }, (_, index) => ({
      id: `${String(n)}-${String(index)}`,
      price: { amount: n, currency: 'EUR' },
    })),
  };
};

const heapNow = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const before = heapNow();
for (let first = 0; first < Number(process.argv[2]); first += BATCH) {
  const load = (n: number) => () => Promise.resolve(value(n));
  const reads = Array.from({ length: BATCH }, (_, index) => first + index).map((n) =>
    cache.getOrSet(`product@1:public:["${String(n)}"]`, load(n), {
      freshSeconds: 60,
      staleSeconds: 0,
      tags: [`merchant:${String(n % 5_000)}`],
    }),
  );
  await Promise.all(reads);
}
const grown = heapNow() - before;
const { memory, neverReadKeys } = cache.getStats();
process.stdout.write(JSON.stringify({ grown, budget: BUDGET, ...memory, neverRead: neverReadKeys.length }));
