import { afterEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from './data-directory.ts';
import { parseOptions } from './options.ts';
import { freePort, isFree } from './ports.ts';
import { settle } from './settings.ts';

const path = mkdtempSync(join(tmpdir(), 'settings-'));
const { HOST } = process.env;
afterEach(() => {
  if (HOST === undefined) delete process.env.HOST;
  else process.env.HOST = HOST;
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

test('a HOST that is not of this machine is told as such, and not as a port that is taken', async () => {
  // For documentation alone (RFC 5737): no machine has it.
  process.env.HOST = '192.0.2.1';
  const data = new DataDirectory(path);
  await expect(settle(parseOptions(['--port', '3300']), data)).rejects.toThrow(
    'HOST 192.0.2.1 is no address of this machine',
  );
  data.release();
});

test.each([
  ['localhost', 'localhost'],
  ['0.0.0.0', '127.0.0.1'],
])('listening at HOST %s, the platform is looked for at %s', async (host, address) => {
  process.env.HOST = host;
  const data = new DataDirectory(path);
  const { apiUrl, workerUrl } = await settle(parseOptions(['--port', String(await freePort())]), data);
  for (const url of [apiUrl, workerUrl]) expect(new URL(url).hostname).toBe(address);
  data.release();
});
