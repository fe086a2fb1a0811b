import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

/** One database operation that a request cost. `detail` names fields, never values. */
export interface QueryRecord {
  readonly collection: string;
  readonly operation: string;
  readonly durationMs: number;
  readonly detail?: string;
}

/** Where the database part notes what a request costs. Taken from `currentTrace()`. */
export interface QueryLog {
  recordQuery(query: QueryRecord): void;
}

// What one request may keep in memory for the slow-request log; counting goes on beyond it.
const MAX_KEPT_QUERIES = 100;
const TRACEPARENT = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

/** One request or job on its way through the process: its names in logs and its costs. */
export class Trace implements QueryLog {
  readonly requestId: string;
  /** W3C trace context to hand on: the caller's trace, or one of our own, with this hop as its parent. */
  readonly traceparent: string;
  readonly startedAt = performance.now();
  /** When nobody waits any more, in milliseconds since 1970. */
  deadlineAt = Infinity;
  readonly queries: QueryRecord[] = [];
  /** The endpoint that answers, once one is found. */
  operationId: string | undefined;
  queryCount = 0;
  databaseMs = 0;
  /** What was waited for the cache, of which memory is no part. */
  cacheMs = 0;

  constructor(requestId: string, caller?: string) {
    this.requestId = requestId;
    this.traceparent = nextHop(caller);
  }

  get traceId(): string {
    return this.traceparent.slice(3, 35);
  }

  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  recordQuery(query: QueryRecord): void {
    this.queryCount += 1;
    this.databaseMs += query.durationMs;
    if (this.queries.length < MAX_KEPT_QUERIES) this.queries.push(query);
  }
}

const traces = new AsyncLocalStorage<Trace>();

/** 32 random hexadecimal digits, for requests and traces. No dashes, between which digits could pass for a card number. */
export const newTraceId = (): string => randomDigits(32);

const STOCK_BYTES = 4_096;
let stock = '';
let taken = 0;

/** Out of a stock: asked for one by one, random digits cost twenty times as much. */
function randomDigits(count: number): string {
  if (taken + count > stock.length) {
    stock = randomBytes(STOCK_BYTES).toString('hex');
    taken = 0;
  }
  taken += count;
  return stock.slice(taken - count, taken);
}

/** Runs `work`, and all that it starts, as part of a trace. */
export function withTrace<T>(trace: Trace, work: () => T): T {
  return traces.run(trace, work);
}

/** The trace of the request or job that is being served, or undefined outside of one. */
export function currentTrace(): Trace | undefined {
  return traces.getStore();
}

function nextHop(caller: string | undefined): string {
  const [, traceId, parentId, flags = '01'] = (caller === undefined ? undefined : TRACEPARENT.exec(caller)) ?? [];
  const known = isSomeId(traceId) && isSomeId(parentId);
  return `00-${known ? traceId : newTraceId()}-${randomDigits(16)}-${flags}`;
}

// The W3C calls an id of zeros invalid.
function isSomeId(id: string | undefined): id is string {
  return id !== undefined && !/^0+$/.test(id);
}
