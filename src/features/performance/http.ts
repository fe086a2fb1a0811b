import type { Feature } from '../../platform/http/endpoint.ts';
import { cacheEndpoints, type CacheDesk } from './cache.routes.ts';

/** What operators see and do about speed. @param cache undefined where caching is off */
export const performanceFeature = (cache: CacheDesk | undefined): Feature => ({
  name: 'performance',
  endpoints: cacheEndpoints(cache),
});
