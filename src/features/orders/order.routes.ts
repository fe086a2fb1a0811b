import { z } from 'zod';
import { tooContended } from '../../platform/database/failures.ts';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { invalidCursor } from '../../platform/security/cursors.ts';
import { Id } from '../../shared/ids.ts';
import { etagOf, preconditionFailed } from '../../shared/precondition.ts';
import { outOfStock } from '../stock/index.ts';
import { mixedCurrencies, orderNotFound, paymentDeclined, transitionRefused, unknownSku } from './order.problems.ts';
import type { OrderReads } from './order.reads.ts';
import { MAX_WRITE_QUERIES, OrderPage, OrderView, PayOrder, PlaceOrder, UserOrdersQuery } from './order.schema.ts';
import type { OrderService } from './order.service.ts';

export const OrderPath = z.strictObject({ orderId: Id });
export const versionOf = ({ version }: { readonly version: number }) => ({ ETag: etagOf(version) });

const buyer = { scope: 'user' } as const;

export interface UserOrderParts {
  readonly orders: Pick<OrderService, 'get' | 'move' | 'pay' | 'place'>;
  readonly reads: Pick<OrderReads, 'findUserPage'>;
}

/** What users do with their orders. */
export const userOrderEndpoints = (parts: UserOrderParts): readonly Endpoint[] => [
  ...readEndpoints(parts),
  ...writeEndpoints(parts),
];

const readEndpoints = ({ orders, reads }: UserOrderParts): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/orders',
    operationId: 'listMyOrders',
    summary: 'List your orders, newest first',
    permission: buyer,
    input: z.object({ query: UserOrdersQuery }),
    output: OrderPage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 2,
    idempotent: false,
    narrowable: true,
    handle: ({ query }, { scope }) => reads.findUserPage(query, { scope }),
  }),
  endpoint({
    method: 'get',
    path: '/orders/:orderId',
    operationId: 'getMyOrder',
    summary: 'Read one of your orders',
    permission: buyer,
    input: z.object({ params: OrderPath }),
    output: OrderView,
    status: 200,
    problems: [orderNotFound],
    queryBudget: 3,
    idempotent: false,
    narrowable: true,
    headers: versionOf,
    handle: ({ params }, context) => orders.get(context, params.orderId),
  }),
];

const writeEndpoints = ({ orders }: UserOrderParts): readonly Endpoint[] => [
  endpoint({
    method: 'post',
    path: '/orders',
    operationId: 'placeOrder',
    summary: 'Buy at a store',
    permission: buyer,
    input: z.object({ body: PlaceOrder }),
    output: OrderView,
    status: 201,
    problems: [unknownSku, mixedCurrencies, outOfStock, tooContended],
    queryBudget: MAX_WRITE_QUERIES,
    idempotent: true,
    headers: (order) => ({ ...versionOf(order), Location: `/api/orders/${order.id}` }),
    handle: ({ body }, context) => orders.place(context, body),
  }),
  endpoint({
    method: 'post',
    path: '/orders/:orderId/payments',
    operationId: 'payOrder',
    summary: 'Pay an order',
    permission: buyer,
    input: z.object({ params: OrderPath, body: PayOrder }),
    output: OrderView,
    status: 200,
    problems: [orderNotFound, paymentDeclined, transitionRefused, tooContended],
    queryBudget: MAX_WRITE_QUERIES,
    idempotent: true,
    headers: versionOf,
    handle: ({ params, body }, context) => orders.pay(context, params.orderId, body.token),
  }),
  endpoint({
    method: 'post',
    path: '/orders/:orderId/cancellation',
    operationId: 'cancelMyOrder',
    summary: 'Cancel an order that has not been shipped',
    permission: buyer,
    input: z.object({ params: OrderPath }),
    output: OrderView,
    status: 200,
    problems: [orderNotFound, transitionRefused, preconditionFailed, tooContended],
    queryBudget: MAX_WRITE_QUERIES,
    idempotent: true,
    headers: versionOf,
    handle: ({ params }, context) => orders.move(context, params.orderId, 'cancelled'),
  }),
];
