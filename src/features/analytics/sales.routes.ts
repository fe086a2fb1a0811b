import { z } from 'zod';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { SalesQuery, SalesSeries } from './sales.schema.ts';
import type { SalesService } from './sales.service.ts';

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
    handle: ({ query }, context) => sales.getSeries(context, query),
  }),
];
