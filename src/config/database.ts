import { Database, type DatabaseParts, type DatabaseSettings } from '../platform/database/connection.ts';
import type { Config } from './index.ts';

/** Every figure of the connections to MongoDB, in one place. */
export function databaseSettings({ uri, name, maxPoolSize, minPoolSize }: Config['database']): DatabaseSettings {
  return {
    uri,
    name,
    primary: { maxPoolSize, minPoolSize, operationMs: 5_000 },
    // Few and long: reports wait for each other, not the shop for them.
    analytics: {
      maxPoolSize: Math.max(1, Math.ceil(maxPoolSize / 10)),
      minPoolSize: 0,
      operationMs: 60_000,
      waitMs: 60_000,
    },
    // Each below the 2 s within which a caller is told that the database is away, or hangs.
    serverSelectionMs: 1_200,
    silenceMs: 1_500,
    heartbeatMs: 500,
    // Nobody waits for it, and a process that has slept itself had better not drop all its connections.
    connectMs: 3_000,
  };
}

/** The database of this process, connected or still trying to be. */
export async function connectDatabase(config: Config['database'], parts: DatabaseParts): Promise<Database> {
  const database = new Database(databaseSettings(config), parts);
  await database.connect();
  return database;
}
