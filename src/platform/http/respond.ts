import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { RequestContext } from '../../shared/scope.ts';
import type { Warmable } from '../cache/enhanced-cache.service.ts';
import { uncached } from '../cache/uncached.ts';
import type { Trace } from '../observability/trace.ts';
import { acceptsGzip, finish, finishedAnswers, sendFinished, type AnswerUse, type FinishedAnswer } from './answer.ts';
import type { Edge } from './edge.ts';
import { asOfAnybody } from './anybody.ts';
import type { Endpoint, RequestShape } from './endpoint.ts';
import { traceOf, writeAnswer, type HeaderPairs } from './exchange.ts';
import { answerKeys, FOR_EVERYBODY, type KeptAnswers } from './kept-answers.ts';
import { narrow } from './narrow.ts';
import { nextLinkOf } from './next-link.ts';
import { sendStreamed } from './streamed.ts';
import type { StreamedAnswer } from './streamed-answer.ts';

export type Input = z.output<RequestShape>;

/** A request that has passed all that stands before its handler. */
export interface Asked {
  readonly req: Request;
  readonly res: Response;
  readonly context: RequestContext;
  readonly input: Input;
  /** The fields that it wants to see; undefined for all. */
  readonly chosen: readonly string[] | undefined;
}

export type Respond = (asked: Asked) => Promise<void>;

/** Has the handler work for each request, and sends what it returns. */
export function answerAnew(endpoint: Endpoint, edge: Edge): Respond {
  return async (asked) => {
    const { req, res, context, input } = asked;
    const work = () => handle(endpoint, edge, input, context, traceOf(res));
    const { result, replayed } = endpoint.idempotent
      ? await edge.once(context, endpoint.operationId, input, work)
      : { result: await work(), replayed: false };
    const pairs = [...shownTo(endpoint, context), ...(replayed ? ['Idempotent-Replayed', 'true'] : [])];
    if (result === undefined) {
      if (!res.headersSent) writeAnswer(res, endpoint.status, pairs);
      return;
    }
    const use = acceptsGzip(req.headers['accept-encoding']) ? 'sent' : 'sent plain';
    const answer = await written(endpoint, { ...asked, url: req.originalUrl }, result, use);
    // The time limit may have answered already.
    if (!res.headersSent) sendFinished(req, res, answer, endpoint.status, pairs);
  };
}

/** How an endpoint answers, by its declaration. */
export function responderOf(endpoint: Endpoint, edge: Edge, kept: KeptAnswers): Respond {
  if (endpoint.streams !== undefined) return answerStreamed(endpoint, edge);
  return endpoint.cache === undefined ? answerAnew(endpoint, edge) : answerKept(endpoint, edge, kept);
}

function answerStreamed(endpoint: Endpoint, edge: Edge): Respond {
  return async ({ req, res, context, input }) =>
    sendStreamed(req, res, (await handle(endpoint, edge, input, context, traceOf(res))) as StreamedAnswer);
}

/** Sends what is kept since the same was asked before; the handler works only where nothing is. */
export function answerKept(endpoint: Endpoint, edge: Edge, kept: KeptAnswers): Respond {
  const keyOf = answerKeys(endpoint);
  const use = edge.cache === uncached ? 'sent' : 'kept';
  return async (asked) => {
    const { req, res, context, input, chosen } = asked;
    const policy = endpoint.cache?.(input, context.scope);
    if (policy === undefined) throw new Error('Only what declares how long it may be kept is');
    const key = keyOf(context, input, chosen, policy);
    const load = async () => {
      const result = await handle(endpoint, edge, input, asOfAnybody(context, policy.vary), traceOf(res));
      return written(endpoint, { ...asked, url: req.originalUrl }, result, use);
    };
    const cached = await kept.fetch(key, load, policy);
    const isTheSameForAll = context.scope.kind === 'public' && policy.vary === undefined;
    if (isTheSameForAll && endpoint.limits === undefined)
      kept.remember(req, { key, operationId: endpoint.operationId });
    const varies: HeaderPairs = policy.vary?.includes('language') === true ? ['Vary', 'Accept-Language'] : [];
    if (!res.headersSent) kept.send(req, res, cached, [...shownTo(endpoint, context), ...varies]);
  };
}

/**
 * What an anonymous request without a query is answered by a public endpoint, to be had ready before one comes.
 * @param path below `/api`, with its parameters filled in
 */
export function warmAnswer(endpoint: Endpoint, path: string, params: Readonly<Record<string, string>>): Warmable {
  const input = endpoint.input.parse({ params, query: {} });
  const policy = endpoint.cache?.(input, NOBODY.scope);
  if (policy === undefined) throw new Error('Only what declares how long it may be kept is');
  const occasion = { url: `/api${path}`, input, chosen: undefined };
  return {
    key: answerKeys(endpoint)(NOBODY, input, undefined, policy),
    async load() {
      // From when its turn comes: a warmer rests between two loads.
      const context = { ...NOBODY, deadlineAt: Date.now() + WARM_MS };
      return written(endpoint, occasion, await endpoint.handle(input, context), 'kept');
    },
    policy,
    codec: finishedAnswers,
  };
}

const WARM_MS = 10_000;

const NOBODY: Omit<RequestContext, 'deadlineAt'> = {
  actor: { kind: 'anonymous' },
  scope: { kind: 'public' },
  requestId: 'warmer',
  traceparent: undefined,
  address: '',
  ifMatch: undefined,
  idempotencyKey: undefined,
};

/** Stored nowhere, unless it is meant for everybody. */
function shownTo({ method }: Endpoint, { scope, actor }: RequestContext): HeaderPairs {
  const isForEverybody = method === 'get' && scope.kind === 'public' && actor.kind === 'anonymous';
  return isForEverybody ? FOR_EVERYBODY : ['Cache-Control', 'no-store'];
}

/** What an answer is made for. */
interface Occasion extends Pick<Asked, 'chosen' | 'input'> {
  /** Path and query, as they were sent. */
  readonly url: string;
}

function written(
  endpoint: Endpoint,
  { url, input, chosen }: Occasion,
  result: unknown,
  use: AnswerUse,
): Promise<FinishedAnswer> {
  const { ETag: etag, ...headers } = endpoint.headers?.(result) ?? {};
  const next = endpoint.method === 'get' ? nextLinkOf(url, result) : undefined;
  const pairs = [...Object.entries(headers).flat(), ...(next === undefined ? [] : ['Link', next])];
  const seen = endpoint.track?.(input, result);
  const fields = { etag, pairs, ...(seen !== undefined && { seen }) };
  return finish(chosen === undefined ? result : narrow(result, chosen), fields, use);
}

async function handle(
  endpoint: Endpoint,
  { strict }: Edge,
  input: Input,
  context: RequestContext,
  trace: Trace,
): Promise<unknown> {
  // Knowing the caller costs the same everywhere, or nothing where it is remembered: no route's budget pays for it.
  const queriesBefore = trace.queryCount;
  const result = await endpoint.handle(input, context);
  if (strict) inspect(endpoint, result, trace, queriesBefore);
  return result;
}

function inspect(
  { operationId, output, queryBudget }: Endpoint,
  result: unknown,
  { queryCount, queries }: Trace,
  queriesBefore: number,
): void {
  output.parse(result);
  const spent = queryCount - queriesBefore;
  if (spent <= queryBudget) return;
  const list = queries.map(({ collection, operation }) => `${collection}.${operation}`).join(', ');
  throw new Error(`${operationId} cost ${String(spent)} queries, its budget is ${String(queryBudget)}: ${list}`);
}
