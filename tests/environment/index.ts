import { afterAll, beforeAll } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Db } from 'mongodb';
import type { Connection } from 'mongoose';
import { databaseSettings } from '../../src/config/database.ts';
import type { VariableOverrides } from '../../src/config/index.ts';
import { Database } from '../../src/platform/database/connection.ts';
import { ExplainRecorder, type Exemption } from '../../src/platform/database/explain.ts';
import { changeIndexes, planIndexes, type IndexedCollection } from '../../src/platform/database/indexes.ts';
import { observeQueries } from '../../src/platform/database/query-log.ts';
import { createLogger } from '../../src/platform/observability/logger.ts';
import { addresses, workerId } from './addresses.ts';

/** For parts that want a logger and suites that don't listen. */
export const silent = createLogger({ level: 'silent', service: 'test' });

// On a crowded machine a server that is slow is not away; suites that are about that have settings of their own.
const PATIENCE = { serverSelectionMs: 20_000, silenceMs: 20_000 };

/** A name that no other suite uses: for a database, a queue prefix, a channel. */
export const uniqueName = (kind: string): string => `${kind}-w${workerId()}-${randomBytes(5).toString('hex')}`;

export interface TestDatabase {
  readonly uri: string;
  readonly name: string;
  readonly database: Database;
  readonly primary: Connection;
  /** Has the queries of another connection to this database explained as well. */
  explain(connection: Connection): void;
}

export interface TestDatabaseOptions {
  /** Those of the suite; their indexes are there before its first test. */
  readonly collections: readonly IndexedCollection[];
  /** Queries that may scan or sort in memory, each with its reason; all others fail the suite. */
  readonly unindexed?: readonly Exemption[];
}

/**
 * A database of the suite's own on the real embedded server. After the last test each query that it ran is explained:
 * one that no index serves fails the suite.
 */
export function withDatabase({ collections, unindexed = [] }: TestDatabaseOptions): TestDatabase {
  const name = uniqueName('suite');
  const recorder = new ExplainRecorder();
  let database: Database | undefined;
  const opened = (): Database => {
    if (database === undefined) throw new Error('The database is open from beforeAll on');
    return database;
  };
  beforeAll(async () => {
    const settings = {
      ...databaseSettings({ uri: addresses().mongoUri, name, maxPoolSize: 20, minPoolSize: 0 }),
      ...PATIENCE,
    };
    // A busy machine's server may be silent for long without being hung.
    database = new Database({ ...settings, silenceMs: 30_000 }, { logger: silent, observe: recorder.observe });
    await database.connect();
    const { changes } = await planIndexes(nativeDb(database.primary), collections);
    await changeIndexes(nativeDb(database.primary), changes);
  });
  afterAll(async () => {
    const { primary } = opened();
    try {
      const unserved = await recorder.unserved(primary, unindexed);
      if (unserved.length > 0) throw new Error(`Queries that no index serves: ${JSON.stringify(unserved, null, 2)}`);
    } finally {
      await primary.dropDatabase();
      await opened().close();
    }
  });
  return {
    name,
    get uri() {
      return addresses().mongoUri;
    },
    get database() {
      return opened();
    },
    get primary() {
      return opened().primary;
    },
    explain(connection) {
      observeQueries(connection.getClient(), recorder.observe);
    },
  };
}

/** The driver's own database under a connection. */
export function nativeDb({ db }: Connection): Db {
  if (db === undefined) throw new Error('Not connected');
  return db;
}

export interface TestRedis {
  readonly url: string;
  /** Begins the names of the suite's keys and channels; also a prefix for BullMQ. */
  readonly prefix: string;
  readonly client: Redis;
}

/** The run's Redis, with a prefix of the suite's own; its keys are removed after the last test. */
export function withRedis(): TestRedis {
  const prefix = uniqueName('suite');
  let client: Redis | undefined;
  const opened = (): Redis => (client ??= new Redis(addresses().redisUrl));
  afterAll(async () => {
    const redis = opened();
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 500 }) as AsyncIterable<string[]>) {
      if (keys.length > 0) await redis.del(...keys);
    }
    redis.disconnect();
  });
  return {
    prefix,
    get url() {
      return addresses().redisUrl;
    },
    get client() {
      return opened();
    },
  };
}

/** What has processes, or a container in the suite, work on its database and Redis, and on no other. */
export const variablesFor = (
  { uri, name }: Pick<TestDatabase, 'name' | 'uri'>,
  { url, prefix }: Pick<TestRedis, 'prefix' | 'url'>,
) =>
  ({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    MONGODB_URI: uri,
    DB_NAME: name,
    MIN_POOL_SIZE: '0',
    REDIS_URL: url,
    CACHE_REDIS_URL: url,
    QUEUE_PREFIX: prefix,
  }) satisfies VariableOverrides;

const LOOK_MS = 10;

/** Waits until `look` finds something. @throws Error when it does not in time. */
export async function eventually<T>(
  look: () => Promise<T | false | undefined> | T | false | undefined,
  withinMs = 40_000,
): Promise<T> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== false && found !== undefined) return found;
    if (performance.now() > giveUpAt) throw new Error(`Did not come about within ${String(withinMs)} ms`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
