import type { Container } from '../src/container.ts';
import { analyticsJobs } from '../src/features/analytics/jobs.ts';
import type { WorkerKind } from '../src/platform/queue/worker.ts';

/** Counts what happens. */
export function workerKind({ eventStore, rollups, orderReads }: Container): WorkerKind {
  return {
    queue: 'analytics',
    handlers: analyticsJobs({ store: eventStore(), rollups: rollups(), orders: orderReads() }),
  };
}
