import { z } from 'zod';
import { alreadyExists, tooContended } from '../../platform/database/failures.ts';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { invalidCursor } from '../../platform/security/cursors.ts';
import { Id } from '../../shared/ids.ts';
import { etagOf, preconditionFailed } from '../../shared/precondition.ts';
import { productNotFound, wrongCurrency } from './product.problems.ts';
import type { ProductReads } from './product.reads.ts';
import { CreateProduct, ManagedProduct, ManagedProductPage, ProductQuery, UpdateProduct } from './product.schema.ts';
import type { ProductService } from './product.service.ts';

const ProductPath = z.strictObject({ productId: Id });
const canRead = { scope: 'merchant', role: 'staff', apiKey: 'products:read' } as const;
const canWrite = { scope: 'merchant', role: 'manager', apiKey: 'products:write' } as const;
const versionOf = ({ version }: { readonly version: number }) => ({ ETag: etagOf(version) });

/** The currency of the store, fixed by the first product; state, change, audit, event. */
const WRITE_QUERIES = 6;

export interface ManagedProductParts {
  readonly products: Pick<ProductService, 'archive' | 'create' | 'get' | 'update'>;
  readonly reads: Pick<ProductReads, 'findManagedPage'>;
}

/** A merchant's own products. No merchant in the paths: whose they are is said by the token alone. */
export const managedProductEndpoints = (parts: ManagedProductParts): readonly Endpoint[] => [
  ...readEndpoints(parts),
  ...writeEndpoints(parts),
];

const readEndpoints = ({ products, reads }: ManagedProductParts): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/merchant/products',
    operationId: 'listProducts',
    summary: "List the merchant's products, last changed first",
    permission: canRead,
    input: z.object({ query: ProductQuery }),
    output: ManagedProductPage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 2,
    idempotent: false,
    narrowable: true,
    handle: ({ query }, { scope }) => reads.findManagedPage(query, { scope }),
  }),
  endpoint({
    method: 'get',
    path: '/merchant/products/:productId',
    operationId: 'getProduct',
    summary: 'Read one product',
    permission: canRead,
    input: z.object({ params: ProductPath }),
    output: ManagedProduct,
    status: 200,
    problems: [productNotFound],
    queryBudget: 3,
    idempotent: false,
    narrowable: true,
    headers: versionOf,
    handle: ({ params }, context) => products.get(context, params.productId),
  }),
];

const writeEndpoints = ({ products }: ManagedProductParts): readonly Endpoint[] => [
  endpoint({
    method: 'post',
    path: '/merchant/products',
    operationId: 'createProduct',
    summary: 'Add a product',
    permission: canWrite,
    input: z.object({ body: CreateProduct }),
    output: ManagedProduct,
    status: 201,
    problems: [alreadyExists, wrongCurrency, tooContended],
    queryBudget: WRITE_QUERIES,
    idempotent: false,
    headers: (product) => ({ ...versionOf(product), Location: `/api/merchant/products/${product.id}` }),
    handle: ({ body }, context) => products.create(context, body),
  }),
  endpoint({
    method: 'patch',
    path: '/merchant/products/:productId',
    operationId: 'updateProduct',
    summary: 'Change a product; with `If-Match` only if it is still as it was read',
    permission: canWrite,
    input: z.object({ params: ProductPath, body: UpdateProduct }),
    output: ManagedProduct,
    status: 200,
    problems: [productNotFound, preconditionFailed, alreadyExists, wrongCurrency, tooContended],
    queryBudget: WRITE_QUERIES,
    idempotent: false,
    headers: versionOf,
    handle: ({ params, body }, context) => products.update(context, params.productId, body),
  }),
  endpoint({
    method: 'post',
    path: '/merchant/products/:productId/archive',
    operationId: 'archiveProduct',
    summary: 'Take a product off sale',
    permission: canWrite,
    input: z.object({ params: ProductPath }),
    output: ManagedProduct,
    status: 200,
    problems: [productNotFound, preconditionFailed, tooContended],
    queryBudget: WRITE_QUERIES,
    idempotent: false,
    headers: versionOf,
    handle: ({ params }, context) => products.archive(context, params.productId),
  }),
];
