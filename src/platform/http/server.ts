import { once } from 'node:events';
import { createServer, request, STATUS_CODES, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem, type ProblemKind } from '../../shared/problem.ts';
import { newTraceId } from '../observability/trace.ts';
import { OpenConnections } from './open-connections.ts';
import { problemBody } from './problem-handler.ts';
import { headersTooLarge, malformedRequest, requestTooSlow } from './problems.ts';

const HEADERS_TIMEOUT_MS = 10_000;
const RECEIVE_TIMEOUT_MS = 30_000;
const MAX_HEADER_BYTES = 16 * 1_024;
// Above the idle time of common load balancers (60 s), so that it is never we who close a connection just taken.
const KEEP_ALIVE_MS = 65_000;

/** Between two looks for connections that were told nothing, since their last answer had begun before. */
const SWEEP_MS = 500;

/** Where a server that listens at all addresses is reached. */
const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

const connectionsOf = new WeakMap<Server, OpenConnections>();

/** Timeouts that a test shortens. */
export interface ServerTimeouts {
  readonly headersMs?: number;
  readonly receiveMs?: number;
}

/** An HTTP server with limits of time and size on what it receives. It does not listen yet. */
export function httpServer(app: RequestListener, { headersMs, receiveMs }: ServerTimeouts = {}): Server {
  const server = createServer(
    {
      headersTimeout: headersMs ?? HEADERS_TIMEOUT_MS,
      requestTimeout: receiveMs ?? RECEIVE_TIMEOUT_MS,
      connectionsCheckingInterval: Math.min(1_000, headersMs ?? HEADERS_TIMEOUT_MS),
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      // The app refuses it, so that this refusal is a problem like any other.
      requireHostHeader: false,
    },
    (req, res) => {
      connections.onAnswer(res);
      app(req, res);
    },
  );
  const connections = new OpenConnections(server);
  connectionsOf.set(server, connections);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    answerClientError(error, socket);
  });
  // Only 100-continue means anything here; what else is expected need not be met (RFC 9110, 10.1.1).
  server.on('checkExpectation', app);
  server.on('connect', (_request, socket) => {
    answerByHand(socket, new Problem(malformedRequest, 'This server is no proxy'));
  });
  return server;
}

export interface ClosingTimes {
  /** For so long connections are still taken, while each answer ends the one that it was asked on; in milliseconds. */
  readonly announceMs: number;
  /** For so long after that requests may go on, in milliseconds. */
  readonly graceMs: number;
}

/** For answers that say that they are given up. */
const LAST_WORDS_MS = 200;

/**
 * Has connections end with their next answers, then takes no more of them, lets requests under way finish, and breaks off
 * what is not done in time: with 503 where an answer has not begun.
 * @returns whether all of them were done in time.
 */
export async function closeServer(server: Server, { announceMs, graceMs }: ClosingTimes): Promise<boolean> {
  connectionsOf.get(server)?.endWithNextAnswer();
  await sleep(announceMs);
  const until = performance.now() + graceMs;
  await takeAllWaiting(server, graceMs / 2);
  const leftMs = until - performance.now();
  let inTime = true;
  const closed = once(server, 'close');
  server.close();
  // What has fallen idle since then `close` does not look at any more.
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, SWEEP_MS);
  const giveUp = setTimeout(() => {
    inTime = false;
    connectionsOf.get(server)?.giveUp();
  }, leftMs);
  const force = setTimeout(() => {
    server.closeAllConnections();
  }, leftMs + LAST_WORDS_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(giveUp);
  clearTimeout(force);
  return inTime;
}

/**
 * Asks the server something and waits for the answer, whatever it is. Node takes one connection in each turn of the event
 * loop, the oldest first: whoever has connected before this one is taken then. Those still waiting when a server closes
 * are reset by the system, and on a busy one they may have sent their requests long before.
 */
async function takeAllWaiting(server: Server, withinMs: number): Promise<void> {
  const listening = server.address() as AddressInfo | null;
  if (listening === null) return;
  const { port, address } = listening;
  const host = LOOPBACK[address] ?? address;
  const signal = AbortSignal.timeout(withinMs);
  await new Promise((resolve) => {
    request({ host, port, path: '/health/live', agent: false, signal })
      .on('response', (answer) => answer.resume().on('close', resolve))
      // Not in time: then it closes as it is.
      .on('error', resolve)
      .end();
  });
}

const BY_CODE: Readonly<Record<string, readonly [kind: ProblemKind, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [headersTooLarge, 'The headers are longer than 16 kB'],
  ERR_HTTP_REQUEST_TIMEOUT: [requestTooSlow, 'The request did not arrive in time'],
};

/** What never became a request gets its problem written by hand, and the connection is closed. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [kind, detail] = BY_CODE[error.code ?? ''] ?? [malformedRequest, 'This is not valid HTTP'];
  answerByHand(socket, new Problem(kind, detail));
}

function answerByHand(socket: Duplex, problem: Problem): void {
  const { status } = problem.kind;
  const requestId = newTraceId();
  const body = JSON.stringify(problemBody(problem, requestId));
  const head = [
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
