import { databaseSettings } from '../config/database.ts';
import type { Config } from '../config/index.ts';
import { Database } from '../platform/database/connection.ts';
import type { Logger } from '../platform/observability/logger.ts';
import { redisClient } from '../platform/redis/client.ts';
import type { Part, Parts } from './parts.ts';

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
      () => new Database({ ...databaseSettings(config.database), appName: service }, { logger: logger() }),
      (database) => database.close(),
    ),
    queueRedis: redis('queue', config.redis.queueUrl),
    cacheRedis: redis('cache', config.redis.cacheUrl),
    /** The cache's own: it listens on it as well, and what it asks must not wait behind others' questions. */
    valuesRedis: redis('values', config.redis.cacheUrl),
  };
}
