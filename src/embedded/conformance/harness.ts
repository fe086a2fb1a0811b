import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { MongoClient, type Db, type MongoClientOptions } from 'mongodb';
import { startEmbeddedServer, type EmbeddedServer, type EmbeddedServerOptions } from '../index.ts';

/** What a suite works with: a client of the server under test and a database of its own. */
export interface Bench {
  uri: string;
  client: MongoClient;
  db: Db;
  /** Whether the suite runs against a real MongoDB, which `MONGODB_URI` names. */
  readonly isReal: boolean;
  connect(options?: MongoClientOptions): Promise<MongoClient>;
}

// The suites are the one place that is run against either server.
// eslint-disable-next-line no-restricted-syntax
const REAL_URI = process.env.MONGODB_URI;

/** Starts (or connects to) a server for the suite; every test gets a database of its own, which is dropped. */
export function withDatabase(
  options: Pick<EmbeddedServerOptions, 'transactionLifetimeMs' | 'ttlIntervalMs'> = {},
): Bench {
  let server: EmbeddedServer | undefined;
  const clients: MongoClient[] = [];
  const bench = {
    uri: REAL_URI ?? '',
    isReal: REAL_URI !== undefined,
    connect: async (clientOptions: MongoClientOptions = {}) => {
      const client = new MongoClient(bench.uri, clientOptions);
      clients.push(client);
      return client.connect();
    },
  } as Bench;
  beforeAll(async () => {
    if (REAL_URI === undefined) {
      server = await startEmbeddedServer(options);
      bench.uri = server.uri;
    }
    bench.client = await bench.connect();
  });
  beforeEach(() => {
    bench.db = bench.client.db(`conformance_${randomBytes(6).toString('hex')}`);
  });
  afterEach(async () => {
    await bench.db.dropDatabase();
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await server?.close();
  });
  return bench;
}
