import { afterEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from './data-directory.ts';
import { parseOptions } from './options.ts';
import { isFree } from './ports.ts';
import { settle, urlOf } from './settings.ts';

const path = mkdtempSync(join(tmpdir(), 'settings-'));
afterEach(() => {
  rmSync(path, { recursive: true, force: true });
});

/** What the launcher's own servers listen at where nothing else is said. */
const USUAL = [13_000, 27_018, 6_390, 6_391, 1_025];

test('no server of the launcher is given the port that the API was asked to have', async () => {
  const data = new DataDirectory(path);
  for (const port of USUAL) {
    if (!(await isFree(port, '127.0.0.1'))) continue;
    const { apiUrl, workerUrl, own } = await settle(parseOptions(['--port', String(port)]), data);
    expect(apiUrl).toBe(`http://127.0.0.1:${String(port)}`);
    expect(workerUrl).not.toBe(apiUrl);
    expect([own.database, own.queueRedis, own.cacheRedis, own.mail]).not.toContain(port);
  }
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
