import type { Config } from '../config/index.ts';
import type { Cache } from '../platform/cache/cache.ts';
import { EnhancedCacheService } from '../platform/cache/enhanced-cache.service.ts';
import { uncached } from '../platform/cache/uncached.ts';
import { CacheWarmer, type WarmTarget } from '../platform/cache/warmer.ts';
import { isAway } from '../platform/database/failures.ts';
import type { Logger } from '../platform/observability/logger.ts';
import type { connectionParts } from './connections.ts';
import type { Part, Parts } from './parts.ts';

/** Begins to keep warm what it is given, unless that is switched off: once the features are there to say what. */
export function warmerPart(
  parts: Parts,
  config: Config,
  logger: Part<Logger>,
  enhancedCache: Part<EnhancedCacheService>,
): (targetsOf: () => readonly WarmTarget[]) => void {
  const { enabled, warmer } = config.cache;
  return (targetsOf) => {
    if (!enabled || !warmer.enabled) return;
    const { intervalMs } = warmer;
    parts
      .part(
        () => new CacheWarmer({ cache: enhancedCache(), targets: targetsOf(), logger: logger(), intervalMs }),
        (made) => made.stop(),
      )()
      .start();
  };
}

/** What is kept of answers; nothing at all with `CACHE_ENABLED=false`. */
export function cacheParts(
  parts: Parts,
  config: Config,
  logger: Part<Logger>,
  { valuesRedis }: ReturnType<typeof connectionParts>,
) {
  const enhancedCache = parts.part(
    () => {
      const service = new EnhancedCacheService({
        redis: valuesRedis(),
        prefix: config.queue.prefix,
        memoryBytes: config.cache.memoryBytes,
        isAway,
        logger: logger(),
      });
      service.initialize();
      return service;
    },
    (service) => {
      service.close();
    },
  );
  return {
    /** Behind `cache`, for those who look into it or have it ready; not to be asked for when caching is off. */
    enhancedCache,
    cache: parts.part((): Cache => (config.cache.enabled ? enhancedCache() : uncached)),
  };
}
