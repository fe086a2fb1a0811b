import { Router, type Request, type RequestHandler } from 'express';
import { acceptedLocale } from '../../shared/locale.ts';
import { Problem } from '../../shared/problem.ts';
import type { Identity, RequestContext } from '../../shared/scope.ts';
import type { Trace } from '../observability/trace.ts';
import { auditAnswer, auditedEndpoint, auditRefusal } from './audited.ts';
import type { Edge } from './edge.ts';
import type { Endpoint } from './endpoint.ts';
import { traceOf } from './exchange.ts';
import { IdempotencyKey } from './idempotency-key.ts';
import type { KeptAnswers } from './kept-answers.ts';
import { limitCaller } from './limits.ts';
import { MERCHANT_HEADER } from './merchant-header.ts';
import { fieldsOf, takeFields } from './narrow.ts';
import { problemsOf } from './openapi.ts';
import { allowProblems } from './problem-handler.ts';
import { invalid, keyRequired, methodNotAllowed, routeNotFound } from './problems.ts';
import { responderOf, type Input } from './respond.ts';

/** Binds endpoints to Express. The only place that knows both. */
export function mount(endpoints: readonly Endpoint[], edge: Edge, kept: KeptAnswers): Router {
  const router = Router();
  for (const endpoint of endpoints)
    router[endpoint.method](endpoint.path, handlerOf(auditedEndpoint(endpoint, edge), edge, kept));
  return router.use(refuseMethods(endpoints));
}

function handlerOf(endpoint: Endpoint, edge: Edge, kept: KeptAnswers): RequestHandler {
  const fields = endpoint.narrowable === true ? fieldsOf(endpoint.output) : [];
  const respond = responderOf(endpoint, edge, kept);
  return async (req, res) => {
    const trace = traceOf(res);
    trace.operationId = endpoint.operationId;
    if (edge.strict) allowProblems(res, problemsOf(endpoint));
    const context = await contextOf(req, trace, endpoint, edge);
    auditAnswer(endpoint, edge, req, res, context);
    await limitCaller(res, endpoint, context, edge.limits);
    const { query, chosen } = takeFields(req.query, fields);
    await respond({ req, res, context, input: parseInput(endpoint, req, query), chosen });
  };
}

/** Before validation, so that a stranger learns nothing of the schema. */
async function contextOf(req: Request, trace: Trace, endpoint: Endpoint, edge: Edge): Promise<RequestContext> {
  const identity = await identify(req, trace, endpoint, edge);
  const idempotencyKey = endpoint.idempotent ? idempotencyKeyOf(req) : undefined;
  const language = acceptedLocale(req.get('accept-language'));
  return {
    ...identity,
    requestId: trace.requestId,
    traceparent: trace.traceparent,
    address: req.ip ?? '',
    deadlineAt: trace.deadlineAt,
    ifMatch: req.get('if-match'),
    idempotencyKey,
    ...(language !== undefined && { language }),
  };
}

async function identify(req: Request, trace: Trace, endpoint: Endpoint, edge: Edge): Promise<Identity> {
  try {
    return await edge.authorize(req.get('authorization'), endpoint.permission, req.get(MERCHANT_HEADER));
  } catch (error) {
    // The caller has its answer, and whoever writes down tells the log of what fails.
    auditRefusal(endpoint, edge, req, trace, error).catch(() => undefined);
    throw error;
  }
}

function idempotencyKeyOf(req: Request): string {
  const key = IdempotencyKey.safeParse(req.get('idempotency-key'));
  if (key.success) return key.data;
  throw new Problem(keyRequired, 'Send a key of your own, new per intent: 1 to 255 printable ASCII characters');
}

function parseInput(endpoint: Endpoint, req: Request, query: object): Input {
  // No body says as much as one without fields: whether that is enough says the schema.
  const parsed = endpoint.input.safeParse({ params: req.params, query, body: (req.body as unknown) ?? {} });
  if (!parsed.success) throw invalid(parsed.error);
  return parsed.data;
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
