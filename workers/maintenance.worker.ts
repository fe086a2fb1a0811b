import type { Container } from '../src/container.ts';
import { maintenanceJobs } from '../src/features/maintenance/jobs.ts';
import type { WorkerKind } from '../src/platform/queue/worker.ts';

/** Keeps the house in order. */
export function workerKind({ maintenance }: Container): WorkerKind {
  return { queue: 'maintenance', handlers: maintenanceJobs(maintenance()) };
}
