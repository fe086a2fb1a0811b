import { section, type Section } from '../../platform/http/section.ts';
import { salesTags } from './sales.routes.ts';
import { SalesSeries } from './sales.schema.ts';
import type { SalesService } from './sales.service.ts';

/** The sales of the last 30 days. */
export const salesSections = (sales: Pick<SalesService, 'getSeries'>): readonly Section[] => [
  section({
    screen: 'dashboard',
    name: 'sales',
    output: SalesSeries,
    timeoutMs: 3_000,
    queryBudget: 3,
    cache: ({ merchantId }) => ({ freshSeconds: 30, staleSeconds: 120, tags: salesTags(merchantId) }),
    load: (context) => sales.getSeries(context, { unit: 'day' }),
  }),
];
