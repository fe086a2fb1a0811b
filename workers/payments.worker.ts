import type { Container } from '../src/container.ts';
import { paymentJobs } from '../src/features/orders/jobs.ts';
import type { WorkerKind } from '../src/platform/queue/worker.ts';

/** Gives money back. */
export function workerKind({ orders }: Container): WorkerKind {
  return { queue: 'payments', handlers: paymentJobs(orders()) };
}
