import { z } from 'zod';
import { alreadyExists, tooContended } from '../../platform/database/failures.ts';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { invalidCursor } from '../../platform/security/cursors.ts';
import { Id } from '../../shared/ids.ts';
import { PageQuery } from '../../shared/page.ts';
import { etagOf, preconditionFailed } from '../../shared/precondition.ts';
import { Sku } from '../catalog/index.ts';
import { locationNotFound, outOfStock, stockNotFound } from './stock.problems.ts';
import type { StockReads } from './stock.reads.ts';
import {
  AdjustStock,
  CreateLocation,
  LocationPage,
  LocationView,
  SetStock,
  StockPage,
  StockView,
} from './stock.schema.ts';
import type { StockService } from './stock.service.ts';
import type { FoundStock } from './stock.store.ts';

const LocationPath = z.strictObject({ locationId: Id });
const PlacePath = LocationPath.extend({ sku: Sku });
const canRead = { scope: 'merchant', role: 'staff', apiKey: 'stock:read' } as const;
const canWrite = { scope: 'merchant', role: 'staff', apiKey: 'stock:write' } as const;
const canManage = { scope: 'merchant', role: 'manager', apiKey: 'stock:write' } as const;
const versionOf = ({ version }: { readonly version: number }) => ({ ETag: etagOf(version) });

const countedOf = ({ available, lowStockAt }: SetStock): FoundStock =>
  lowStockAt === undefined ? { available } : { available, lowStockAt };

/** What is there, the location, the change, its audit entry and event, and the answer kept for its key. */
const WRITE_QUERIES = 6;

export interface StockParts {
  readonly stock: StockService;
  readonly reads: Pick<StockReads, 'findLocations' | 'findPage'>;
}

export const stockEndpoints = (parts: StockParts): readonly Endpoint[] => [
  ...readEndpoints(parts),
  ...writeEndpoints(parts),
];

const readEndpoints = ({ stock, reads }: StockParts): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/merchant/locations',
    operationId: 'listLocations',
    summary: 'List the places from which the merchant sells, oldest first',
    permission: canRead,
    input: z.object({ query: PageQuery }),
    output: LocationPage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 2,
    idempotent: false,
    handle: ({ query }, { scope }) => reads.findLocations(query, { scope }),
  }),
  endpoint({
    method: 'get',
    path: '/merchant/locations/:locationId/stock',
    operationId: 'listStock',
    summary: 'List what lies at a location, by SKU',
    permission: canRead,
    input: z.object({ params: LocationPath, query: PageQuery }),
    output: StockPage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 2,
    idempotent: false,
    handle: ({ params, query }, { scope }) => reads.findPage(params.locationId, query, { scope }),
  }),
  endpoint({
    method: 'get',
    path: '/merchant/locations/:locationId/stock/:sku',
    operationId: 'getStock',
    summary: 'Read how much of a variant lies at a location',
    permission: canRead,
    input: z.object({ params: PlacePath }),
    output: StockView,
    status: 200,
    problems: [stockNotFound],
    queryBudget: 1,
    idempotent: false,
    headers: versionOf,
    handle: ({ params }, context) => stock.get(context, params),
  }),
];

const writeEndpoints = ({ stock }: StockParts): readonly Endpoint[] => [
  endpoint({
    method: 'post',
    path: '/merchant/locations',
    operationId: 'createLocation',
    summary: 'Add a place to sell from',
    permission: canManage,
    input: z.object({ body: CreateLocation }),
    output: LocationView,
    status: 201,
    problems: [alreadyExists, tooContended],
    queryBudget: 3,
    idempotent: false,
    handle: ({ body }, context) => stock.createLocation(context, body),
  }),
  endpoint({
    method: 'put',
    path: '/merchant/locations/:locationId/stock/:sku',
    operationId: 'setStock',
    summary: 'Set what a count has found',
    permission: canWrite,
    input: z.object({ params: PlacePath, body: SetStock }),
    output: StockView,
    status: 200,
    problems: [locationNotFound, stockNotFound, alreadyExists, preconditionFailed, tooContended],
    queryBudget: WRITE_QUERIES,
    idempotent: false,
    headers: versionOf,
    handle: ({ params, body }, context) => stock.set(context, params, countedOf(body)),
  }),
  endpoint({
    method: 'post',
    path: '/merchant/locations/:locationId/stock/:sku/adjustments',
    operationId: 'adjustStock',
    summary: 'Add what has come in, or take away what is lost',
    permission: canWrite,
    input: z.object({ params: PlacePath, body: AdjustStock }),
    output: StockView,
    status: 200,
    problems: [stockNotFound, outOfStock, tooContended],
    queryBudget: WRITE_QUERIES,
    idempotent: true,
    headers: versionOf,
    handle: ({ params, body }, context) => stock.adjust(context, params, body.change),
  }),
];
