import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

interface Measured {
  readonly grown: number;
  readonly budget: number;
  readonly entries: number;
}

test('a million keys through a memory of 64 MB leave a heap that has grown by no more than that', async () => {
  const script = new URL('../cache-heap.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, '1000000']);
  const { grown, budget, entries } = JSON.parse(stdout) as Measured;
  expect(entries).toBeGreaterThan(10_000);
  expect(grown).toBeLessThanOrEqual(budget);
}, 600_000);
