export { requestLowStockCheck } from './low-stock.jobs.ts';
export { stockSubscriptions, stockTag } from './stock.events.ts';
export type { ExportedLevel, StockExports } from './stock.exports.ts';
export { outOfStock } from './stock.problems.ts';
export type { StockReads } from './stock.reads.ts';
export { bySku } from './stock.store.ts';
export type { StockStore } from './stock.store.ts';
export type { Turns } from './turns.ts';
