import type { Cache } from './cache.ts';

/** The cache when caching is switched off: everything is loaded each time, and so there is nothing to invalidate. */
export const uncached: Cache = {
  getOrSet: (_key, load) => load(),
  fetch: async (_key, load) => ({ value: await load(), source: 'miss', ageSeconds: 0 }),
  peek: () => undefined,
  invalidate: () => Promise.resolve(),
};
