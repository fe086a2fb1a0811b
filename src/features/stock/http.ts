export { stockEndpoints } from './stock.routes.ts';
export type { StockParts } from './stock.routes.ts';
