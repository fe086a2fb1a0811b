import { expect, test } from '@jest/globals';
import express from 'express';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventually } from '../../../tests/environment/index.ts';
import { traced } from '../../../tests/traced.ts';
import { problemHandler } from './problem-handler.ts';
import { timeLimit } from './request.ts';
import { closeServer, httpServer } from './server.ts';

async function serving(app: RequestListener) {
  const server = httpServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, port, url: `http://127.0.0.1:${String(port)}/` };
}

const after = (milliseconds: number) =>
  express().get('/', (_req, res) => {
    // Not waited for by the test run, when its answer was broken off.
    setTimeout(() => res.send('done'), milliseconds).unref();
  });

test('a server that closes finishes the requests under way and takes no more', async () => {
  const { server, url } = await serving(after(500));
  const underWay = fetch(url).then((answer) => answer.text());
  await once(server, 'request');
  const closing = closeServer(server, { announceMs: 0, graceMs: 5_000 });
  await eventually(() => !server.listening);
  await expect(fetch(url)).rejects.toThrow();
  expect(await underWay).toBe('done');
  expect(await closing).toBe(true);
});

test('a server that closes says Connection: close while it announces its end, in answers under way as well, so that no client sends on one that closes', async () => {
  const { server, url } = await serving(after(200));
  const underWay = fetch(url);
  await once(server, 'request');
  const closing = closeServer(server, { announceMs: 1_000, graceMs: 5_000 });
  const answers = await Promise.all([underWay, fetch(url)]);
  expect(answers.map(({ headers }) => headers.get('connection'))).toEqual(['close', 'close']);
  expect(await closing).toBe(true);
});

test('a server that closes answers those who had connected before, although it takes one of them in a turn of the event loop', async () => {
  const { server, port } = await serving(after(0));
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

test('a server that closes answers 503 for what takes longer than its grace, so that a client asks again elsewhere', async () => {
  const slow = express()
    .use(timeLimit(60_000))
    .get('/', () => undefined)
    .use(problemHandler(() => undefined));
  const { server, url } = await serving(traced(slow));
  const given = fetch(url);
  await once(server, 'request');
  expect(await closeServer(server, { announceMs: 0, graceMs: 50 })).toBe(false);
  const answer = await given;
  expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('connection')]).toEqual([
    503,
    '1',
    'close',
  ]);
  expect(await answer.json()).toMatchObject({ code: 'unavailable', requestId: answer.headers.get('x-request-id') });
});

test('a server that closes breaks off what takes longer than its grace', async () => {
  const { server, url } = await serving(after(60_000));
  const broken = fetch(url).then(
    () => 'answered',
    () => 'broken off',
  );
  await once(server, 'request');
  expect(await closeServer(server, { announceMs: 0, graceMs: 50 })).toBe(false);
  expect(await broken).toBe('broken off');
});
