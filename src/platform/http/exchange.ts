import type { RequestHandler, Response } from 'express';
import { IncomingMessage, ServerResponse, type IncomingHttpHeaders } from 'node:http';
import { Socket } from 'node:net';
import { limitHeaders, type Standing } from '../limits/limit.ts';
import type { Trace } from '../observability/trace.ts';

/** Names and values in turn, as `writeHead` takes them: an answer that nobody has set a field of is written the fastest. */
export type HeaderPairs = readonly string[];

/**
 * One request on its way through the handlers, with the fields that its answer carries whoever writes it. They are not set one by
 * one, but written in one go with the head.
 */
export class Exchange {
  readonly trace: Trace;
  /** How the caller stands with each limit that the request was counted against. */
  readonly limits: Standing[] = [];
  /** What was refused before Express had the request. */
  refusal: unknown;
  readonly #standing: string[] = [];
  #ofContent: HeaderPairs = [];

  constructor(trace: Trace) {
    this.trace = trace;
  }

  /** Fields that hold unless the one who answers sets others of these names. */
  stand(pairs: HeaderPairs): void {
    // Not by a spread of arguments, which costs four times as much.
    for (const text of pairs) this.#standing.push(text);
  }

  /** Fields that stand beside any content. Whoever is told that theirs is unchanged holds them already (RFC 9110, 15.4.5). */
  standWithContent(pairs: HeaderPairs): void {
    this.#ofContent = pairs;
  }

  /** All fields that stand, with the limits, and what it has cost so far. */
  head(isUnchanged = false): string[] {
    const { limits, trace } = this;
    return this.#standing.concat(isUnchanged ? [] : this.#ofContent, limits.length === 0 ? [] : limitHeaders(limits), [
      'Server-Timing',
      serverTiming(trace),
    ]);
  }
}

const EXCHANGE = Symbol('exchange');

interface Carrier {
  [EXCHANGE]?: Exchange;
}

/** Begins an exchange: what it lets stand goes out with whatever is answered. */
export function beginExchange(res: Response, trace: Trace): Exchange {
  const exchange = new Exchange(trace);
  (res as Carrier)[EXCHANGE] = exchange;
  res.writeHead = writeHeadWithStanding as typeof res.writeHead;
  return exchange;
}

/** The exchange of an answer; there is one from the first handler on. */
export function exchangeOf(res: Response): Exchange {
  const exchange = (res as Carrier)[EXCHANGE];
  if (exchange === undefined) throw new Error('The exchange begins with the first handler');
  return exchange;
}

/** The trace of an answer. */
export const traceOf = (res: Response): Trace => exchangeOf(res).trace;

const UNCHANGED = 304;

/**
 * Answers with nothing but what stands and the given fields; none may have been set before.
 * @param body bytes, as such or as text of as many characters
 */
export function writeAnswer(res: Response, status: number, pairs: HeaderPairs, body?: Buffer | string): void {
  ServerResponse.prototype.writeHead.call(
    res,
    status,
    exchangeOf(res)
      .head(status === UNCHANGED)
      .concat(pairs),
  );
  res.end(body, 'latin1');
}

function writeHeadWithStanding(this: Response, ...args: Parameters<ServerResponse['writeHead']>): ServerResponse {
  if (!this.headersSent) letStand(this, exchangeOf(this).head());
  return ServerResponse.prototype.writeHead.apply(this, args) as ServerResponse;
}

function letStand(res: Response, pairs: HeaderPairs): void {
  for (let index = 0; index < pairs.length; index += 2) {
    const [name = '', value = ''] = [pairs[index], pairs[index + 1]];
    if (name === 'Vary') res.appendHeader(name, value);
    else if (!res.hasHeader(name)) res.setHeader(name, value);
  }
}

/** What a handler of constant fields sets on every answer to such a request: found by running it once. */
export function fieldsSetBy(handler: RequestHandler, headers: IncomingHttpHeaders = {}): HeaderPairs {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method: 'GET', url: '/', headers });
  const response = new ServerResponse(request);
  const fields = new Map<string, string>();
  response.setHeader = (name, value) => {
    fields.set(name, String(value));
    return ServerResponse.prototype.setHeader.call(response, name, value) as ServerResponse;
  };
  const passed = new Set<string>();
  void handler(request as Parameters<RequestHandler>[0], response as Response, () => passed.add('on'));
  if (passed.size === 0) throw new Error('Only a handler that passes at once sets fields that are constant');
  return [...fields].flat();
}

function serverTiming({ elapsedMs, databaseMs, queryCount, cacheMs }: Trace): string {
  const queries = queryCount === 1 ? '1 query' : `${String(queryCount)} queries`;
  const told = `total;dur=${elapsedMs.toFixed(1)}, db;dur=${databaseMs.toFixed(1)};desc="${queries}"`;
  return cacheMs === 0 ? told : `${told}, cache;dur=${cacheMs.toFixed(1)}`;
}
