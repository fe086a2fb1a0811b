import { z } from 'zod';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { Id } from '../../shared/ids.ts';
import { productsTag } from '../catalog/index.ts';
import { TrafficQuery, TrafficSeries, TrendingProducts, TrendingQuery } from './traffic.schema.ts';
import type { TrafficService } from './traffic.service.ts';

export const trafficEndpoints = (traffic: Pick<TrafficService, 'getSeries' | 'getTrending'>): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/merchant/analytics/traffic',
    operationId: 'getTraffic',
    summary: 'Views of products and orders by day or hour, and how many views led to an order',
    permission: { scope: 'merchant', role: 'staff', apiKey: 'analytics:read' },
    input: z.object({ query: TrafficQuery }),
    output: TrafficSeries,
    status: 200,
    problems: [],
    queryBudget: 2,
    idempotent: false,
    handle: ({ query }, context) => traffic.getSeries(context, query),
  }),
  endpoint({
    method: 'get',
    path: '/storefronts/:merchantId/trending',
    operationId: 'listTrending',
    summary: 'The products of a store that are wanted most just now',
    permission: { scope: 'public' },
    input: z.object({ params: z.strictObject({ merchantId: Id }), query: TrendingQuery }),
    output: TrendingProducts,
    status: 200,
    problems: [],
    queryBudget: 2,
    idempotent: false,
    cache: ({ params }) => ({ freshSeconds: 300, staleSeconds: 900, tags: [productsTag(params.merchantId)] }),
    handle: ({ params, query }, context) => traffic.getTrending(context, params.merchantId, query.limit),
  }),
];
