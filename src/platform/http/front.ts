import type { Express, RequestHandler } from 'express';
import type { RequestListener } from 'node:http';
import { withTrace } from '../observability/trace.ts';
import { exchangeOf } from './exchange.ts';

/**
 * Handlers that need nothing of Express, before it: what they answer is spared most of its time. What is refused there
 * Express is given to tell.
 */
export function inFront(handlers: readonly RequestHandler[], app: Express): RequestListener {
  return (req, res) => {
    const [request, response] = [req, res] as unknown as Parameters<RequestHandler>;
    const handOver = (refusal?: unknown): void => {
      const exchange = exchangeOf(response);
      exchange.refusal = refusal;
      withTrace(exchange.trace, () => {
        app(req, res);
      });
    };
    const run = (index: number): void => {
      const handler = handlers[index];
      if (handler === undefined) {
        handOver();
        return;
      }
      const next = (refusal?: unknown): void => {
        if (refusal === undefined) run(index + 1);
        else handOver(refusal);
      };
      // Each by itself: what it returns, which may be a promise, the one before it does not pass on.
      try {
        const waiting = handler(request, response, next);
        if (waiting instanceof Promise) waiting.catch(handOver);
      } catch (error) {
        handOver(error);
      }
    };
    run(0);
  };
}

/** The first of Express's handlers: throws what was refused in front of it. */
export const tellRefusal: RequestHandler = (_req, res, next) => {
  next(exchangeOf(res).refusal);
};
