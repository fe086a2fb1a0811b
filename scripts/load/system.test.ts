import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOwn } from './system.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'load-test-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('a system that cannot start, though nobody has taken its port, is not tried again', async () => {
  const [count, starts] = [join(directory, 'count.cjs'), join(directory, 'starts')];
  await writeFile(count, `require('node:fs').appendFileSync(${JSON.stringify(starts)}, 'one ')`);
  const starting = startOwn({ LOG_LEVEL: 'nonsense' }, { NODE_OPTIONS: `--require=${count}` });
  await expect(starting).rejects.toThrow('did not start');
  expect(await readFile(starts, 'utf8')).toBe('one ');
}, 60_000);
