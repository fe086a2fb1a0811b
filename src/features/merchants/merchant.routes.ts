import { z } from 'zod';
import { tooContended } from '../../platform/database/failures.ts';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { invalidCursor } from '../../platform/security/cursors.ts';
import { PageQuery } from '../../shared/page.ts';
import { etagOf, preconditionFailed } from '../../shared/precondition.ts';
import { profileTag } from './merchant.events.ts';
import { currencyFixed, merchantNotFound, slugTaken } from './merchant.problems.ts';
import {
  EditProfile,
  EditSettings,
  OpenStore,
  OwnStorePage,
  Slug,
  StoreProfile,
  StoreView,
} from './merchant.schema.ts';
import type { MerchantService } from './merchant.service.ts';
import type { MerchantChange } from './merchant.store.ts';

const detail = { output: StoreView, status: 200, idempotent: false } as const;
const edit = {
  ...detail,
  method: 'patch',
  problems: [merchantNotFound, preconditionFailed, tooContended],
  queryBudget: 4,
  headers: ({ version }: StoreView) => ({ ETag: etagOf(version) }),
} as const;

/** Stores as users and everybody meet them. */
export const storeEndpoints = (merchants: MerchantService): readonly Endpoint[] => [
  endpoint({
    ...detail,
    method: 'post',
    path: '/merchants',
    operationId: 'openStore',
    summary: 'Open a store and become its owner',
    permission: { scope: 'user' },
    input: z.object({ body: OpenStore }),
    status: 201,
    problems: [slugTaken, tooContended],
    queryBudget: 4,
    limits: [{ quota: 20, windowSeconds: 3_600, per: 'actor' }],
    headers: ({ slug, version }) => ({ ETag: etagOf(version), Location: `/api/merchants/${slug}` }),
    handle: ({ body }, context) => merchants.open(context, body),
  }),

  endpoint({
    method: 'get',
    path: '/merchants/:slug',
    operationId: 'getStoreProfile',
    summary: 'Read what everybody may know of a store',
    permission: { scope: 'public' },
    input: z.object({ params: z.strictObject({ slug: Slug }) }),
    output: StoreProfile,
    status: 200,
    problems: [merchantNotFound],
    queryBudget: 1,
    idempotent: false,
    cache: ({ params }) => ({ freshSeconds: 300, staleSeconds: 600, tags: [profileTag(params.slug)] }),
    handle: ({ params }, context) => merchants.profile(context, params.slug),
  }),

  endpoint({
    method: 'get',
    path: '/me/merchants',
    operationId: 'listOwnStores',
    summary: 'List the stores that the caller belongs to',
    permission: { scope: 'user' },
    input: z.object({ query: PageQuery }),
    output: OwnStorePage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 2,
    idempotent: false,
    handle: ({ query }, context) => merchants.listOwn(context, query),
  }),
];

/** The store that the caller works for. No store in the paths: which one it is says the membership. */
export const ownStoreEndpoints = (merchants: MerchantService): readonly Endpoint[] => [
  endpoint({
    ...detail,
    method: 'get',
    path: '/merchant',
    operationId: 'getStore',
    summary: 'Read the own store',
    permission: { scope: 'merchant', role: 'staff', apiKey: 'store:read' },
    input: z.object({}),
    problems: [merchantNotFound],
    queryBudget: 1,
    headers: ({ version }) => ({ ETag: etagOf(version) }),
    handle: (_input, context) => merchants.get(context),
  }),

  endpoint({
    ...edit,
    path: '/merchant/profile',
    operationId: 'editStoreProfile',
    summary: 'Edit name and description',
    permission: { scope: 'merchant', role: 'manager', apiKey: 'store:write' },
    input: z.object({ body: EditProfile }),
    handle: ({ body }, context) => merchants.edit(context, sentOf(body)),
  }),

  endpoint({
    ...edit,
    path: '/merchant/settings',
    operationId: 'editStoreSettings',
    summary: 'Edit time zone, branding, language and, before the first product, the currency',
    permission: { scope: 'merchant', role: 'owner', apiKey: 'store:write' },
    input: z.object({ body: EditSettings }),
    problems: [...edit.problems, currencyFixed],
    handle: ({ body }, context) => merchants.edit(context, sentOf(body)),
  }),
];

type Sent<T> = { readonly [K in keyof T]: T[K] | undefined };

/** Only what was sent is changed. */
function sentOf(body: Sent<MerchantChange>): MerchantChange {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}
