import { setTimeout as sleep } from 'node:timers/promises';
import { featuresOf } from '../../src/api.ts';
import { loadConfig } from '../../src/config/index.ts';
import { createContainer } from '../../src/container.ts';
import type { EnhancedCacheService } from '../../src/platform/cache/enhanced-cache.service.ts';
import { CacheWarmer, type WarmTarget } from '../../src/platform/cache/warmer.ts';
import { warmTargets } from '../../src/warm-targets.ts';
import { makeStores, YEAR } from '../queues/report-stores.ts';
import { startServers } from '../queues/servers.ts';
import { below, figure, type Figure } from '../report.ts';

const ROUNDS = 5;
const IDLE_MS = 5_000;
/** So many products and orders has each of the twenty stores that are kept warm. */
const SIZES = Array.from({ length: 20 }, (_, index) => 500 + index);

/**
 * What a process that does nothing but warm takes of a core, all its threads together: with the product lists and profiles that the
 * API keeps warm, database and Redis in processes of their own.
 */
export async function measureWarmer(): Promise<Figure[]> {
  const servers = await startServers();
  const config = loadConfig({
    MONGODB_URI: servers.mongoUri,
    REDIS_URL: servers.redisUrl,
    CACHE_REDIS_URL: servers.redisUrl,
    LOG_LEVEL: 'silent',
  });
  const container = createContainer(config, 'bench');
  try {
    await container.database().connect();
    const { db } = container.database().primary;
    if (db === undefined) throw new Error('Not connected');
    await makeStores(db, SIZES);
    const cache = container.enhancedCache();
    while (!cache.getStats().isTrusted) await sleep(100);
    const { intervalMs } = config.cache.warmer;
    const targets = warmTargets(featuresOf(container), { ...container, now: () => new Date(YEAR.until) });
    const warm = (freshForMs: number) => shareOfCore(() => roundOf({ cache, targets, intervalMs, freshForMs }));
    const idle = await shareOfCore(() => sleep(IDLE_MS));
    const own = (shares: readonly number[]) => [Math.max(...shares) - idle];
    const [anew, fresh]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      anew.push(await warm(intervalMs));
      fresh.push(await warm(FRESH_FOR_MS));
    }
    return [
      figure('of a core, a process that keeps its connections', '%', [idle]),
      figure('warming 20 stores takes more, at its worst', '%', own(anew), below(5), idle),
      figure('the same, where all is fresh', '%', own(fresh), below(5), idle),
    ];
  } finally {
    await container.close();
    await servers.stop();
  }
}

const quiet = (): void => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet };

/** Of values that have just been loaded, for 60 s at least. */
const FRESH_FOR_MS = 20_000;

interface Round {
  readonly cache: EnhancedCacheService;
  readonly targets: readonly WarmTarget[];
  readonly intervalMs: number;
  readonly freshForMs: number;
}

/** As a process does it that has just begun. */
async function roundOf({ cache, targets, intervalMs, freshForMs }: Round): Promise<void> {
  const warmer = new CacheWarmer({
    cache: {
      isUsable: true,
      duty: (name) => cache.duty(name),
      warm: (warmable) => cache.warm(warmable, freshForMs),
    },
    targets,
    logger,
    intervalMs,
  });
  let ready = await warmer.round();
  // On a busy machine Redis may answer too late to be asked whose turn it is.
  for (; ready === undefined; ready = await warmer.round()) await sleep(100);
  await warmer.stop();
  if (ready !== 2 * SIZES.length) throw new Error(`${String(ready)} answers were made ready`);
}

/** In percent, by this process and all its threads. */
async function shareOfCore(work: () => Promise<unknown>): Promise<number> {
  const [before, begun] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 10 / (performance.now() - begun);
}
