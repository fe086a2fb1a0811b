import type { ProblemKind } from '../../shared/problem.ts';

export const orderNotFound: ProblemKind = { code: 'order-not-found', status: 404, title: 'Order not found' };
export const unknownSku: ProblemKind = { code: 'unknown-sku', status: 422, title: 'SKU is not for sale' };
export const mixedCurrencies: ProblemKind = {
  code: 'mixed-currencies',
  status: 409,
  title: 'Order mixes currencies',
};
export const unknownCustomer: ProblemKind = { code: 'unknown-customer', status: 422, title: 'No such customer' };
export const paymentDeclined: ProblemKind = { code: 'payment-declined', status: 402, title: 'Payment was declined' };
export const transitionRefused: ProblemKind = {
  code: 'transition-refused',
  status: 409,
  title: 'Order cannot move there',
};
