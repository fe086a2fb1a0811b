import type { Config } from '../config/index.ts';
import { ExactLimiter } from '../platform/limits/exact.ts';
import { LocalLimiter } from '../platform/limits/local.ts';
import { awayLog } from '../platform/observability/away-log.ts';
import { createLogger } from '../platform/observability/logger.ts';
import type { Outlets } from '../platform/queue/outlets.ts';
import { Cursors } from '../platform/security/cursors.ts';
import { LinkTokens } from '../platform/security/links.ts';
import { OneTimeCodes } from '../platform/security/one-time-codes.ts';
import { Passes } from '../platform/security/passes.ts';
import { Passwords } from '../platform/security/passwords.ts';
import { cacheParts } from './cache.ts';
import { connectionParts } from './connections.ts';
import { healthParts } from './health.ts';
import { messagingParts } from './messaging.ts';
import type { Parts } from './parts.ts';
import { sendingParts } from './sending.ts';
import { writeParts } from './writes.ts';

/** What the parts of every feature are built on. */
export type Platform = ReturnType<typeof platformParts>;

export function platformParts(parts: Parts, config: Config, service: string, outlets: () => Outlets) {
  const logger = parts.part(() => createLogger({ level: config.log.level, service }));
  const connections = connectionParts(parts, config, service, logger);
  const caching = cacheParts(parts, config, logger, connections);
  const writes = writeParts(parts, connections, caching);
  const limiter = parts.part(() => {
    const log = awayLog('the Redis of exact limits', logger());
    return new ExactLimiter({
      redis: connections.cacheRedis(),
      prefix: config.queue.prefix,
      local: new LocalLimiter(config.limits.instances),
      onAway: (error) => {
        log.away(error);
      },
      onCounted: () => {
        log.back();
      },
    });
  });
  return {
    config,
    logger,
    ...connections,
    ...caching,
    ...writes,
    ...sendingParts(parts, config, logger, connections, writes),
    ...messagingParts(parts, config, logger, connections, { ...caching, ...writes }, outlets),
    ...healthParts(parts, config, logger, connections),
    limiter,
    cursors: parts.part(() => new Cursors(config.cursors.secret)),
    links: parts.part(() => new LinkTokens(config.tokens)),
    codes: parts.part(() => new OneTimeCodes(config.tokens)),
    passes: parts.part(() => new Passes(config.tokens)),
    passwords: parts.part(() => new Passwords()),
  };
}
