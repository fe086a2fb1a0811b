export { ordersTag, orderSubscriptions } from './order.events.ts';
export type { OrderEvent } from './order.events.ts';
export type { OrderView, PlaceOrder } from './order.schema.ts';
export type { OrderService } from './order.service.ts';
export type { OrderState } from './order.state.ts';
export type { Payments } from './payments.ts';
export type { ProductSales, SalesReads, SalesRow } from './sales.reads.ts';
export type { Customers, Stores } from './surroundings.ts';
