import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { ProblemKind } from '../../shared/problem.ts';
import { keyReused, requestInProgress } from '../idempotency/once.ts';
import type { Endpoint, Feature } from './endpoint.ts';
import { IdempotencyKey } from './idempotency-key.ts';
import { MERCHANT_HEADER, MerchantHeader, merchantRequired } from './merchant-header.ts';
import { fieldsOf } from './narrow.ts';
import * as problems from './problems.ts';

const ProblemBody = z
  .looseObject({
    type: z.string(),
    code: z.string(),
    status: z.int(),
    title: z.string(),
    detail: z.string(),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details; `code` is stable, `type` leads to its page.' });

const SECURITY_SCHEMES = {
  bearer: { bearerFormat: 'JWT', description: 'The access token of somebody who has signed in.' },
  apiKey: {
    bearerFormat: 'mpk_…',
    description: 'An API key of a store, sent as a bearer token. It opens what its scopes name, in that store.',
  },
} as const;

/** The OpenAPI 3.1 document of an API. */
export type OpenApiDocument = ReturnType<typeof openApiOf>;

/** Writes the API's document from the same declarations that answer it. */
export function openApiOf(features: readonly Feature[], info: { readonly title: string; readonly version: string }) {
  const registry = new OpenAPIRegistry();
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES)) {
    registry.registerComponent('securitySchemes', name, { type: 'http', scheme: 'bearer', ...scheme });
  }
  for (const { name, endpoints } of features) {
    for (const endpoint of endpoints) registry.registerPath(toRoute(endpoint, name));
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info,
    servers: [{ url: '/api' }],
    tags: features.map(({ name }) => ({ name })),
  });
}

function toRoute(endpoint: Endpoint, tag: string): RouteConfig {
  const { params, body } = endpoint.input.shape;
  const query = queryOf(endpoint);
  return {
    method: endpoint.method,
    path: endpoint.path.replaceAll(/:(\w+)/g, '{$1}'),
    operationId: endpoint.operationId,
    summary: endpoint.summary,
    tags: [tag],
    security: securityOf(endpoint),
    request: {
      ...(params && { params }),
      ...(query && { query }),
      ...headersOf(endpoint),
      ...(body && {
        body: { required: !body.safeParse({}).success, content: { 'application/json': { schema: body } } },
      }),
    },
    responses: { [endpoint.status]: success(endpoint), ...failures(endpoint) },
    'x-permission': endpoint.permission,
    'x-query-budget': endpoint.queryBudget,
  };
}

/** Any one of these will do. Beside the key stands the right it needs. */
function securityOf({ permission }: Endpoint): NonNullable<RouteConfig['security']> {
  if (permission.scope === 'public') return [];
  const byKey = permission.scope === 'merchant' && permission.apiKey !== null ? [{ apiKey: [permission.apiKey] }] : [];
  return [{ bearer: [] }, ...byKey];
}

function headersOf({ idempotent, permission }: Endpoint): { headers?: z.ZodObject } {
  const headers = {
    ...(idempotent && { 'Idempotency-Key': IdempotencyKey }),
    ...(permission.scope === 'merchant' && { [MERCHANT_HEADER]: MerchantHeader }),
  };
  return Object.keys(headers).length === 0 ? {} : { headers: z.object(headers) };
}

function queryOf({ input, narrowable, output }: Endpoint): z.ZodObject | undefined {
  const { query } = input.shape;
  if (narrowable !== true) return query;
  const fields = z
    .string()
    .optional()
    .meta({ description: `Some of: ${fieldsOf(output).join(', ')}` });
  return (query ?? z.strictObject({})).extend({ fields });
}

function success({ status, output, streams }: Endpoint): RouteConfig['responses'][string] {
  if (status === 204) return { description: 'Done; there is nothing to tell' };
  if (streams !== undefined) {
    const content = Object.fromEntries(streams.map((mediaType) => [mediaType, { schema: z.string() }]));
    return { description: 'A file, sent as it is read', content };
  }
  return { description: 'Success', content: { 'application/json': { schema: output } } };
}

/** One status can have several causes: they share an entry and are told apart by `code`. */
function failures(endpoint: Endpoint): RouteConfig['responses'] {
  const byStatus = Map.groupBy(problemsOf(endpoint), ({ status }) => status);
  return Object.fromEntries(
    Array.from(byStatus, ([status, kinds]) => [
      status,
      {
        description: kinds.map(({ code }) => code).join(', '),
        content: { 'application/problem+json': { schema: ProblemBody } },
      },
    ]),
  );
}

/** Every kind of failure an endpoint may answer with: those of the edge, then its own. */
export function problemsOf(endpoint: Endpoint): readonly ProblemKind[] {
  const kinds = [
    problems.malformedRequest,
    problems.invalidRequest,
    problems.tooManyRequests,
    problems.internalError,
    problems.unavailable,
    problems.timedOut,
    ...(endpoint.permission.scope === 'public' ? [] : [problems.unauthenticated, problems.forbidden]),
    ...(endpoint.permission.scope === 'merchant' ? [merchantRequired] : []),
    ...(endpoint.idempotent ? [problems.keyRequired, requestInProgress, keyReused] : []),
    ...(endpoint.input.shape.body ? [problems.payloadTooLarge, problems.unsupportedMediaType] : []),
    ...endpoint.problems,
  ];
  return [...new Set(kinds)].sort((a, b) => a.status - b.status);
}
