import type { Container } from '../src/container.ts';
import { lowStockJobs } from '../src/features/stock/jobs.ts';
import type { WorkerKind } from '../src/platform/queue/worker.ts';

/** Watches the levels of stock. */
export function workerKind(container: Container): WorkerKind {
  const { now, transact, stockReads, stockStore, stockAlerts, merchantReads } = container;
  const jobQueue = container.queue();
  const handlers = lowStockJobs({
    transact: transact(),
    reads: stockReads(),
    store: stockStore(),
    stores: merchantReads(),
    staff: stockAlerts(),
    sendEmail: (mail, within) => jobQueue.sendEmail(mail, within),
    now,
  });
  return { queue: 'stock', handlers };
}
