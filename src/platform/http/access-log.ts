import type { RequestHandler } from 'express';
import { LRUCache } from 'lru-cache';
import type { Logger } from '../observability/logger.ts';
import { redactText } from '../observability/redact.ts';
import { withTrace } from '../observability/trace.ts';
import { traceOf } from './exchange.ts';

const MAX_PATH = 512;
/** The paths that are asked for most are looked through for secrets once, and not for each line. */
const MAX_KNOWN_PATHS = 1_000;

/** One line for each answer, and one with its queries for each that was slow. */
export function accessLog(logger: Logger, slowRequestMs: number): RequestHandler {
  // Nothing in these lines but the path is of the caller's own words, and that is redacted here.
  const access = logger.child({}, { formatters: { log: (fields) => fields } });
  const clean = pathRedactor();
  return (req, res, next) => {
    const trace = traceOf(res);
    const { method, url } = req;
    res.on('close', () => {
      const durationMs = Math.round(trace.elapsedMs);
      const { requestId, traceId, operationId, queryCount: queries } = trace;
      const path = clean(url);
      const line = { requestId, traceId, method, path, operationId, status: res.statusCode, durationMs, queries };
      // The caller went away before the answer was whole.
      const told = res.writableFinished ? line : { ...line, aborted: true };
      // Probes come every few seconds and tell nothing.
      if (path.startsWith('/health')) access.debug(told, 'request');
      else access.info(told, 'request');
      if (durationMs > slowRequestMs) {
        withTrace(trace, () => {
          logger.warn({ ...told, slowQueries: trace.queries }, 'slow request');
        });
      }
    });
    next();
  };
}

function pathRedactor(): (path: string) => string {
  const known = new LRUCache<string, string>({ max: MAX_KNOWN_PATHS });
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const redacted = redactText(path.slice(0, MAX_PATH));
    if (path.length <= MAX_PATH) known.set(path, redacted);
    return redacted;
  };
}
