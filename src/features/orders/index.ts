export { orderSubscriptions, ordersTag } from './order.events.ts';
export type { Payments } from './payments.ts';
export type { SalesReads, SalesRow } from './sales.reads.ts';
