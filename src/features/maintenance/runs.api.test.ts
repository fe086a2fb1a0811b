import { expect, test } from '@jest/globals';
import { collectGarbage } from '../../../tests/collect-garbage.ts';
import { eventually, silent, withDatabase } from '../../../tests/environment/index.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { PutOff } from '../../platform/queue/job.ts';
import { newId } from '../../shared/ids.ts';
import { DAY_MS } from '../../shared/time.ts';
import type { Findings, Walk } from '../../shared/walk.ts';
import { maintenanceJobs } from './jobs.ts';
import { RUN_MS, runTask } from './maintenance.jobs.ts';
import { maintenanceRuns } from './maintenance.model.ts';
import { walkPlaces } from './walk-place.model.ts';
import { WalkPlaceStore } from './walk-place.store.ts';

const database = withDatabase({ collections: [maintenanceRuns, walkPlaces] });
const system = asSystem('test');

async function lastFindings(task: string) {
  return (await maintenanceRuns.on(database.primary).findOne({ _id: task }, null, system).lean())?.findings;
}

/** A run of a task that looks at its signal now and then, as all do, while garbage is collected. */
function polling(begun: () => void = () => undefined, runMs?: number) {
  const ended: string[] = [];
  const results: string[] = [];
  const [handler] = maintenanceJobs({
    tasks: {
      trends: {
        run: async (signal: AbortSignal) => {
          begun();
          await eventually(async () => {
            await collectGarbage();
            return signal.aborted;
          }, 10_000);
          return { stores: 3 };
        },
      },
    } as never,
    runs: maintenanceRuns.on(database.primary),
    walks: {
      walkOf: () => Promise.resolve({ after: undefined, found: {}, passed: () => Promise.resolve() }),
      ended: (task) => Promise.resolve(void ended.push(task)),
    },
    logger: { info: (_line: object, said: string) => results.push(said), warn: () => undefined } as never,
    now: () => new Date(),
    ...(runMs !== undefined && { runMs }),
  });
  return { handler, ended, results };
}

test('a run whose time is over is told before its job is late, and is put off with what it has found', async () => {
  const late = new AbortController();
  const { handler, ended, results } = polling(undefined, 50);
  await expect(handler?.handle({ task: 'trends' }, late.signal)).rejects.toThrow(PutOff);
  expect([late.signal.aborted, ended, results]).toEqual([false, [], ['maintenance done']]);
  expect(await lastFindings('trends')).toEqual({ stores: 3 });
  expect(RUN_MS).toBeLessThan(runTask.timeoutMs ?? 0);
});

test.each(['its job is late', 'its worker stops'])('a run is put off with what it has found when %s', async (why) => {
  const [late, stopping] = [new AbortController(), new AbortController()];
  const { handler, ended } = polling(() => {
    const over = why === 'its job is late' ? late : stopping;
    setImmediate(() => {
      over.abort();
    });
  });
  await expect(handler?.handle({ task: 'trends' }, late.signal, stopping.signal)).rejects.toThrow(PutOff);
  expect(ended).toEqual([]);
  expect(await lastFindings('trends')).toEqual({ stores: 3 });
});

test('what a walk has found is told until it has ended, whatever cuts its runs off or lets them fail', async () => {
  const walks = new WalkPlaceStore({ places: walkPlaces.on(database.primary), now: () => new Date() });
  const ways: ((stopping: AbortController) => Findings)[] = [
    (stopping) => {
      stopping.abort();
      return { stores: 2, drifted: 7 };
    },
    () => {
      throw new RangeError('no');
    },
    () => ({ stores: 3, drifted: 0 }),
    () => ({ stores: 4, drifted: 0 }),
  ];
  const told: unknown[] = [];
  for (const way of ways) {
    const stopping = new AbortController();
    const task = {
      run: async (_signal: AbortSignal, walk: Walk) => {
        await walk.passed(newId(), { stores: 2, drifted: 7 });
        return way(stopping);
      },
    };
    const [handler] = maintenanceJobs({
      tasks: { 'rollup-drift': task } as never,
      runs: maintenanceRuns.on(database.primary),
      walks,
      logger: silent,
      now: () => new Date(),
    });
    const { signal } = new AbortController();
    await handler?.handle({ task: 'rollup-drift' }, signal, stopping.signal).catch(() => undefined);
    told.push(await lastFindings('rollup-drift'));
  }
  expect(told).toEqual([
    { stores: 2, drifted: 7 },
    { stores: 4, drifted: 14 },
    { stores: 7, drifted: 14 },
    { stores: 4, drifted: 0 },
  ]);
});

test('a place of long ago is forgotten, and a walk that fails keeps the one it had', async () => {
  const clock = { now: new Date() };
  const walks = new WalkPlaceStore({ places: walkPlaces.on(database.primary), now: () => clock.now });
  const id = newId();
  await (await walks.walkOf('trends')).passed(id, { stores: 1, failed: 1 });
  expect((await walks.walkOf('trends')).after).toEqual(id);
  clock.now = new Date(clock.now.getTime() + 7 * DAY_MS);
  expect((await walks.walkOf('trends')).after).toBeUndefined();
  const failing = { walkOf: walks.walkOf.bind(walks), ended: () => Promise.reject(new Error('not asked for')) };
  const [handler] = maintenanceJobs({
    tasks: { trends: { run: () => Promise.reject(new RangeError('no')) } } as never,
    runs: maintenanceRuns.on(database.primary),
    walks: failing,
    logger: silent,
    now: () => new Date(),
  });
  await expect(handler?.handle({ task: 'trends' }, new AbortController().signal)).rejects.toThrow(RangeError);
  await walks.ended('trends');
});
