import type { Feature } from '../../platform/http/endpoint.ts';
import { prefetchEndpoints } from './prefetch.routes.ts';
import { PrefetchService, type PrefetchDeps } from './prefetch.service.ts';

/** @param others all other features: their sections are what the screens show */
export function prefetchFeature(deps: PrefetchDeps, others: readonly Feature[]): Feature {
  const sections = others.flatMap((feature) => feature.sections ?? []);
  return { name: 'prefetch', endpoints: prefetchEndpoints(new PrefetchService(deps), sections) };
}
