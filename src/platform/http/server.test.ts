import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { app } from '../../../tests/mugs.ts';
import { httpServer } from './server.ts';

describe('the server', () => {
  let server: Server;
  beforeAll(async () => {
    server = httpServer(app, { headersMs: 500, receiveMs: 1_000 }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Sends bytes as they are and returns all that comes back until the server ends the connection. */
  async function raw(...bytes: readonly string[]): Promise<string> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    for (const part of bytes) socket.write(part);
    await once(socket, 'close');
    return answer;
  }

  test.each([
    ['no HTTP', 400, 'nonsense\r\n\r\n'],
    ['two lengths', 400, 'POST /api/mugs HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx'],
    [
      'a length and chunks',
      400,
      'POST /api/mugs HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['no host', 400, 'GET /api/mugs HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['a tunnel', 400, 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n'],
    [
      'an expectation that nobody knows',
      401,
      'POST /api/mugs HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 200-ok\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
    ],
    ['headers of 17 kB', 431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`],
    ['headers that do not end', 408, 'GET / HTTP/1.1\r\nHost: a\r\nX: '],
    [
      'a body that does not end',
      408,
      'POST /api/mugs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    ],
  ])('answers %s with %i as a problem and closes', async (_what, status, bytes) => {
    const answer = await raw(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `));
    expect(answer).toContain('application/problem+json');
    expect(answer).toContain('"requestId"');
  });
});
