import { afterEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from './data-directory.ts';
import { parseOptions } from './options.ts';
import { freePort } from './ports.ts';
import { settle, urlOf } from './settings.ts';

const path = mkdtempSync(join(tmpdir(), 'settings-'));
afterEach(() => {
  rmSync(path, { recursive: true, force: true });
});

const SERVERS = ['database', 'queueRedis', 'cacheRedis', 'mail', 'worker'] as const;

// At ports that are free, so that the usual one is there to be given, whatever else runs on this machine.
test.each(SERVERS)("the launcher's own %s is not given the port that the API was asked to have", async (server) => {
  const data = new DataDirectory(path);
  const port = await freePort();
  const other = await freePort(0, port);
  const usual = { database: other, queueRedis: other, cacheRedis: other, mail: other, worker: other, [server]: port };
  const { apiUrl, workerUrl, own } = await settle(parseOptions(['--port', String(port)]), data, usual);
  expect(apiUrl).toBe(`http://127.0.0.1:${String(port)}`);
  expect(workerUrl).not.toBe(apiUrl);
  expect(Object.keys(own)).toEqual(['database', 'queueRedis', 'cacheRedis', 'mail']);
  expect(Object.values(own)).not.toContain(port);
  data.release();
});

test.each([
  ['0.0.0.0', 'http://127.0.0.1:3000'],
  ['::', 'http://127.0.0.1:3000'],
  ['localhost', 'http://localhost:3000'],
  ['::1', 'http://[::1]:3000'],
])('what listens at HOST %s is looked for at %s', (host, url) => {
  expect(urlOf(host, 3_000)).toBe(url);
});
