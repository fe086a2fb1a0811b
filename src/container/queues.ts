import { SECOND_MS } from '../shared/time.ts';
import { queueSettings, type QueueTable } from '../platform/queue/settings.ts';

/**
 * Every queue that jobs are put into. Each is drained by the worker of its name, `workers/<name>.worker.ts`: a new kind
 * is that file and a line here. docs/queues.md shows the same table.
 */
export const queues = {
  email: queueSettings({ concurrency: 10 }),
  sms: queueSettings({ concurrency: 10 }),
  payments: queueSettings(),
  // Apart from the mails it leads to, whose rate is limited.
  stock: queueSettings({ concurrency: 5 }),
  // One at a time: what waits in a chain is put there together, and two would only meet.
  audit: queueSettings({ concurrency: 1 }),
  // As well: each moves the one counter of batches. Views may be lost, orders are counted by what is kept of them.
  analytics: queueSettings({ concurrency: 1, lowPriority: true }),
  maintenance: queueSettings({ concurrency: 1, lowPriority: true }),
  // Few at a time: each has a thread of its own.
  reports: queueSettings({ concurrency: 2, attempts: 3, backoff: { type: 'exponential', delayMs: 5 * SECOND_MS } }),
} satisfies QueueTable;
