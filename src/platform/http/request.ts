import type { RequestHandler } from 'express';
import { Problem } from '../../shared/problem.ts';
import { redactText } from '../observability/redact.ts';
import { newTraceId, Trace, withTrace } from '../observability/trace.ts';
import { beginExchange, traceOf } from './exchange.ts';
import { GIVEN_UP } from './open-connections.ts';
import { malformedRequest, timedOut, unavailable } from './problems.ts';

/** First in the chain: gives the request its names, in and out, and measures what it costs. */
export const nameRequest: RequestHandler = (req, res, next) => {
  const { 'x-request-id': sent, traceparent } = req.headers;
  const requestId = isName(sent) ? sent : newTraceId();
  const trace = new Trace(requestId, typeof traceparent === 'string' ? traceparent : undefined);
  // Kept beside the request as well: the events of its socket are fired outside of its asynchronous context.
  beginExchange(res, trace).stand(['X-Request-Id', requestId, 'traceparent', trace.traceparent]);
  next();
};

/** What looks like a number of a card or a phone names no request: it would be in every line of the log. */
const isName = (sent: unknown): sent is string =>
  typeof sent === 'string' && /^[\w-]{8,64}$/.test(sent) && redactText(sent) === sent;

/** HTTP/1.1 demands the header (RFC 9112, 3.2); what comes without it was not written by a client of HTTP. */
export const demandHost: RequestHandler = (req, _res, next) => {
  const isMissing = req.httpVersion === '1.1' && req.headers.host === undefined;
  if (isMissing) throw new Problem(malformedRequest, 'A request names its host');
  next();
};

/** Answers 503 for a handler that takes too long, or longer than the process may take to end. The handler learns of it by `deadlineAt` in its context. */
export function timeLimit(limitMs: number): RequestHandler {
  return (_req, res, next) => {
    traceOf(res).deadlineAt = Date.now() + limitMs;
    const timer = setTimeout(() => {
      if (!res.headersSent) next(new Problem(timedOut, `There was no answer in ${String(limitMs / 1_000)} s`));
    }, limitMs);
    res.once('close', () => {
      clearTimeout(timer);
    });
    res.once(GIVEN_UP, () => {
      const refusal = new Problem(unavailable, 'This instance ends; another one answers', { retryAfterSeconds: 1 });
      withTrace(traceOf(res), () => {
        next(refusal);
      });
    });
    next();
  };
}
