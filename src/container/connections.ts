import type { Config } from '../config/index.ts';
import { Database } from '../platform/database/connection.ts';
import type { Logger } from '../platform/observability/logger.ts';
import { redisClient } from '../platform/redis/client.ts';
import type { Part, Parts } from './parts.ts';

const ANALYTICS_POOL = { maxPoolSize: 10, minPoolSize: 0, operationMs: 60_000 };
const OPERATION_MS = 10_000;
/** Of the two seconds within which a request is told that the database is away. */
const SERVER_SELECTION_MS = 1_500;
const HEARTBEAT_MS = 2_000;

/** The connections to other servers. Made, they connect in the background and go on trying. */
export function connectionParts(parts: Parts, config: Config, service: string, logger: Part<Logger>) {
  const redis = (name: string, url: string) =>
    parts.part(
      () => redisClient({ url, password: config.redis.password, name: `${service}-${name}` }, logger()),
      (client) => {
        client.disconnect();
      },
    );
  return {
    database: parts.part(
      () => new Database(databaseSettings(config, service), { logger: logger() }),
      (database) => database.close(),
    ),
    queueRedis: redis('queue', config.redis.queueUrl),
    cacheRedis: redis('cache', config.redis.cacheUrl),
  };
}

function databaseSettings({ database }: Config, appName: string) {
  const { uri, name, maxPoolSize, minPoolSize } = database;
  return {
    uri,
    name,
    appName,
    primary: { maxPoolSize, minPoolSize, operationMs: OPERATION_MS },
    analytics: ANALYTICS_POOL,
    serverSelectionMs: SERVER_SELECTION_MS,
    heartbeatMs: HEARTBEAT_MS,
  };
}
