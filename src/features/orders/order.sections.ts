import { section, type Section } from '../../platform/http/section.ts';
import type { OrderReads } from './order.reads.ts';
import { OrderPage } from './order.schema.ts';

const SHOWN = 5;
const common = { name: 'orders', output: OrderPage, timeoutMs: 1_000, queryBudget: 2 } as const;

/** The latest orders. Loaded each time: people decide by them. */
export const orderSections = (reads: Pick<OrderReads, 'findMerchantPage' | 'findUserPage'>): readonly Section[] => [
  section({
    ...common,
    screen: 'bootstrap',
    load: ({ scope }) => reads.findUserPage({ limit: SHOWN }, { scope }),
  }),
  section({
    ...common,
    screen: 'dashboard',
    load: ({ scope }) => reads.findMerchantPage({ limit: SHOWN }, { scope }),
  }),
];
