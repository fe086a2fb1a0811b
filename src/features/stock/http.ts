import type { Feature } from '../../platform/http/endpoint.ts';
import { stockEndpoints, type StockParts } from './stock.routes.ts';

export const stockFeature = (parts: StockParts): Feature => ({ name: 'stock', endpoints: stockEndpoints(parts) });
