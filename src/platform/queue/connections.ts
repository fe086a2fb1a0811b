import { Redis, type RedisOptions } from 'ioredis';

export interface QueueRedis {
  readonly url: string;
  readonly password?: string | undefined;
}

const CONNECT_TIMEOUT_MS = 2_000;
const COMMAND_TIMEOUT_MS = 1_000;
const MAX_RETRY_MS = 1_000;
// A connection that is ended twice, as workers do, holds the process for as long.
const DISCONNECT_TIMEOUT_MS = 100;

const retryStrategy = (attempt: number): number => Math.min(50 * attempt, MAX_RETRY_MS);

function shared({ password }: QueueRedis) {
  return {
    ...(password !== undefined && { password }),
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    retryStrategy,
  };
}

/**
 * For whoever enqueues: fails within a second where a queue's client would hang for as long as Redis is away.
 * Nothing is lost by that, since the outbox tries again.
 */
export function producerConnection(redis: QueueRedis): Redis {
  const connection = new Redis(redis.url, {
    ...shared(redis),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
  // Without a listener the event would be printed for each attempt; the health check tells of it.
  connection.on('error', () => undefined);
  return connection;
}

/** The connection that workers are given, and those that they make of it to block on. */
export interface WorkerConnections {
  readonly first: Redis;
  areReady(): boolean;
  /** Ends all of them now, which workers do only when Redis answers. */
  end(): void;
}

/** For workers, which block until there is a job and wait as long as it takes for Redis to come back. */
export function workerConnections(redis: QueueRedis): WorkerConnections {
  const all: Redis[] = [];
  const keep = (connection: Redis): Redis => {
    connection.on('error', () => undefined);
    all.push(connection);
    return connection;
  };
  class Kept extends Redis {
    override duplicate(override?: Partial<RedisOptions>): Redis {
      return keep(super.duplicate(override));
    }
  }
  const first = keep(new Kept(redis.url, { ...shared(redis), maxRetriesPerRequest: null }));
  return {
    first,
    areReady: () => first.status === 'ready',
    end() {
      for (const connection of all) if (connection.status !== 'end') connection.disconnect();
    },
  };
}
