import type { RequestHandler } from 'express';
import { Problem } from '../../shared/problem.ts';
import type { Logger } from '../observability/logger.ts';
import { newTraceId, Trace, withTrace } from '../observability/trace.ts';
import { beginExchange, traceOf } from './exchange.ts';
import { malformedRequest, timedOut } from './problems.ts';

/** First in the chain: gives the request its names, in and out, and measures what it costs. */
export const beginTrace: RequestHandler = (req, res, next) => {
  const sent = req.get('x-request-id');
  const requestId = sent !== undefined && /^[\w-]{8,64}$/.test(sent) ? sent : newTraceId();
  const trace = new Trace(requestId, req.get('traceparent'));
  // Kept beside the request as well: the events of its socket are fired outside of its asynchronous context.
  beginExchange(res, trace).stand(['X-Request-Id', requestId, 'traceparent', trace.traceparent]);
  withTrace(trace, next);
};

/** HTTP/1.1 demands the header (RFC 9112, 3.2); what comes without it was not written by a client of HTTP. */
export const demandHost: RequestHandler = (req, _res, next) => {
  const isMissing = req.httpVersion === '1.1' && req.headers.host === undefined;
  if (isMissing) throw new Problem(malformedRequest, 'A request names its host');
  next();
};

/** One line for each answer, and one with its queries for each that was slow. */
export function accessLog(logger: Logger, slowRequestMs: number): RequestHandler {
  return (req, res, next) => {
    const trace = traceOf(res);
    const path = req.originalUrl;
    res.once('close', () => {
      const durationMs = Math.round(trace.elapsedMs);
      const line = {
        method: req.method,
        path: path.slice(0, 512),
        operationId: trace.operationId,
        status: res.statusCode,
        durationMs,
        queries: trace.queryCount,
        // The caller went away before the answer was whole.
        ...(!res.writableFinished && { aborted: true }),
      };
      withTrace(trace, () => {
        // Probes come every few seconds and tell nothing.
        logger[path.startsWith('/health') ? 'debug' : 'info'](line, 'request');
        if (durationMs > slowRequestMs) logger.warn({ ...line, slowQueries: trace.queries }, 'slow request');
      });
    });
    next();
  };
}

/** Answers 503 for a handler that takes too long. The handler learns of it by `deadlineAt` in its context. */
export function timeLimit(limitMs: number): RequestHandler {
  return (_req, res, next) => {
    traceOf(res).deadlineAt = Date.now() + limitMs;
    const timer = setTimeout(() => {
      if (!res.headersSent) next(new Problem(timedOut, `There was no answer in ${String(limitMs / 1_000)} s`));
    }, limitMs);
    res.once('close', () => {
      clearTimeout(timer);
    });
    next();
  };
}
