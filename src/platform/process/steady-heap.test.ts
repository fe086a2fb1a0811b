import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { getPriority } from 'node:os';

const NICEST = 19;
/** No thread has so high an id. */
const GONE = 2 ** 30;
const MODULE = new URL('steady-heap.ts', import.meta.url).href;

/** The niceness of each thread of a process that has imported it, with the name of the thread. */
const TELL = `
  const { readdirSync, readFileSync } = await import('node:fs');
  const { getPriority } = await import('node:os');
  await import(${JSON.stringify(MODULE)});
  const threads = readdirSync('/proc/self/task').filter((id) => id !== '${String(GONE)}').map((id) => {
    return [readFileSync('/proc/self/task/' + id + '/comm', 'utf8').trim(), getPriority(Number(id))];
  });
  console.log(JSON.stringify(threads));
`;

/** Has the process see a thread that ended after it was listed, and refuses it any change of a priority. */
const REFUSE = `
  const fs = await import('node:fs');
  const os = await import('node:os');
  const [list, set] = [fs.default.readdirSync, os.default.setPriority];
  fs.default.readdirSync = (path) => ['${String(GONE)}', ...list(path)];
  os.default.setPriority = (_id, niceness) => set(${String(GONE)}, niceness);
  (await import('node:module')).syncBuiltinESMExports();
`;

const onLinux = existsSync('/proc/self/task') ? test : test.skip;

interface Niceness {
  readonly ofHelpers: readonly number[];
  readonly ofOthers: readonly number[];
}

/** Runs a process at so much more niceness than this one has. */
function nicenessIn(script: string, more: number): Niceness {
  const command = [process.execPath, '--input-type=module', '--eval', script];
  const told = execFileSync('nice', ['-n', String(more), ...command], { encoding: 'utf8' });
  const threads = JSON.parse(told) as [name: string, niceness: number][];
  const { helpers = [], others = [] } = Object.groupBy(threads, ([name]) =>
    name.startsWith('V8Worker') ? 'helpers' : 'others',
  );
  expect(helpers.length).toBeGreaterThan(0);
  const each = (some: typeof threads) => [...new Set(some.map(([, niceness]) => niceness))];
  return { ofHelpers: each(helpers), ofOthers: each(others) };
}

onLinux.each([
  ['as nice as this one', 0],
  ['nicer', 5],
  ['nicer than the helpers of another are', 15],
])("in a process that is %s the collector's helpers stand back behind the thread that answers", (_process, more) => {
  const own = Math.min(getPriority() + more, NICEST);
  expect(nicenessIn(TELL, more)).toEqual({ ofHelpers: [Math.min(own + 10, NICEST)], ofOthers: [own] });
});

onLinux('a process whose system refuses it that, or that has a thread end meanwhile, goes on as it is', () => {
  const own = getPriority();
  expect(nicenessIn(REFUSE + TELL, 0)).toEqual({ ofHelpers: [own], ofOthers: [own] });
});
