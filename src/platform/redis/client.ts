import { Redis } from 'ioredis';
import { once } from 'node:events';
import { awayLog } from '../observability/away-log.ts';
import type { HealthCheck } from '../observability/health.ts';
import type { Logger } from '../observability/logger.ts';

const COMMAND_TIMEOUT_MS = 1_000;
const MAX_RETRY_DELAY_MS = 2_000;

export interface RedisSettings {
  readonly url: string;
  /** Where the URL has none. */
  readonly password: string | undefined;
  /** Names the connection in the log and in the server's list of clients. */
  readonly name: string;
}

/**
 * A client for what can do without Redis: a command fails at once while it is away, and within a second while it hangs.
 * Connects in the background and goes on trying for as long as it is not ended.
 */
export function redisClient({ url, password, name }: RedisSettings, logger: Pick<Logger, 'info' | 'warn'>): Redis {
  const client = new Redis(url, {
    ...(password !== undefined && !hasPassword(url) && { password }),
    connectionName: name,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(MAX_RETRY_DELAY_MS, attempt * 100),
  });
  tellChanges(client, name, logger);
  return client;
}

/** ioredis tells of every attempt. */
function tellChanges(client: Redis, name: string, logger: Pick<Logger, 'info' | 'warn'>): void {
  const log = awayLog('redis', logger, { redis: name });
  client.on('error', (error: Error) => {
    log.away(error);
  });
  client.on('ready', () => {
    log.back();
  });
}

/** Whether a Redis answers. Not critical: what needs it waits or does without. */
export function redisCheck(name: string, client: () => Redis): HealthCheck {
  return {
    name,
    critical: false,
    intervalMs: 2_000,
    timeoutMs: COMMAND_TIMEOUT_MS,
    async check(signal) {
      const redis = client();
      // Asked right after the start, it is still connecting; away, it tells so by an error, which rejects.
      if (redis.status !== 'ready') await once(redis, 'ready', { signal });
      const begun = performance.now();
      await redis.ping();
      return { pingMs: Math.round((performance.now() - begun) * 10) / 10 };
    },
  };
}

function hasPassword(url: string): boolean {
  return (URL.parse(url)?.password ?? '') !== '';
}
