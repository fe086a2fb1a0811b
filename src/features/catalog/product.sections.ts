import { section, type Section } from '../../platform/http/section.ts';
import { productsTag } from './product.events.ts';
import type { ProductReads } from './product.reads.ts';
import { ManagedProductPage } from './product.schema.ts';

const SHOWN = 5;

/** What a merchant has worked at last. */
export const productSections = (reads: Pick<ProductReads, 'findManagedPage'>): readonly Section[] => [
  section({
    screen: 'dashboard',
    name: 'products',
    output: ManagedProductPage,
    timeoutMs: 1_000,
    queryBudget: 2,
    cache: ({ merchantId }) => ({ freshSeconds: 30, staleSeconds: 120, tags: [productsTag(merchantId)] }),
    load: ({ scope }) => reads.findManagedPage({ limit: SHOWN }, { scope }),
  }),
];
