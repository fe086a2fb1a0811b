import cors from 'cors';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { exchangeOf, fieldsSetBy } from './exchange.ts';

/** helmet's fields. They are the same for every answer, and so helmet is asked once. */
export function securityHeaders(): RequestHandler {
  const fields = fieldsSetBy(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'self'"],
          styleSrc: ["'self'", "'unsafe-inline'"],
          imgSrc: ["'self'", 'data:'],
          objectSrc: ["'none'"],
          // The queue board names where its files are by a <base>.
          baseUri: ["'self'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
        },
      },
    }),
  );
  return (_req, res, next) => {
    exchangeOf(res).standWithContent(fields);
    next();
  };
}

const EXPOSED_HEADERS = [
  'Age',
  'ETag',
  'Idempotent-Replayed',
  'Link',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'Server-Timing',
  'X-Cache',
  'X-Request-Id',
  'traceparent',
];

/** Lets pages of these origins call. What such a page is told depends on its origin alone, and is found once for each. */
export function crossOrigin(origins: readonly string[]): RequestHandler {
  const handler = cors({ origin: [...origins], exposedHeaders: EXPOSED_HEADERS, maxAge: 600 });
  // That the answer depends on the origin, whoever asks.
  const nobodys = ['Vary', 'Origin'];
  const ours = new Map(origins.map((origin) => [origin, fieldsSetBy(handler, { origin })]));
  return (req, res, next) => {
    // Only what a browser asks before it calls is answered by itself.
    if (req.method === 'OPTIONS') {
      handler(req, res, next);
      return;
    }
    exchangeOf(res).stand(ours.get(req.headers.origin ?? '') ?? nobodys);
    next();
  };
}
