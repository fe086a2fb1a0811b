import { z } from 'zod';
import { requestJob, type JobContract } from '../../platform/queue/job.ts';
import type { Schedule } from '../../platform/queue/schedule.ts';

const Nothing = z.strictObject({});

/** Rolls up what has come in and is too little to be rolled up by itself. */
export const rollEvents: JobContract<typeof Nothing> = {
  queue: 'analytics',
  name: 'analytics.roll',
  payload: Nothing,
  idOf: () => 'analytics.roll',
};

export const analyticsSchedules: readonly Schedule[] = [
  {
    name: 'analytics-roll',
    cron: '* * * * *',
    // The next minute does the same, and more.
    missed: 'skip',
    request: () => requestJob(rollEvents, {}),
  },
];
