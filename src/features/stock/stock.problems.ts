import { Problem, type ProblemKind } from '../../shared/problem.ts';

export const outOfStock: ProblemKind = { code: 'out-of-stock', status: 409, title: 'Not enough stock' };
export const locationNotFound: ProblemKind = { code: 'location-not-found', status: 404, title: 'Location not found' };
export const stockNotFound: ProblemKind = { code: 'stock-not-found', status: 404, title: 'No stock is kept of this' };

/** Tells a buyer no more than that it is not enough. */
export const tooFew = (sku: string, quantity: number): Problem =>
  new Problem(outOfStock, `Fewer than ${String(quantity)} of ${sku} are left`, { sku });
