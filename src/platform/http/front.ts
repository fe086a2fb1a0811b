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
    const run = (index: number): ReturnType<RequestHandler> => {
      const handler = handlers[index];
      if (handler === undefined) {
        handOver();
        return;
      }
      return handler(request, response, () => run(index + 1));
    };
    try {
      const waiting = run(0);
      if (waiting instanceof Promise) waiting.catch(handOver);
    } catch (error) {
      handOver(error);
    }
  };
}

/** The first of Express's handlers: throws what was refused in front of it. */
export const tellRefusal: RequestHandler = (_req, res, next) => {
  next(exchangeOf(res).refusal);
};
