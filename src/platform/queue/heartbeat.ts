import type { Redis } from 'ioredis';

/** What a worker process says of itself. */
export interface WorkerBeat {
  readonly id: string;
  readonly queue: string;
  readonly host: string;
  readonly pid: number;
  readonly active: number;
  /** Not told by a worker of an earlier version. */
  readonly doneLastMinute?: number;
  readonly startedAt: string;
  readonly seenAt: string;
}

const BEAT_SECONDS = 15;

/** How often a worker says that it is alive, in milliseconds: twice may be missed. */
export const BEAT_MS = 5_000;

// Outside of the queue: a worker that has lost its queue, or has nothing to do, is alive as well.
const keyOf = (prefix: string, queue: string): string => `${prefix}:workers:${queue}`;

export async function beat(redis: Redis, prefix: string, worker: WorkerBeat): Promise<void> {
  const key = keyOf(prefix, worker.queue);
  await redis.multi().hset(key, worker.id, JSON.stringify(worker)).expire(key, 3_600).exec();
}

export async function endBeat(
  redis: Redis,
  prefix: string,
  { queue, id }: Pick<WorkerBeat, 'id' | 'queue'>,
): Promise<void> {
  await redis.hdel(keyOf(prefix, queue), id);
}

/** The workers of a queue that were seen of late; those that were not are forgotten. */
export async function workersOf(redis: Redis, prefix: string, queue: string, now: Date): Promise<WorkerBeat[]> {
  const beats = Object.values(await redis.hgetall(keyOf(prefix, queue))).map((text) => JSON.parse(text) as WorkerBeat);
  const isAlive = ({ seenAt }: WorkerBeat): boolean => now.getTime() - Date.parse(seenAt) <= BEAT_SECONDS * 1_000;
  const gone = beats.filter((worker) => !isAlive(worker));
  if (gone.length > 0) await redis.hdel(keyOf(prefix, queue), ...gone.map(({ id }) => id));
  return beats.filter(isAlive);
}
