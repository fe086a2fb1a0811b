import { expect, jest, test } from '@jest/globals';
import type { Db } from 'mongodb';
import { uniqueName, withDatabase } from '../../../tests/environment/index.ts';
import type { IndexedCollection } from './indexes.ts';
import { IndexMigrations } from './migrations.ts';

const database = withDatabase({
  collections: [],
  unindexed: [
    { collection: 'index_migrations', reason: 'a few rows, read by people' },
    { collection: 'index_migration_lock', reason: 'one row' },
  ],
});

const first: IndexedCollection = {
  collection: 'books',
  indexes: [
    { name: 'isbn', serves: 'one book per ISBN', key: { isbn: 1 }, unique: true },
    { name: 'shelf', serves: 'books of a shelf', key: { shelf: 1, title: -1 } },
    { name: 'words', serves: 'search', key: { shelf: 1, title: 'text', author: 'text' }, weights: { title: 3 } },
    { name: 'gone', serves: 'removal', key: { lostAt: 1 }, expireAfterSeconds: 60 },
    { name: 'open', serves: 'loans', key: { due: 1 }, partialFilterExpression: { returned: false } },
    { name: 'name', serves: 'authors', key: { author: 1 }, collation: { locale: 'en', strength: 2 } },
  ],
};
const second: IndexedCollection = {
  collection: 'books',
  indexes: [
    ...first.indexes.filter(({ name }) => name !== 'shelf'),
    { name: 'shelf', serves: 'books of a shelf', key: { title: -1, shelf: 1 } },
  ],
};

/** A database of the test's own beside that of the suite. */
const fresh = () => database.primary.getClient().db(uniqueName('migrations'));
const keysOf = async (db: Db): Promise<Readonly<Record<string, string>>> => {
  const indexes: readonly { name?: string; key: object }[] = await db.collection('books').indexes();
  return Object.fromEntries(indexes.map(({ name = '', key }) => [name, JSON.stringify(key)]));
};

test('indexes of every kind are created once; afterwards the plan is empty', async () => {
  const db = fresh();
  const migrations = new IndexMigrations(db, [first]);
  expect((await migrations.plan()).changes.map(({ action, index }) => `${action} ${index.name}`)).toEqual(
    first.indexes.map(({ name }) => `create ${name}`),
  );
  expect(await migrations.apply()).toMatchObject({ _id: 1, state: 'applied' });
  expect(await migrations.plan()).toMatchObject({ changes: [], undeclared: [], unchanged: 6 });
  expect(await migrations.apply()).toBeUndefined();
  await db.dropDatabase();
});

test('a changed index is dropped and built anew, a rollback brings the old one back, and each version is recorded', async () => {
  const db = fresh();
  await new IndexMigrations(db, [first]).apply();
  const before = await keysOf(db);
  const migrations = new IndexMigrations(db, [second]);
  expect((await migrations.apply())?.changes.map(({ action }) => action)).toEqual(['drop', 'create']);
  expect((await keysOf(db)).shelf).toBe('{"title":-1,"shelf":1}');
  expect(await migrations.rollback()).toMatchObject({ _id: 2, state: 'rolled-back' });
  expect(await keysOf(db)).toEqual(before);
  expect(await migrations.status()).toMatchObject({
    version: 1,
    history: [{ _id: 1 }, { _id: 2, state: 'rolled-back' }],
  });
  await db.dropDatabase();
});

test('an index that nobody declares is told of, and dropped only when asked for', async () => {
  const db = fresh();
  const migrations = new IndexMigrations(db, [first]);
  await migrations.apply();
  await db.collection('books').createIndexes([{ key: { colour: 1 }, name: 'by_hand' }]);
  expect(await migrations.plan()).toMatchObject({ changes: [], undeclared: [{ index: { name: 'by_hand' } }] });
  expect(await migrations.apply()).toBeUndefined();
  await migrations.apply({ prune: true });
  expect(await keysOf(db)).not.toHaveProperty('by_hand');
  await db.dropDatabase();
});

test('of four processes that migrate at once one does, and the others find it done', async () => {
  const db = fresh();
  const applied = await Promise.all([1, 2, 3, 4].map(() => new IndexMigrations(db, [first]).apply()));
  expect(applied.filter((record) => record !== undefined)).toHaveLength(1);
  await db.dropDatabase();
});

const lockForAnother = async (db: Db): Promise<void> => {
  const lock = { _id: 'lock', holder: 'another', until: new Date(Date.now() + 60_000) };
  await db.collection<{ _id: string }>('index_migration_lock').insertOne(lock);
};

test('while another process holds the lock nothing is changed, and the wait for it is told once', async () => {
  const db = fresh();
  await lockForAnother(db);
  const migrations = new IndexMigrations(db, [first]);
  const onWait = jest.fn();
  await expect(migrations.apply({ waitMs: 600, onWait })).rejects.toThrow('Another process');
  expect(onWait).toHaveBeenCalledTimes(1);
  await db.dropDatabase();
});

test('who is alone with the database waits for no lock that was left behind', async () => {
  const db = fresh();
  await lockForAnother(db);
  expect(await new IndexMigrations(db, [first]).apply({ alone: true, waitMs: 0 })).toMatchObject({ state: 'applied' });
  await db.dropDatabase();
});
