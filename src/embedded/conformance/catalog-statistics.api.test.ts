import { describe, expect, test } from '@jest/globals';
import type { Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

describe('databases', () => {
  test('a database is listed from its first collection on, with its size', async () => {
    const name = bench.db.databaseName;
    const namesOf = async (): Promise<string[]> =>
      (await bench.client.db().admin().listDatabases()).databases.map((database) => database.name);
    expect(await namesOf()).not.toContain(name);
    await bench.db.collection('orders').insertOne({});
    expect(await namesOf()).toContain(name);
    const { databases, totalSize } = await bench.client.db().admin().listDatabases({ filter: { name } });
    expect(databases).toEqual([{ name, sizeOnDisk: expect.any(Number) as unknown, empty: false }]);
    expect(totalSize).toBeGreaterThan(0);
  });

  test('only names are told where no more is asked for', async () => {
    const name = bench.db.databaseName;
    await bench.db.createCollection('orders');
    const found = await bench.client.db('admin').command({ listDatabases: 1, nameOnly: true, filter: { name } });
    expect(found).toMatchObject({ databases: [{ name }], ok: 1 });
    expect(found).not.toHaveProperty('totalSize');
  });

  test('they are listed by the admin database only', async () => {
    await expect(bench.db.command({ listDatabases: 1 })).rejects.toEqual(refusal(13));
  });

  test('a dropped database has no collections any more', async () => {
    await bench.db.collection('a').insertOne({});
    await bench.db.collection('b').insertOne({});
    await expect(bench.db.command({ dropDatabase: 1 })).resolves.toMatchObject({
      dropped: bench.db.databaseName,
      ok: 1,
    });
    expect(await bench.db.listCollections().toArray()).toEqual([]);
    await expect(bench.db.command({ dropDatabase: 1 })).resolves.toMatchObject({ ok: 1 });
  });
});

describe('statistics', () => {
  test('collStats counts documents, bytes and indexes', async () => {
    const orders = bench.db.collection('orders');
    await orders.insertMany([{ a: 1 }, { a: 2 }, { a: 3 }]);
    await orders.createIndexes([{ key: { a: 1 } }]);
    const stats = await bench.db.command({ collStats: 'orders' });
    expect(stats).toMatchObject({
      ns: `${bench.db.databaseName}.orders`,
      count: 3,
      size: 87,
      avgObjSize: 29,
      nindexes: 2,
    });
    expect(Object.keys(stats.indexSizes as Document)).toEqual(['_id_', 'a_1']);
    expect(stats.totalSize).toBeGreaterThan(0);
  });

  test('collStats of a collection that is not there counts nothing', async () => {
    await expect(bench.db.command({ collStats: 'nothing' })).resolves.toMatchObject({ count: 0, size: 0, nindexes: 0 });
  });

  test('dbStats sums up the collections of a database', async () => {
    await bench.db.collection('a').insertMany([{}, {}]);
    await bench.db.collection('b').insertOne({});
    await bench.db.createCollection('v', { viewOn: 'a', pipeline: [] });
    const stats = await bench.db.stats();
    expect(stats).toMatchObject({
      db: bench.db.databaseName,
      objects: 3,
      dataSize: 66,
      indexes: expect.any(Number) as unknown,
    });
    expect(stats.collections).toBeGreaterThanOrEqual(2);
  });

  test('a scale of nothing is refused', async () => {
    await expect(bench.db.command({ collStats: 'orders', scale: 0 })).rejects.toEqual(refusal(51024));
  });
});

describe('validate', () => {
  test('a collection that was written to in every way is found sound', async () => {
    const orders = bench.db.collection('orders');
    await orders.createIndexes([{ key: { tags: 1, total: -1 } }]);
    await orders.createIndexes([{ key: { code: 1 }, unique: true, sparse: true }]);
    await orders.insertMany(
      Array.from({ length: 300 }, (_, n) => ({ tags: ['a', `t${String(n % 7)}`], total: n, code: n })),
    );
    await orders.updateMany({ total: { $lt: 100 } }, { $inc: { total: 1_000 }, $push: { tags: 'late' } as never });
    await orders.deleteMany({ total: { $gte: 250, $lt: 300 } });
    await expect(bench.db.command({ validate: 'orders', full: true })).resolves.toMatchObject({
      ns: `${bench.db.databaseName}.orders`,
      valid: true,
      nInvalidDocuments: 0,
      nrecords: 250,
      nIndexes: 3,
      keysPerIndex: { _id_: 250, code_1: 250, 'tags_1_total_-1': 600 },
      indexDetails: { _id_: { valid: true }, code_1: { valid: true } },
      errors: [],
      warnings: [],
      extraIndexEntries: [],
      missingIndexEntries: [],
      corruptRecords: [],
    });
  });

  test('documents that the validator would refuse are told as a warning', async () => {
    const orders = bench.db.collection('orders');
    await orders.insertMany([{ a: 1 }, {}]);
    await bench.db.command({ collMod: 'orders', validator: { a: { $exists: true } } });
    const found = await bench.db.command({ validate: 'orders' });
    expect(found).toMatchObject({ valid: true, nNonCompliantDocuments: 1 });
    expect(found.warnings).toHaveLength(1);
  });

  test('a collection that is not there is refused with NamespaceNotFound', async () => {
    await expect(bench.db.command({ validate: 'nothing' })).rejects.toEqual(refusal(26));
  });
});
