import { z } from 'zod';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { invalidCursor } from '../../platform/security/cursors.ts';
import { Id } from '../../shared/ids.ts';
import { productsTag } from './product.events.ts';
import { productNotFound } from './product.problems.ts';
import type { ProductReads } from './product.reads.ts';
import { ProductDetail, ProductPage, SearchQuery, Slug, StorefrontQuery } from './product.schema.ts';
import type { ProductService } from './product.service.ts';

const StorePath = z.strictObject({ merchantId: Id });
const open = { scope: 'public' } as const;

export interface StorefrontParts {
  readonly products: Pick<ProductService, 'getOnSale'>;
  readonly reads: Pick<ProductReads, 'findStorefrontPage' | 'search'>;
}

/** What everybody sees of what a merchant sells. */
export const storefrontEndpoints = ({ products, reads }: StorefrontParts): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/storefronts/:merchantId/products',
    operationId: 'listStorefrontProducts',
    summary: 'List what a merchant sells',
    permission: open,
    input: z.object({ params: StorePath, query: StorefrontQuery }),
    output: ProductPage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 2,
    idempotent: false,
    narrowable: true,
    cache: ({ params }) => listPolicy(params.merchantId),
    handle: ({ params, query }, { scope }) => reads.findStorefrontPage(params.merchantId, query, { scope }),
  }),
  endpoint({
    method: 'get',
    path: '/storefronts/:merchantId/search',
    operationId: 'searchStorefront',
    summary: 'Search what a merchant sells, best matches first',
    permission: open,
    input: z.object({ params: StorePath, query: SearchQuery }),
    output: ProductPage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 2,
    idempotent: false,
    narrowable: true,
    cache: ({ params }) => listPolicy(params.merchantId),
    handle: ({ params, query }, { scope }) => reads.search(params.merchantId, query, { scope }),
  }),
  endpoint({
    method: 'get',
    path: '/storefronts/:merchantId/products/:slug',
    operationId: 'getStorefrontProduct',
    summary: 'Read one product of a storefront',
    permission: open,
    input: z.object({ params: StorePath.extend({ slug: Slug }) }),
    output: ProductDetail,
    status: 200,
    problems: [productNotFound],
    queryBudget: 3,
    idempotent: false,
    narrowable: true,
    cache: ({ params }) => ({ freshSeconds: 300, staleSeconds: 600, tags: [productsTag(params.merchantId)] }),
    track: ({ params }, { id }) => ({
      type: 'product.viewed',
      merchantId: Id.encode(params.merchantId),
      subjectId: id,
    }),
    handle: ({ params }, context) => products.getOnSale(context, params.merchantId, params.slug),
  }),
];

const listPolicy = (merchantId: Id) => ({ freshSeconds: 60, staleSeconds: 300, tags: [productsTag(merchantId)] });
