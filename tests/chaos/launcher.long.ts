import { describe, expect, jest, test } from '@jest/globals';
import { endLeftOver } from '../../scripts/start/left-over.ts';
import { freePort } from '../../scripts/start/ports.ts';
import { eventually } from '../environment/index.ts';
import { LauncherRun } from '../launcher.ts';

jest.setTimeout(120_000);

describe('a launcher that nobody can press Ctrl-C for', () => {
  test('ends everything in order when nobody reads its lines any more', async () => {
    const run = await LauncherRun.start(['--no-seed', '--port', String(await freePort())]);
    await run.says(/✔ Indexes/, 90_000);
    run.leaveUnread();
    const started = run.children();
    expect(await run.ended()).toBe(0);
    expect(run.running(started)).toEqual([]);
    await run.remove();
  });

  test('when it is killed, its API, workers and database end by themselves', async () => {
    const run = await LauncherRun.start(['--quiet', '--no-seed', '--port', String(await freePort())]);
    await run.says(/Ready/, 90_000);
    const started = run.children();
    run.interrupt('SIGKILL');
    expect(await run.ended()).toBe('SIGKILL');
    const [redis, own] = [started.slice(0, 2), started.slice(2)];
    expect(own).toHaveLength(3);
    await eventually(() => run.running(own).length === 0);
    // These are no processes of ours: the next start ends them.
    await endLeftOver(redis);
    await run.remove();
  });
});
