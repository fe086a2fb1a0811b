import type { ProblemKind } from '../../shared/problem.ts';

export const productNotFound: ProblemKind = { code: 'product-not-found', status: 404, title: 'Product not found' };
export const wrongCurrency: ProblemKind = {
  code: 'wrong-currency',
  status: 422,
  title: 'Price is not in the currency of the store',
};
