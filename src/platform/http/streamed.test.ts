import { afterAll, beforeAll, expect, test } from '@jest/globals';
import express, { type Request } from 'express';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../../../tests/environment/index.ts';
import { traced } from '../../../tests/traced.ts';
import { problemHandler } from './problem-handler.ts';
import { sendStreamed } from './streamed.ts';

const CHUNK = 'x'.repeat(64 * 1_024);
const MANY = 1_000;

interface Source {
  read: number;
  ended: boolean;
  /** Lets the first chunk come. */
  readonly beginning: PromiseWithResolvers<undefined>;
  /** The caller is no longer there. */
  readonly left: Promise<unknown>;
}
const sources = new Map<string, Source>();
/** What the app had to report. */
const reported: unknown[] = [];

/** Chunks without end, for all that one test can know, that fail before the one of that number. */
async function* chunksOf(source: Source, failsAt: number): AsyncGenerator<string> {
  try {
    await source.beginning.promise;
    while (source.read < MANY) {
      if (source.read === failsAt) throw new RangeError('The database is gone');
      source.read += 1;
      yield await Promise.resolve(CHUNK);
    }
  } finally {
    source.ended = true;
  }
}

/** Lets the stream go on that has begun without a word. */
const goingOn = Promise.withResolvers<undefined>();

async function* lateChunks(): AsyncGenerator<string> {
  yield '';
  await goingOn.promise;
  yield CHUNK;
}

let server: Server;
beforeAll(async () => {
  const app = express();
  app.get('/empty-first', async (req, res) => {
    await sendStreamed(req, res, { mediaType: 'text/plain', fileName: 'x.txt', chunks: lateChunks() });
  });
  app.get('/:name/:failsAt', async (req, res) => {
    const beginning = Promise.withResolvers<undefined>();
    const source = { read: 0, ended: false, beginning, left: once(res, 'close') };
    sources.set(req.params.name, source);
    if (req.params.name !== 'held') beginning.resolve(undefined);
    const chunks = chunksOf(source, Number(req.params.failsAt));
    await sendStreamed(req as Request, res, { mediaType: 'text/plain; charset=utf-8', fileName: 'x.txt', chunks });
  });
  app.use(problemHandler((error) => void reported.push(error)));
  server = createServer(traced(app)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const open = (path: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    get({ host: '127.0.0.1', port, path, agent: false }, resolve).once('error', reject);
  });

test('a stream that fails before its first chunk is answered as any failure', async () => {
  const answer = await open('/early/0');
  expect(answer.statusCode).toBe(500);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  answer.resume();
});

test('a stream that begins without a word is answered at once, so that no time limit takes its place', async () => {
  const answer = await open('/empty-first');
  expect(answer.statusCode).toBe(200);
  goingOn.resolve(undefined);
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) length += chunk.length;
  expect(length).toBe(CHUNK.length);
});

test('one that fails later is broken off, so that nobody takes the part for the whole', async () => {
  const answer = await open('/late/3');
  expect(answer.statusCode).toBe(200);
  answer.resume();
  const error = await new Promise((resolve) => answer.once('error', resolve));
  expect(error).toMatchObject({ code: 'ECONNRESET' });
  expect(answer.complete).toBe(false);
});

test('no more is read than its reader takes, and nothing once the reader is gone', async () => {
  const answer = await open('/paused/-1');
  await new Promise((resolve) => answer.once('readable', resolve));
  answer.on('error', () => undefined);
  answer.destroy();
  const source = sources.get('paused');
  await eventually(() => Promise.resolve(source?.ended === true));
  expect(source?.read).toBeLessThan(MANY);
});

test('a caller who leaves before the first chunk is no failure, and its source is ended', async () => {
  reported.length = 0;
  const { port } = server.address() as AddressInfo;
  const call = get({ host: '127.0.0.1', port, path: '/held/-1', agent: false }).on('error', () => undefined);
  await eventually(() => sources.has('held'));
  const source = sources.get('held');
  call.destroy();
  await source?.left;
  source?.beginning.resolve(undefined);
  await eventually(() => source?.ended === true);
  expect(source?.read).toBe(1);
  expect(reported).toEqual([]);
});
