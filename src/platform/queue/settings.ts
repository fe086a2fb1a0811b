import { DAY_MS, SECOND_MS } from '../../shared/time.ts';

/** How the jobs of a queue are enqueued, done and kept. A contract may set its own attempts, backoff and time. */
export interface QueueSettings {
  /** Jobs under way at once in one worker process. */
  readonly concurrency: number;
  /** How often a job is tried before it is a dead letter. */
  readonly attempts: number;
  /** The pause before the second attempt; an exponential one doubles from attempt to attempt. A fifth of it is chance. */
  readonly backoff: Backoff;
  /** After which time an attempt is given up, in milliseconds. */
  readonly timeoutMs: number;
  /** At most so many jobs in so many milliseconds, over all workers of the kind. */
  readonly rateLimit?: { readonly max: number; readonly duration: number };
  /** For how long a worker that is not heard of keeps its jobs, in milliseconds; half of it is between renewals. */
  readonly lockMs: number;
  /** Refused first when Redis runs short of memory: what can be done again, or may be lost. */
  readonly lowPriority: boolean;
  readonly keep: { readonly done: Retention; readonly failed: Retention };
}

export interface Backoff {
  readonly type: 'exponential' | 'fixed';
  readonly delayMs: number;
}

/** What is older is removed, and so is the oldest of too many. */
export interface Retention {
  readonly ageMs: number;
  readonly count: number;
}

/** Every queue, by its name, which is that of its kind of worker, too. */
export type QueueTable = Readonly<Record<string, QueueSettings>>;

const DEFAULTS: QueueSettings = {
  concurrency: 5,
  attempts: 8,
  backoff: { type: 'exponential', delayMs: 2 * SECOND_MS },
  timeoutMs: 30 * SECOND_MS,
  // A killed worker's jobs are taken over after some 15 s; with BullMQ's own figures it is a minute.
  lockMs: 10 * SECOND_MS,
  lowPriority: false,
  // Failed jobs are kept long, and by number: they are the evidence.
  keep: { done: { ageMs: DAY_MS, count: 10_000 }, failed: { ageMs: 30 * DAY_MS, count: 10_000 } },
};

/** The settings of one queue: what is not said is as for any other. */
export const queueSettings = (own: Partial<QueueSettings> = {}): QueueSettings => ({ ...DEFAULTS, ...own });

/** @throws Error when there is no such queue: a job of it would never be done */
export function settingsOf(queues: QueueTable, name: string): QueueSettings {
  const settings = queues[name];
  if (settings === undefined) throw new Error(`There is no queue '${name}'`);
  return settings;
}
