import { z } from 'zod';
import { tooContended } from '../../platform/database/failures.ts';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { invalidCursor } from '../../platform/security/cursors.ts';
import { preconditionFailed } from '../../shared/precondition.ts';
import type { Now } from '../../shared/time.ts';
import { outOfStock } from '../stock/index.ts';
import { mixedCurrencies, orderNotFound, transitionRefused, unknownCustomer, unknownSku } from './order.problems.ts';
import type { OrderReads } from './order.reads.ts';
import { OrderPath, versionOf } from './order.routes.ts';
import {
  AllOrdersQuery,
  MAX_WRITE_QUERIES,
  MerchantOrdersQuery,
  MoveOrder,
  NumberedOrderPage,
  NumberPath,
  OrderPage,
  OrderView,
  PlaceOrderFor,
} from './order.schema.ts';
import type { OrderService } from './order.service.ts';

const canRead = { scope: 'merchant', role: 'staff', apiKey: 'orders:read' } as const;
const canWrite = { scope: 'merchant', role: 'staff', apiKey: 'orders:write' } as const;

export interface MerchantOrderParts {
  readonly orders: Pick<OrderService, 'get' | 'getByNumber' | 'move' | 'placeFor'>;
  readonly reads: Pick<OrderReads, 'findAll' | 'findMerchantPage'>;
  readonly now: Now;
}

/** What merchants do with their orders. Whose orders these are is said by the token alone. */
export const merchantOrderEndpoints = (parts: MerchantOrderParts): readonly Endpoint[] => [
  ...readEndpoints(parts),
  ...writeEndpoints(parts),
];

const readEndpoints = ({ orders, reads }: MerchantOrderParts): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/merchant/orders',
    operationId: 'listOrders',
    summary: "List the merchant's orders, newest first",
    permission: canRead,
    input: z.object({ query: MerchantOrdersQuery }),
    output: OrderPage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 2,
    idempotent: false,
    narrowable: true,
    handle: ({ query }, { scope }) => reads.findMerchantPage(query, { scope }),
  }),
  endpoint({
    method: 'get',
    path: '/merchant/orders/:orderId',
    operationId: 'getOrder',
    summary: 'Read one order',
    permission: canRead,
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
  endpoint({
    method: 'get',
    path: '/merchant/order-numbers/:number',
    operationId: 'getOrderByNumber',
    summary: 'Read the order of which a customer tells the number',
    permission: canRead,
    input: z.object({ params: NumberPath }),
    output: OrderView,
    status: 200,
    problems: [orderNotFound],
    queryBudget: 3,
    idempotent: false,
    headers: versionOf,
    handle: ({ params }, context) => orders.getByNumber(context, params.number),
  }),
];

const writeEndpoints = ({ orders }: MerchantOrderParts): readonly Endpoint[] => [
  endpoint({
    method: 'post',
    path: '/merchant/orders',
    operationId: 'placeOrderForCustomer',
    summary: 'Place an order for a customer',
    permission: canWrite,
    input: z.object({ body: PlaceOrderFor }),
    output: OrderView,
    status: 201,
    problems: [unknownSku, mixedCurrencies, unknownCustomer, outOfStock, tooContended],
    queryBudget: MAX_WRITE_QUERIES,
    idempotent: true,
    headers: (order) => ({ ...versionOf(order), Location: `/api/merchant/orders/${order.id}` }),
    handle: ({ body }, context) => orders.placeFor(context, body),
  }),
  endpoint({
    method: 'post',
    path: '/merchant/orders/:orderId/transitions',
    operationId: 'moveOrder',
    summary: 'Move an order to its next state',
    permission: canWrite,
    input: z.object({ params: OrderPath, body: MoveOrder }),
    output: OrderView,
    status: 200,
    problems: [orderNotFound, transitionRefused, preconditionFailed, tooContended],
    queryBudget: MAX_WRITE_QUERIES,
    idempotent: true,
    headers: versionOf,
    handle: ({ params, body }, context) => orders.move(context, params.orderId, body.to),
  }),
];

/** What operators see of the orders of all stores. */
export const platformOrderEndpoints = ({ reads, now }: MerchantOrderParts): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/admin/orders',
    operationId: 'listAllOrders',
    summary: 'List the orders of all stores, newest first, with totals',
    permission: { scope: 'system', role: 'support' },
    input: z.object({ query: AllOrdersQuery }),
    output: NumberedOrderPage,
    status: 200,
    problems: [],
    queryBudget: 2,
    idempotent: false,
    handle: ({ query }, { scope }) => reads.findAll(query, now(), { scope }),
  }),
];
