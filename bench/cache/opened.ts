import { Redis } from 'ioredis';
import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { Clock } from '../../src/platform/cache/clock.ts';
import { EnhancedCacheService } from '../../src/platform/cache/enhanced-cache.service.ts';

export interface OpenedCache {
  readonly cache: EnhancedCacheService;
  readonly redis: Redis;
  readonly close: () => void;
}

/** Like in production, but for a Redis that is waited for, since a benchmark drives it to its limit. */
export async function openCache(
  url: string,
  options: { clock?: Clock; memoryBytes?: number } = {},
): Promise<OpenedCache> {
  const redis = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 });
  await once(redis, 'ready');
  const quiet = () => undefined;
  const cache = new EnhancedCacheService({
    redis,
    prefix: 'bench',
    memoryBytes: 64 * 1_024 * 1_024,
    isAway: () => false,
    logger: { debug: quiet, info: quiet, warn: quiet },
    answerMs: 2_000,
    ...options,
  });
  if (options.clock === undefined) cache.initialize();
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

/** A Redis of the benchmark's own, as the cache's is set up. */
export async function startRedis(): Promise<{ readonly url: string; stop(): void }> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--maxmemory-policy', 'allkeys-lfu'];
  const child = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const chunk of child.stdout) if ((chunk as Buffer).includes('Ready to accept')) break;
  return {
    url: `redis://127.0.0.1:${String(port)}`,
    stop() {
      child.kill();
    },
  };
}
