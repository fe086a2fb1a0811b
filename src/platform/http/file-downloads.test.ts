import { afterAll, beforeAll, expect, test } from '@jest/globals';
import express from 'express';
import { once } from 'node:events';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { traced } from '../../../tests/traced.ts';
import { fileDownloads } from './file-downloads.ts';
import { problemHandler } from './problem-handler.ts';

const TEXT = 'a,b';
const reported: unknown[] = [];
const opened: Readable[] = [];
const asked = Promise.withResolvers<undefined>();
const found = Promise.withResolvers<undefined>();
const answered = Promise.withResolvers<undefined>();

let server: Server;
let left: Promise<unknown>;
beforeAll(async () => {
  const app = express();
  app.use((_req, res, next) => {
    left = once(res, 'close');
    next();
  });
  const open = () => {
    const source = Readable.from([TEXT]);
    opened.push(source);
    return source;
  };
  const store = {
    async find() {
      asked.resolve(undefined);
      await found.promise;
      setImmediate(answered.resolve, undefined);
      return { bytes: TEXT.length, open };
    },
  };
  app.use(fileDownloads({ links: { open: () => ({ name: 'a.csv', downloadName: 'a.csv' }) }, store }));
  app.use(problemHandler((error) => void reported.push(error)));
  server = createServer(traced(app)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test('for a caller who has left by the time a file is found none is opened, and nothing is reported', async () => {
  const { port } = server.address() as AddressInfo;
  const call = get({ host: '127.0.0.1', port, path: '/files?token=x', agent: false }).on('error', () => undefined);
  await asked.promise;
  call.destroy();
  await left;
  found.resolve(undefined);
  await answered.promise;
  expect(opened).toEqual([]);
  expect(reported).toEqual([]);
});
