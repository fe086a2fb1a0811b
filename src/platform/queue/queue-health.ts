import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { workersOf } from './heartbeat.ts';
import type { RedisRoom } from './admission.ts';

export type QueueStatus = 'degraded' | 'healthy' | 'unhealthy';

export interface OneQueueHealth {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
  /** How long the first in line has been waiting, in milliseconds; 0 when none is. */
  readonly oldestWaitingMs: number;
  readonly paused: boolean;
  /** Worker processes heard of in the last 15 s. */
  readonly workers: number;
  /** Jobs that those have done in the last minute. */
  readonly completedLastMinute: number;
}

export interface QueueHealth {
  /**
   * Unhealthy when Redis does not answer; degraded when it is short of memory or may evict jobs, and when a queue is
   * paused or has jobs and nobody to do them.
   */
  readonly overall: QueueStatus;
  readonly queues: Readonly<Record<string, OneQueueHealth>>;
  readonly redis?: RedisRoom;
  /** Events that `trackAnalytics` of this process could not keep. */
  readonly droppedEvents: number;
}

export const isDegraded = ({ paused, workers, waiting }: OneQueueHealth): boolean =>
  paused || (workers === 0 && waiting > 0);

/** How one queue is, in a handful of reads whatever its length. */
export async function healthOf(queue: Queue, redis: Redis, prefix: string, now: Date): Promise<OneQueueHealth> {
  const [counts, paused, workers, first, urgent] = await Promise.all([
    queue.getJobCounts('waiting', 'active', 'delayed', 'failed', 'prioritized'),
    queue.isPaused(),
    workersOf(redis, prefix, queue.name),
    queue.getJobs(['waiting'], 0, 0, true),
    queue.getJobs(['prioritized'], 0, 0, true),
  ]);
  const { waiting = 0, active = 0, delayed = 0, failed = 0, prioritized = 0 } = counts;
  // A job that was removed between the two reads of it is undefined, whatever its type says.
  const ages = [...first, ...urgent].map(
    (job) => now.getTime() - ((job as typeof job | undefined)?.timestamp ?? Infinity),
  );
  return {
    waiting: waiting + prioritized,
    active,
    delayed,
    failed,
    oldestWaitingMs: Math.max(0, ...ages),
    paused,
    workers: workers.length,
    completedLastMinute: workers.reduce((sum, { doneLastMinute = 0 }) => sum + doneLastMinute, 0),
  };
}
