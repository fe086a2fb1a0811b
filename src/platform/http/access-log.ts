import type { RequestHandler } from 'express';
import { LRUCache } from 'lru-cache';
import { infoLines, type Logger } from '../observability/logger.ts';
import { redactText } from '../observability/redact.ts';
import { withTrace, type Trace } from '../observability/trace.ts';
import { traceOf } from './exchange.ts';

const MAX_PATH = 512;
/** The paths that are asked for most are looked through for secrets once, and not for each line. */
const MAX_KNOWN_PATHS = 1_000;

interface Told {
  readonly method: string;
  /** Without secrets, as JSON. */
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  /** The caller went away before the answer was whole. */
  readonly aborted: boolean;
}

/** One line for each answer, and one with its queries for each that was slow. */
export function accessLog(logger: Logger, slowRequestMs: number): RequestHandler {
  const write = infoLines(logger);
  const clean = pathCleaner();
  return (req, res, next) => {
    const trace = traceOf(res);
    const { method, url } = req;
    res.on('close', () => {
      const durationMs = Math.round(trace.elapsedMs);
      const told = { method, path: clean(url), status: res.statusCode, durationMs, aborted: !res.writableFinished };
      const members = membersOf(trace, told);
      // Probes come every few seconds and tell nothing.
      if (!url.startsWith('/health')) write(`${members},"message":"request"`);
      if (durationMs > slowRequestMs) {
        withTrace(trace, () => {
          logger.warn({ ...(JSON.parse(`{${members}}`) as object), slowQueries: trace.queries }, 'slow request');
        });
      }
    });
    next();
  };
}

/** Names of requests, methods and operations are words that need no escaping. */
function membersOf(trace: Trace, { method, path, status, durationMs, aborted }: Told): string {
  const { requestId, traceId, operationId, queryCount } = trace;
  const operation = operationId === undefined ? '' : `"operationId":"${operationId}",`;
  const names = `"requestId":"${requestId}","traceId":"${traceId}","method":"${method}","path":${path},${operation}`;
  const figures = `"status":${String(status)},"durationMs":${String(durationMs)},"queries":${String(queryCount)}`;
  return names + figures + (aborted ? ',"aborted":true' : '');
}

function pathCleaner(): (path: string) => string {
  const known = new LRUCache<string, string>({ max: MAX_KNOWN_PATHS });
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const cleaned = JSON.stringify(redactText(path.slice(0, MAX_PATH)));
    if (path.length <= MAX_PATH) known.set(path, cleaned);
    return cleaned;
  };
}
