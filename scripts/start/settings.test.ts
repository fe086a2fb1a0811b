import { afterEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from './data-directory.ts';
import { parseOptions } from './options.ts';
import { isFree } from './ports.ts';
import { settle } from './settings.ts';

const path = mkdtempSync(join(tmpdir(), 'settings-'));
afterEach(() => {
  rmSync(path, { recursive: true, force: true });
});

/** What the launcher's own servers listen at where nothing else is said. */
const USUAL = [3_100, 27_018, 6_390, 6_391, 1_025];

test('no server of the launcher is given the port that the API was asked to have', async () => {
  const data = new DataDirectory(path);
  for (const port of USUAL) {
    if (!(await isFree(port, '127.0.0.1'))) continue;
    const { apiUrl, workerPort, own } = await settle(parseOptions(['--port', String(port)]), data);
    expect(apiUrl).toBe(`http://127.0.0.1:${String(port)}`);
    expect([workerPort, own.database, own.queueRedis, own.cacheRedis, own.mail]).not.toContain(port);
  }
  data.release();
});
