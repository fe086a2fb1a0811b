import type { Container } from './container.ts';
import type { WarmTarget } from './platform/cache/warmer.ts';
import { asSystem } from './platform/database/scoped.ts';
import type { Feature } from './platform/http/endpoint.ts';
import { warmAnswer } from './platform/http/respond.ts';
import { DAY_MS } from './shared/time.ts';

/** Stores that are kept warm, by the orders of the last days. */
const STORES = 20;
const BUSY_DAYS = 7;

type Services = Pick<Container, 'merchantReads' | 'now' | 'salesReads'>;

/**
 * What is had ready before anybody asks: the fronts of the busiest stores, product lists first.
 * @throws when a feature does not bring an endpoint of them any more
 */
export function warmTargets(features: readonly Feature[], services: Services): readonly WarmTarget[] {
  const { merchantReads, now, salesReads } = services;
  const endpoints = features.flatMap((feature) => feature.endpoints);
  const endpointOf = (operationId: string) => {
    const endpoint = endpoints.find((each) => each.operationId === operationId);
    if (endpoint === undefined) throw new Error(`There is no endpoint ${operationId}`);
    return endpoint;
  };
  const products = endpointOf('listStorefrontProducts');
  const profile = endpointOf('getStoreProfile');
  return [
    {
      name: 'fronts of the busiest stores',
      async list() {
        const since = new Date(now().getTime() - BUSY_DAYS * DAY_MS);
        const busiest = await salesReads().findBusiestStores(since, STORES, asSystem('what is kept warm'));
        const cards = await merchantReads().findCards(busiest);
        const lists = busiest.map((id) => {
          const merchantId = id.toHexString();
          return warmAnswer(products, `/storefronts/${merchantId}/products`, { merchantId });
        });
        const profiles = Array.from(cards.values(), ({ slug }) => warmAnswer(profile, `/merchants/${slug}`, { slug }));
        return [...lists, ...profiles];
      },
    },
  ];
}
