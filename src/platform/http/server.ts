import type { Express } from 'express';
import { createServer, STATUS_CODES, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem, type ProblemKind } from '../../shared/problem.ts';
import { newTraceId } from '../observability/trace.ts';
import { headersTooLarge, malformedRequest, problemBody, requestTooSlow } from './problems.ts';

const HEADERS_TIMEOUT_MS = 10_000;
const RECEIVE_TIMEOUT_MS = 30_000;
const MAX_HEADER_BYTES = 16 * 1_024;
// Above the idle time of common load balancers (60 s), so that it is never we who close a connection just taken.
const KEEP_ALIVE_MS = 65_000;

/** Timeouts that a test shortens. */
export interface ServerTimeouts {
  readonly headersMs?: number;
  readonly receiveMs?: number;
}

/** An HTTP server with limits of time and size on what it receives. It does not listen yet. */
export function httpServer(app: Express, { headersMs, receiveMs }: ServerTimeouts = {}): Server {
  const server = createServer(
    {
      headersTimeout: headersMs ?? HEADERS_TIMEOUT_MS,
      requestTimeout: receiveMs ?? RECEIVE_TIMEOUT_MS,
      connectionsCheckingInterval: Math.min(1_000, headersMs ?? HEADERS_TIMEOUT_MS),
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    app,
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    answerClientError(error, socket);
  });
  return server;
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
  const requestId = newTraceId();
  const body = JSON.stringify(problemBody(new Problem(kind, detail), requestId));
  const head = [
    `HTTP/1.1 ${String(kind.status)} ${STATUS_CODES[kind.status] ?? ''}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
