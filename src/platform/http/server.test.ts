import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventually } from '../../../tests/environment/index.ts';
import { app } from '../../../tests/mugs.ts';
import { closeServer, httpServer } from './server.ts';

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

describe('a server that closes', () => {
  async function serving(milliseconds: number) {
    const slow = express().get('/', (_req, res) => {
      // Not waited for by the test run, when its answer was broken off.
      setTimeout(() => res.send('done'), milliseconds).unref();
    });
    const server = httpServer(slow).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
    return { server, url };
  }

  test('finishes the requests under way and takes no more', async () => {
    const { server, url } = await serving(500);
    const underWay = fetch(url).then((answer) => answer.text());
    await once(server, 'request');
    const closing = closeServer(server, { announceMs: 0, graceMs: 5_000 });
    await eventually(() => !server.listening);
    await expect(fetch(url)).rejects.toThrow();
    expect(await underWay).toBe('done');
    expect(await closing).toBe(true);
  });

  test('says Connection: close while it announces its end, in answers under way as well, so that no client sends on one that closes', async () => {
    const { server, url } = await serving(200);
    const underWay = fetch(url);
    await once(server, 'request');
    const closing = closeServer(server, { announceMs: 1_000, graceMs: 5_000 });
    const answers = await Promise.all([underWay, fetch(url)]);
    expect(answers.map(({ headers }) => headers.get('connection'))).toEqual(['close', 'close']);
    expect(await closing).toBe(true);
  });

  test('answers those who had connected before, although it takes one of them in a turn of the event loop', async () => {
    const { server } = await serving(0);
    const { port } = server.address() as AddressInfo;
    const sockets = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const answers = sockets.map((socket) => {
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      return text(socket);
    });
    const closing = closeServer(server, { announceMs: 0, graceMs: 5_000 });
    const lines = (await Promise.all(answers)).map((answer) => answer.split('\r\n', 1)[0]);
    expect([lines.length, new Set(lines)]).toEqual([50, new Set(['HTTP/1.1 200 OK'])]);
    expect(await closing).toBe(true);
  });

  test('breaks off what takes longer than its grace', async () => {
    const { server, url } = await serving(60_000);
    const broken = fetch(url).then(
      () => 'answered',
      () => 'broken off',
    );
    await once(server, 'request');
    expect(await closeServer(server, { announceMs: 0, graceMs: 50 })).toBe(false);
    expect(await broken).toBe('broken off');
  });
});
