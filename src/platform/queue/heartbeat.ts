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
}

/** As it is kept: by the clock of Redis, so that no host whose own is wrong is taken for gone, or takes others for it. */
interface KeptBeat extends WorkerBeat {
  readonly seenAt: string;
}

const BEAT_SECONDS = 15;

/** How often a worker says that it is alive, in milliseconds: twice may be missed. */
export const BEAT_MS = 5_000;

// Outside of the queue: a worker that has lost its queue, or has nothing to do, is alive as well.
const keyOf = (prefix: string, queue: string): string => `${prefix}:workers:${queue}`;

export async function beat(redis: Redis, prefix: string, worker: WorkerBeat): Promise<void> {
  const key = keyOf(prefix, worker.queue);
  const kept: KeptBeat = { ...worker, seenAt: new Date(await nowOf(redis)).toISOString() };
  await redis.multi().hset(key, worker.id, JSON.stringify(kept)).expire(key, 3_600).exec();
}

export async function endBeat(
  redis: Redis,
  prefix: string,
  { queue, id }: Pick<WorkerBeat, 'id' | 'queue'>,
): Promise<void> {
  await redis.hdel(keyOf(prefix, queue), id);
}

/** The workers of a queue that were seen of late; those that were not are forgotten. */
export async function workersOf(redis: Redis, prefix: string, queue: string): Promise<WorkerBeat[]> {
  const [kept, now] = await Promise.all([redis.hgetall(keyOf(prefix, queue)), nowOf(redis)]);
  const beats = Object.values(kept).map((text) => JSON.parse(text) as KeptBeat);
  const isAlive = ({ seenAt }: KeptBeat): boolean => now - Date.parse(seenAt) <= BEAT_SECONDS * 1_000;
  const gone = beats.filter((worker) => !isAlive(worker));
  if (gone.length > 0) await redis.hdel(keyOf(prefix, queue), ...gone.map(({ id }) => id));
  return beats.filter(isAlive);
}

/** In milliseconds. */
async function nowOf(redis: Redis): Promise<number> {
  const [seconds] = await redis.time();
  return Number(seconds) * 1_000;
}
