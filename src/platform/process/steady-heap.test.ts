import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { getPriority } from 'node:os';

const MODULE = new URL('steady-heap.ts', import.meta.url).href;

/** By the name of each thread of a process that has imported it. */
const TELL = `
  await import(${JSON.stringify(MODULE)});
  const { readdirSync, readFileSync } = await import('node:fs');
  const { getPriority } = await import('node:os');
  const threads = readdirSync('/proc/self/task').map((id) => {
    return [readFileSync('/proc/self/task/' + id + '/comm', 'utf8').trim(), getPriority(Number(id))];
  });
  console.log(JSON.stringify(threads));
`;

const onLinux = existsSync('/proc/self/task') ? test : test.skip;

onLinux("the collector's helpers stand back behind the thread that answers", () => {
  const told = execFileSync(process.execPath, ['--input-type=module', '--eval', TELL], { encoding: 'utf8' });
  const threads = JSON.parse(told) as [name: string, niceness: number][];
  const helpers = threads.filter(([name]) => name.startsWith('V8Worker'));
  const others = threads.filter(([name]) => !name.startsWith('V8Worker'));
  expect(helpers.length).toBeGreaterThan(0);
  expect(new Set(helpers.map(([, niceness]) => niceness))).toEqual(new Set([10]));
  expect(new Set(others.map(([, niceness]) => niceness))).toEqual(new Set([getPriority()]));
});
