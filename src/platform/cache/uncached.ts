import type { Cache } from './cache.ts';

/** The cache when caching is switched off: everything is loaded each time. */
export const uncached: Cache = { getOrSet: (_key, load) => load() };
