import type { Cache } from './cache.ts';

/** The cache when caching is switched off: everything is loaded each time, and so there is nothing to invalidate. */
export const uncached: Cache & { invalidate(tags: readonly string[]): Promise<void> } = {
  getOrSet: (_key, load) => load(),
  invalidate: () => Promise.resolve(),
};
