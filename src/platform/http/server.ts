import { once } from 'node:events';
import { createServer, STATUS_CODES, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem, type ProblemKind } from '../../shared/problem.ts';
import { newTraceId } from '../observability/trace.ts';
import { problemBody } from './problem-handler.ts';
import { headersTooLarge, malformedRequest, requestTooSlow } from './problems.ts';

const HEADERS_TIMEOUT_MS = 10_000;
const RECEIVE_TIMEOUT_MS = 30_000;
const MAX_HEADER_BYTES = 16 * 1_024;
// Above the idle time of common load balancers (60 s), so that it is never we who close a connection just taken.
const KEEP_ALIVE_MS = 65_000;

const SWEEP_MS = 50;

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
    app,
  );
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

/**
 * Stops taking connections, lets requests under way finish, and breaks off what is not done after `graceMs`.
 * @returns whether all of them were done in time.
 */
export async function closeServer(server: Server, graceMs: number): Promise<boolean> {
  let inTime = true;
  const closed = once(server, 'close');
  server.close();
  // A connection kept alive falls idle only after its last answer, which `close` no longer looks at.
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, SWEEP_MS);
  const force = setTimeout(() => {
    inTime = false;
    server.closeAllConnections();
  }, graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(force);
  return inTime;
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
