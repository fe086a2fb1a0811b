export { orderSubscriptions, ordersTag } from './order.events.ts';
export type { ExportedOrder, OrderExports, SkuSales } from './order.exports.ts';
export type { Payments } from './payments.ts';
export type { SalesReads, SalesRow } from './sales.reads.ts';
