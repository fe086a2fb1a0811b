import { expect, test } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import request from 'supertest';
import { createLogger } from '../observability/logger.ts';
import { accessLog } from './access-log.ts';
import { traceOf } from './exchange.ts';
import { inFront } from './front.ts';
import { nameRequest } from './request.ts';

/** The lines that requests of these paths leave, as what reads them sees them. */
async function linesOf(paths: readonly string[], { slowRequestMs = 60_000, level = 'info' } = {}): Promise<unknown[]> {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const logger = createLogger({ level, service: 'api', destination });
  // A client of the library's would escape what a hostile one does not.
  const unescape: RequestHandler = (req, _res, next) => {
    req.url = decodeURI(req.url);
    next();
  };
  const routes = express().use((_req, res) => {
    traceOf(res).operationId = 'readMug';
    traceOf(res).recordQuery({ collection: 'mugs', operation: 'find', durationMs: 1 });
    res.status(201).end();
  });
  const app = inFront([unescape, nameRequest, accessLog(logger, slowRequestMs)], routes);
  for (const path of paths) await request(app).get(path).set('X-Request-Id', 'the-request');
  return lines.map((line) => JSON.parse(line) as unknown);
}

test('an answer leaves one line that says what was asked, by whom it is told apart, and what it cost', async () => {
  expect(await linesOf(['/mugs'])).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      service: 'api',
      requestId: 'the-request',
      traceId: expect.stringMatching(/^[\da-f]{32}$/),
      method: 'GET',
      path: '/mugs',
      operationId: 'readMug',
      status: 201,
      durationMs: expect.any(Number),
      queries: 1,
      message: 'request',
    },
  ]);
});

test('a path with quotes, backslashes or secrets in it neither breaks its line nor shows them, also the second time', async () => {
  const path = '/mugs?name="\\"},{"level":"fatal"&token=canary';
  const shown = { path: '/mugs?name="\\"},{"level":"fatal"&token=[redacted]', level: 'info' };
  expect(await linesOf([path, path])).toMatchObject([shown, shown]);
});

test('a probe leaves no line, and neither does anything where the level is above', async () => {
  expect(await linesOf(['/health/live'])).toEqual([]);
  expect(await linesOf(['/mugs'], { level: 'warn' })).toEqual([]);
});

test('a slow answer leaves a second line, with its queries', async () => {
  const lines = await linesOf(['/mugs'], { slowRequestMs: -1 });
  expect(lines).toMatchObject([
    { message: 'request' },
    { level: 'warn', message: 'slow request', path: '/mugs', status: 201, slowQueries: [{ collection: 'mugs' }] },
  ]);
});
