import { z } from 'zod';
import { requestJob, type JobContract } from '../../platform/queue/job.ts';
import type { Schedule } from '../../platform/queue/schedule.ts';
import { MINUTE_MS } from '../../shared/time.ts';

const TaskRef = z.strictObject({ task: z.string() });

/** How long a run goes on. What it is at by then must be done within the job's time: for a store's rows, some minutes. */
export const RUN_MS = 10 * MINUTE_MS;

export const runTask: JobContract<typeof TaskRef> = {
  queue: 'maintenance',
  name: 'maintenance.run',
  payload: TaskRef,
  attempts: 3,
  timeoutMs: RUN_MS + 5 * MINUTE_MS,
  idOf: ({ task }) => `maintenance.run-${task}`,
};

/** Every task and when it is due, in UTC, one after the other in the quiet hours. */
export const TASK_TIMES = {
  outbox: '*/15 * * * *',
  expired: '20 2 * * *',
  'audit-retention': '40 2 * * *',
  'owner-counts': '10 3 * * *',
  'order-counts': '30 3 * * *',
  'rollup-drift': '50 3 * * *',
  trends: '10 4 * * 0',
} as const;

export type TaskName = keyof typeof TASK_TIMES;

export const maintenanceSchedules: readonly Schedule[] = Object.entries(TASK_TIMES).map(([task, cron]) => ({
  name: `maintenance-${task}`,
  cron,
  missed: 'catch-up',
  request: () => requestJob(runTask, { task }),
}));
