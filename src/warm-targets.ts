import { featuresOf } from './api.ts';
import type { Container } from './container.ts';
import type { WarmTarget } from './platform/cache/warmer.ts';
import { asSystem } from './platform/database/scoped.ts';
import { warmAnswer } from './platform/http/respond.ts';
import { DAY_MS } from './shared/time.ts';

/** Stores that are kept warm, by the orders of the last days. */
const STORES = 20;
const BUSY_DAYS = 7;

type Services = Parameters<typeof featuresOf>[0] & Pick<Container, 'merchantReads' | 'now' | 'salesReads'>;

/** What is had ready before anybody asks: the fronts of the busiest stores, product lists first. */
export function warmTargets(services: Services): readonly WarmTarget[] {
  const { merchantReads, now, salesReads } = services;
  const endpoints = featuresOf(services).flatMap((feature) => feature.endpoints);
  const endpointOf = (operationId: string) => {
    const endpoint = endpoints.find((each) => each.operationId === operationId);
    if (endpoint === undefined) throw new Error(`There is no endpoint ${operationId}`);
    return endpoint;
  };
  const busiest = async () => {
    const since = new Date(now().getTime() - BUSY_DAYS * DAY_MS);
    return salesReads().findBusiestStores(since, STORES, asSystem('what is kept warm'));
  };
  return [
    {
      name: 'product lists of the busiest stores',
      async list() {
        const ids = (await busiest()).map((id) => id.toHexString());
        const endpoint = endpointOf('listStorefrontProducts');
        return ids.map((merchantId) => warmAnswer(endpoint, `/storefronts/${merchantId}/products`, { merchantId }));
      },
    },
    {
      name: 'profiles of the busiest stores',
      async list() {
        const cards = await merchantReads().findCards(await busiest());
        const endpoint = endpointOf('getStoreProfile');
        return Array.from(cards.values(), ({ slug }) => warmAnswer(endpoint, `/merchants/${slug}`, { slug }));
      },
    },
  ];
}
