export { stockSubscriptions, stockTag } from './stock.events.ts';
export type { StockEvent } from './stock.events.ts';
export { outOfStock } from './stock.problems.ts';
export type { StockReads } from './stock.reads.ts';
export type { StockService } from './stock.service.ts';
export { bySku } from './stock.store.ts';
export type { Quantity, StockStore } from './stock.store.ts';
export type { Turns } from './turns.ts';
