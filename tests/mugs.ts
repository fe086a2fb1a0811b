import { expect } from '@jest/globals';
import request from 'supertest';
import { z } from 'zod';
import { createApp, type AppParts } from '../src/app.ts';
import { uncached } from '../src/platform/cache/uncached.ts';
import { endpoint, type Feature } from '../src/platform/http/endpoint.ts';
import { forbidden, unauthenticated } from '../src/platform/http/problems.ts';
import { LocalLimiter } from '../src/platform/limits/local.ts';
import { HealthRegistry } from '../src/platform/observability/health.ts';
import { createLogger } from '../src/platform/observability/logger.ts';
import { currentTrace } from '../src/platform/observability/trace.ts';
import { Id, newId } from '../src/shared/ids.ts';
import { pageOf, PageQuery } from '../src/shared/page.ts';
import { demandVersion, etagOf, preconditionFailed } from '../src/shared/precondition.ts';
import { Problem } from '../src/shared/problem.ts';

const Mug = z.strictObject({ id: Id, name: z.string(), price: z.int() }).meta({ id: 'Mug' });
const Wish = z
  .strictObject({
    name: z.string().min(1).max(20),
    sizes: z.array(z.strictObject({ millilitres: z.int().min(1) })).min(1),
  })
  .meta({ id: 'Wish' });
export const mugs = ['blue', 'red'].map((name, index) => ({ id: Id.encode(newId()), name, price: index }));
const read = { permission: { scope: 'public' }, status: 200, problems: [], queryBudget: 1, idempotent: false } as const;
const MugPath = z.object({ params: z.strictObject({ mugId: Id }) });

/** A feature of a few mugs, with one endpoint of each kind and some that are broken. */
export const feature: Feature = {
  name: 'mugs',
  endpoints: [
    endpoint({
      ...read,
      method: 'get',
      path: '/mugs',
      operationId: 'listMugs',
      summary: 'List mugs',
      input: z.object({ query: PageQuery }),
      output: pageOf(Mug).meta({ id: 'MugPage' }),
      narrowable: true,
      handle: ({ query: { limit } }) => {
        const hasMore = limit < mugs.length;
        return Promise.resolve({ data: mugs.slice(0, limit), page: { nextCursor: hasMore ? 'a&b' : null, hasMore } });
      },
    }),
    endpoint({
      ...read,
      method: 'get',
      path: '/mugs/:mugId',
      operationId: 'getMug',
      summary: 'Read one mug',
      input: MugPath,
      output: Mug,
      headers: () => ({ ETag: etagOf(3) }),
      handle: ({ params }) => Promise.resolve({ id: Id.encode(params.mugId), name: 'blue', price: 1 }),
    }),
    endpoint({
      ...read,
      method: 'patch',
      path: '/mugs/:mugId',
      operationId: 'editMug',
      summary: 'Edit a mug',
      problems: [preconditionFailed],
      input: MugPath,
      output: z.void(),
      status: 204,
      handle: (_input, context) => {
        demandVersion(context, 3);
        return Promise.resolve();
      },
    }),
    endpoint({
      method: 'post',
      path: '/mugs',
      operationId: 'wishMug',
      summary: 'Wish for a mug',
      permission: { scope: 'user' },
      input: z.object({ body: Wish }),
      output: Wish,
      status: 201,
      problems: [],
      queryBudget: 1,
      idempotent: true,
      limits: [{ quota: 50, windowSeconds: 60, per: 'actor' }],
      handle: async ({ body }) => {
        await new Promise((resolve) => setImmediate(resolve));
        currentTrace()?.recordQuery({ collection: 'mugs', operation: 'insertOne', durationMs: 1.5 });
        return body;
      },
    }),
    endpoint({
      ...read,
      method: 'get',
      path: '/broken/:how',
      operationId: 'break',
      summary: 'Break',
      input: z.object({ params: z.strictObject({ how: z.string() }) }),
      output: z.strictObject({ shown: z.string() }),
      handle: ({ params: { how } }) => {
        if (how === 'leak') return Promise.resolve({ shown: 'yes', hidden: 'no' } as { shown: string });
        if (how === 'greedy')
          for (const operation of ['find', 'find'])
            currentTrace()?.recordQuery({ collection: 'c', operation, durationMs: 0 });
        if (how === 'slow') return new Promise((resolve) => setTimeout(resolve, 100, { shown: 'late' }));
        if (how === 'undeclared') throw new Problem(preconditionFailed, 'Nobody said so');
        if (how === 'away') throw new RangeError('away');
        if (how === 'greedy') return Promise.resolve({ shown: 'yes' });
        throw new Error('driver message canary-31');
      },
    }),
  ],
};

/** What the app has logged. */
export const lines: string[] = [];
export const user = newId();

/** What the app is built of, with a caller whose token is `good` and no cache, queue or database. */
export function parts(
  overrides: { perAddress?: number; strict?: boolean; slowRequestMs?: number; requestLimitMs?: number } = {},
): AppParts {
  const { perAddress = 10_000, strict = true, slowRequestMs = 500, requestLimitMs = 30_000 } = overrides;
  return {
    edge: {
      authorize(authorization, permission) {
        if (permission.scope === 'public')
          return Promise.resolve({ actor: { kind: 'anonymous' }, scope: { kind: 'public' } });
        if (authorization === undefined) throw new Problem(unauthenticated, 'Send a bearer token');
        if (authorization !== 'Bearer good') throw new Problem(forbidden, 'Not with this one');
        return Promise.resolve({ actor: { kind: 'user', id: user }, scope: { kind: 'user', userId: user } });
      },
      once: async (_context, _operationId, _input, work) => ({ result: await work(), replayed: true }),
      cache: uncached,
      limits: { limiter: new LocalLimiter(1), perAddress, perTenant: 1_000, perUser: 1_000, perKey: 1_000 },
      strict,
    },
    health: new HealthRegistry(),
    logger: createLogger({ level: 'debug', service: 'api', destination: { write: (line) => void lines.push(line) } }),
    http: { trustProxy: false, corsOrigins: ['https://shop.example'], slowRequestMs, requestLimitMs },
    problemPages: new URL('../docs/problems', import.meta.url).pathname,
    translations: [
      (error) =>
        error instanceof RangeError
          ? new Problem({ code: 'unavailable', status: 503, title: 'Away' }, 'Away')
          : undefined,
    ],
  };
}

export const app = createApp([feature], parts());
export const api = () => request(app);
export const wish = (body: unknown) =>
  api()
    .post('/api/mugs')
    .set('Authorization', 'Bearer good')
    .set('Idempotency-Key', 'k-1')
    .send(body as object);
export const good = { name: 'blue', sizes: [{ millilitres: 300 }] };

/** Every refusal looks the same: a problem with its id, of no cache, with nothing of the server in it. */
export function expectProblem(answer: request.Response, status: number, code: string): void {
  expect(answer.status).toBe(status);
  expect(answer.get('content-type')).toMatch('application/problem+json');
  expect(answer.body).toMatchObject({ code, status, type: `/problems/${code}`, requestId: answer.get('x-request-id') });
  expect(answer.text).not.toMatch(/node_modules|\.ts:|canary/);
}
