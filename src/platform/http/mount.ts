import { Router, type Request, type Response } from 'express';
import type { z } from 'zod';
import { Problem } from '../../shared/problem.ts';
import type { Identity, RequestContext } from '../../shared/scope.ts';
import type { Cache } from '../cache/cache.ts';
import type { Trace } from '../observability/trace.ts';
import type { Endpoint, Permission, RequestShape } from './endpoint.ts';
import { IdempotencyKey } from './idempotency-key.ts';
import { limitCaller, type RequestLimits } from './limits.ts';
import { MERCHANT_HEADER } from './merchant-header.ts';
import { fieldsOf, narrow, takeFields } from './narrow.ts';
import { nextLinkOf } from './next-link.ts';
import { problemsOf } from './openapi.ts';
import { allowProblems } from './problem-handler.ts';
import { invalid, keyRequired, methodNotAllowed, routeNotFound } from './problems.ts';
import { traceOf } from './request.ts';

/** A handler's answer, or the one kept from when the same was asked before. */
export interface Answer {
  readonly result: unknown;
  readonly replayed: boolean;
}

/** What stands between the network and every handler. */
export interface Edge {
  /**
   * Finds the identity from the token and a membership looked up. Throws the 401 or 403 itself.
   * @param merchant what the caller names as its store, unchecked
   */
  authorize(authorization: string | undefined, permission: Permission, merchant?: string): Promise<Identity>;
  /** Runs `work` once per tenant, actor, route and key; afterwards replays the answer kept in its transaction. */
  once(context: RequestContext, operationId: string, input: unknown, work: () => Promise<unknown>): Promise<Answer>;
  readonly cache: Cache;
  readonly limits: RequestLimits;
  /**
   * Whether each answer is parsed by its schema, each query budget enforced and each problem declared: true in tests only. Presenters
   * whitelist what is shown, so that in production it would only cost.
   */
  readonly strict: boolean;
}

type Input = z.output<RequestShape>;

/** Binds endpoints to Express. The only place that knows both. */
export function mount(endpoints: readonly Endpoint[], edge: Edge): Router {
  const router = Router();
  for (const endpoint of endpoints) {
    const fields = endpoint.narrowable === true ? fieldsOf(endpoint.output) : [];
    router[endpoint.method](endpoint.path, async (req, res) => {
      const trace = traceOf(res);
      trace.operationId = endpoint.operationId;
      if (edge.strict) allowProblems(res, problemsOf(endpoint));
      // Until it is known to be meant for everybody.
      res.set('Cache-Control', 'no-store');
      const context = await contextOf(req, trace, endpoint, edge);
      // Knowing the caller costs the same everywhere, or nothing where it is remembered: no route's budget pays for it.
      const queriesBefore = trace.queryCount;
      await limitCaller(res, endpoint, context, edge.limits);
      const { query, chosen } = takeFields(req.query, fields);
      const input = parseInput(endpoint, req, query);
      const answer = await answerOf(endpoint, input, context, edge);
      if (edge.strict) inspect(endpoint, answer, trace, queriesBefore);
      const shown = chosen === undefined ? answer : { ...answer, result: narrow(answer.result, chosen) };
      send(res, endpoint, context, shown);
    });
  }
  return router.use(refuseMethods(endpoints));
}

/** Before validation, so that a stranger learns nothing of the schema. */
async function contextOf(req: Request, trace: Trace, endpoint: Endpoint, edge: Edge): Promise<RequestContext> {
  const identity = await edge.authorize(req.get('authorization'), endpoint.permission, req.get(MERCHANT_HEADER));
  const idempotencyKey = endpoint.idempotent ? idempotencyKeyOf(req) : undefined;
  return {
    ...identity,
    requestId: trace.requestId,
    traceparent: trace.traceparent,
    address: req.ip ?? '',
    deadlineAt: trace.deadlineAt,
    ifMatch: req.get('if-match'),
    idempotencyKey,
  };
}

function idempotencyKeyOf(req: Request): string {
  const key = IdempotencyKey.safeParse(req.get('idempotency-key'));
  if (key.success) return key.data;
  throw new Problem(keyRequired, 'Send a key of your own, new per intent: 1 to 255 printable ASCII characters');
}

function parseInput(endpoint: Endpoint, req: Request, query: object): Input {
  const parsed = endpoint.input.safeParse({ params: req.params, query, body: req.body as unknown });
  if (!parsed.success) throw invalid(parsed.error);
  return parsed.data;
}

async function answerOf(endpoint: Endpoint, input: Input, context: RequestContext, edge: Edge): Promise<Answer> {
  const work = () => endpoint.handle(input, context);
  if (endpoint.idempotent) return edge.once(context, endpoint.operationId, input, work);
  if (endpoint.cache === undefined) return { result: await work(), replayed: false };
  // The scope is part of the key: what one tenant was shown must never answer another.
  const key = JSON.stringify([endpoint.operationId, context.scope, input]);
  return { result: await edge.cache.getOrSet(key, work, endpoint.cache(input)), replayed: false };
}

function inspect(
  { operationId, output, queryBudget }: Endpoint,
  { result }: Answer,
  { queryCount, queries }: Trace,
  queriesBefore: number,
): void {
  output.parse(result);
  const spent = queryCount - queriesBefore;
  if (spent <= queryBudget) return;
  const list = queries.map(({ collection, operation }) => `${collection}.${operation}`).join(', ');
  throw new Error(`${operationId} cost ${String(spent)} queries, its budget is ${String(queryBudget)}: ${list}`);
}

function send(res: Response, endpoint: Endpoint, { scope, actor }: RequestContext, { result, replayed }: Answer): void {
  // The time limit has answered already.
  if (res.headersSent) return;
  const forEverybody = endpoint.method === 'get' && scope.kind === 'public' && actor.kind === 'anonymous';
  // Kept anywhere, shown only after asking whether it still holds: what was invalidated is never served again.
  if (forEverybody) res.set('Cache-Control', 'public, no-cache');
  if (replayed) res.set('Idempotent-Replayed', 'true');
  const next = endpoint.method === 'get' ? nextLinkOf(res.req.originalUrl, result) : undefined;
  if (next !== undefined) res.set('Link', next);
  if (endpoint.headers) res.set(endpoint.headers(result));
  res.status(endpoint.status);
  if (result === undefined) res.end();
  else res.json(result);
}

/** Tells a path that exists, by another method, from one that does not. Placed behind the endpoints themselves. */
function refuseMethods(endpoints: readonly Endpoint[]): Router {
  const router = Router();
  const methodsOf = Map.groupBy(endpoints, ({ path }) => path);
  for (const [path, sharing] of methodsOf) {
    router.all(path, (_req, res, next) => {
      const methods = sharing.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
      res.append('Allow', methods);
      next();
    });
  }
  router.use((req, res) => {
    const allowed = [res.getHeader('Allow') ?? []].flat();
    if (allowed.length === 0) throw new Problem(routeNotFound, 'No endpoint has this path');
    res.set('Allow', allowed.join(', '));
    throw new Problem(methodNotAllowed, `${req.method} is not among the methods of this path`);
  });
  return router;
}
