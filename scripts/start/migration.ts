import { MongoClient } from 'mongodb';
import { collections } from '../../src/container/collections.ts';
import { IndexMigrations } from '../../src/platform/database/migrations.ts';
import type { DatabaseTarget } from './database.ts';
import type { Progress } from './terminal.ts';

/**
 * Brings the indexes of a database to what is declared.
 * @param alone whether it has just been started by us, so that who held its lock is gone
 */
export async function migrate({ uri, name }: DatabaseTarget, alone: boolean, progress: Progress): Promise<void> {
  const client = new MongoClient(uri);
  try {
    const migrations = new IndexMigrations(client.db(name), collections);
    const applied = await migrations.apply({
      alone,
      onWait: () => {
        progress('waiting for another process that migrates this database');
      },
      onChange: ({ action, collection, index }) => {
        progress(`${action} ${collection}.${index.name}`);
      },
    });
    const changes = applied?.changes.length ?? 0;
    progress(changes === 0 ? 'as declared' : `${String(changes)} changes`);
  } finally {
    await client.close();
  }
}
