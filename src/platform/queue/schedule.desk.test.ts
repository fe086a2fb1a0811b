import { expect, test } from '@jest/globals';
import { z } from 'zod';
import type { UnrelayedSlot } from './due-slots.ts';
import { ScheduleDesk, type ScheduleDeskDeps } from './schedule.desk.ts';
import { slotJobId, type Schedule } from './schedule.ts';
import { requestJob, type JobContract } from './job.ts';

const Nothing = z.strictObject({});
const tidy: JobContract<typeof Nothing> = { queue: 'maintenance', name: 'tidy', payload: Nothing, idOf: () => 'tidy' };
const schedule: Schedule = {
  name: 'tidy-up',
  cron: '0 3 * * *',
  missed: 'skip',
  request: () => requestJob(tidy, {}),
};
const slot = new Date('2026-03-28T03:00:00Z');
const jobId = slotJobId('tidy-up', slot);

function outcomeWith(
  queues: ScheduleDeskDeps['queues'],
  failures: { reason: string }[] = [],
  lastSlot: Date | null = slot,
  unrelayed: readonly UnrelayedSlot[] = [],
) {
  const report = {
    name: 'tidy-up',
    cron: '0 3 * * *',
    timeZone: 'UTC',
    missed: 'skip',
    nextSlot: slot,
    runs: 1,
  } as const;
  const desk = new ScheduleDesk({
    dueSlots: { findUnrelayed: () => Promise.resolve([...unrelayed]) },
    runner: { list: () => Promise.resolve([{ ...report, lastSlot }]) },
    schedules: [schedule],
    queues,
    deadLetters: {
      findOpenOf: (jobs) =>
        Promise.resolve(jobs.flatMap((job) => failures.map(({ reason }) => ({ ...job, reason, failedAt: slot })))),
    },
  });
  return desk.list().then(([standing]) => standing?.outcome);
}

const none = { fateOf: () => Promise.resolve(undefined) };

test('what came of the last slot is what its job tells, by the id of the slot', async () => {
  const asked: string[][] = [];
  const fate = { state: 'running' } as const;
  const fateOf = (...about: [string, string]) => {
    asked.push(about);
    return Promise.resolve(fate);
  };
  expect(await outcomeWith({ fateOf })).toEqual(fate);
  expect(asked).toEqual([['maintenance', jobId]]);
  expect(jobId).toBe('tidy-up-20260328030000000');
});

test('a job that left its queue was done, unless it is a dead letter', async () => {
  expect(await outcomeWith(none)).toEqual({ state: 'done' });
  expect(await outcomeWith(none, [{ reason: 'no' }])).toEqual({ state: 'failed', reason: 'no', finishedAt: slot });
});

test('a slot whose event the relay has not carried out yet waits, and a parked one has failed', async () => {
  const outcomeOf = (fate: UnrelayedSlot['fate'], name = 'tidy-up') =>
    outcomeWith(none, [], slot, [{ name, slot, fate }]);
  expect(await outcomeOf({ state: 'waiting' })).toEqual({ state: 'waiting' });
  const parked = { state: 'failed', reason: 'no subscription' } as const;
  expect(await outcomeOf(parked)).toEqual(parked);
  expect(await outcomeOf({ state: 'waiting' }, 'another')).toEqual({ state: 'done' });
});

test('nothing came of a schedule that has not run, and with Redis away nobody knows', async () => {
  expect(await outcomeWith(none, [], null)).toBeNull();
  expect(await outcomeWith({ fateOf: () => Promise.reject(new Error('away')) })).toEqual({ state: 'unknown' });
});
