import { requestJob } from '../../platform/queue/job.ts';
import type { Schedule } from '../../platform/queue/schedule.ts';
import { sweepReports } from './report.jobs.ts';

/** When the feature does something by itself. */
export const reportSchedules: readonly Schedule[] = [
  {
    name: 'reports-sweep',
    cron: '*/5 * * * *',
    // Each look sees all that has become due since the last.
    missed: 'catch-up',
    request: () => requestJob(sweepReports, {}),
  },
];
