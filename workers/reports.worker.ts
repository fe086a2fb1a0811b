import type { Container } from '../src/container.ts';
import { reportJobs } from '../src/features/reports/jobs.ts';
import type { WorkerKind } from '../src/platform/queue/worker.ts';

/** Makes reports, asks for those of schedules, and removes what was kept for long enough. */
export function workerKind(container: Container): WorkerKind {
  const { reportBuilder, reportSchedules, reportStore, reportReads, fileStore, now } = container;
  const handlers = reportJobs({
    builder: reportBuilder(),
    schedules: reportSchedules(),
    store: reportStore(),
    reads: reportReads(),
    files: fileStore(),
    now,
  });
  return { queue: 'reports', handlers };
}
