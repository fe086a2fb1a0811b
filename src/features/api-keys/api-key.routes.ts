import { z } from 'zod';
import { tooContended } from '../../platform/database/failures.ts';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { invalidCursor } from '../../platform/security/cursors.ts';
import { Id } from '../../shared/ids.ts';
import { PageQuery } from '../../shared/page.ts';
import { apiKeyNotFound } from './api-key.problems.ts';
import { ApiKeyPage, createApiKeySchema, CreatedApiKey } from './api-key.schema.ts';
import type { ApiKeyService } from './api-key.service.ts';
import type { GrantableRights } from './rights.ts';

/** For people: a key that could make keys would outlive its own revocation. */
const permission = { scope: 'merchant', role: 'manager', apiKey: null } as const;

export const apiKeyEndpoints = (keys: ApiKeyService, rights: GrantableRights): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/merchant/api-keys',
    operationId: 'listApiKeys',
    summary: 'List the API keys of the store, without their secrets',
    permission,
    input: z.object({ query: PageQuery }),
    output: ApiKeyPage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 1,
    idempotent: false,
    handle: ({ query }, context) => keys.list(context, query),
  }),

  endpoint({
    method: 'post',
    path: '/merchant/api-keys',
    operationId: 'createApiKey',
    summary: 'Create an API key; its secret is shown this once',
    permission,
    input: z.object({ body: createApiKeySchema(rights) }),
    output: CreatedApiKey,
    status: 201,
    problems: [tooContended],
    queryBudget: 4,
    // An answer that is kept for a repetition would keep the secret readable. A key made twice is seen and revoked.
    idempotent: false,
    limits: [{ quota: 100, windowSeconds: 3_600, per: 'tenant' }],
    handle: ({ body }, context) => keys.create(context, body, rights),
  }),

  endpoint({
    method: 'delete',
    path: '/merchant/api-keys/:keyId',
    operationId: 'revokeApiKey',
    summary: 'Revoke an API key: within 5 seconds it opens nothing any more',
    permission,
    input: z.object({ params: z.strictObject({ keyId: Id }) }),
    output: z.void(),
    status: 204,
    problems: [apiKeyNotFound, tooContended],
    queryBudget: 3,
    idempotent: false,
    handle: ({ params }, context) => keys.revoke(context, params.keyId),
  }),
];
