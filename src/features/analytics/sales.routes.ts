import { z } from 'zod';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import type { Id } from '../../shared/ids.ts';
import { storeTag } from '../merchants/index.ts';
import { ordersTag } from '../orders/index.ts';
import { SalesQuery, SalesSeries } from './sales.schema.ts';
import type { SalesService } from './sales.service.ts';

/** Tags of sales. Their currency and time zone are the store's. */
export const salesTags = (merchantId: Id) => [ordersTag(merchantId), storeTag(merchantId)];

export const analyticsEndpoints = (sales: Pick<SalesService, 'getSeries'>): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/merchant/analytics/sales',
    operationId: 'getSales',
    summary: 'What was sold by day, week or month, and which products sold best',
    permission: { scope: 'merchant', role: 'staff', apiKey: 'analytics:read' },
    input: z.object({ query: SalesQuery }),
    output: SalesSeries,
    status: 200,
    problems: [],
    queryBudget: 3,
    idempotent: false,
    cache: (_input, { merchantId }) => ({ freshSeconds: 120, staleSeconds: 600, tags: salesTags(merchantId) }),
    handle: ({ query }, context) => sales.getSeries(context, query),
  }),
];
