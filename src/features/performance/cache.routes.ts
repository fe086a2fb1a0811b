import { z } from 'zod';
import type { EnhancedCacheService } from '../../platform/cache/enhanced-cache.service.ts';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { unavailable } from '../../platform/http/problems.ts';
import { Problem } from '../../shared/problem.ts';
import { CacheCleared, CacheReport, ClearCache } from './cache.schema.ts';

/** The cache as operators deal with it. */
export type CacheDesk = Pick<EnhancedCacheService, 'deleteByTag' | 'deletePattern' | 'getStats'>;

const common = {
  permission: { scope: 'system', role: 'admin' },
  status: 200,
  problems: [],
  queryBudget: 0,
  idempotent: false,
} as const;

export const cacheEndpoints = (cache: CacheDesk | undefined): readonly Endpoint[] => [
  endpoint({
    ...common,
    method: 'get',
    path: '/performance/cache/stats',
    operationId: 'getCacheStats',
    summary: 'How the cache of the answering process does: by layer, kind of value and tag, with its hottest keys',
    input: z.object({}),
    output: CacheReport,
    handle: () => Promise.resolve({ enabled: cache !== undefined, stats: cache?.getStats() ?? null }),
  }),
  endpoint({
    ...common,
    method: 'post',
    path: '/performance/cache/clear',
    operationId: 'clearCache',
    summary: 'End what is cached, everywhere: all of it, what has a tag, or the keys that match a pattern',
    input: z.object({ body: ClearCache }),
    output: CacheCleared,
    async handle({ body: { tag, pattern } }) {
      await clear(cache, tag, pattern);
      return { cleared: tag ?? pattern ?? '*' };
    },
  }),
];

async function clear(cache: CacheDesk | undefined, tag: string | undefined, pattern = '*'): Promise<void> {
  try {
    await (tag === undefined ? cache?.deletePattern(pattern) : cache?.deleteByTag(tag));
  } catch (cause) {
    const detail = 'Cleared in this process; the Redis of the cache did not answer, so that others may still show it';
    throw Object.assign(new Problem(unavailable, detail), { cause });
  }
}
