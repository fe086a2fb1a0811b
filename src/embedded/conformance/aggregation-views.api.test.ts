import { describe, expect, test } from '@jest/globals';
import type { Collection, Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

interface Numbered {
  readonly _id: number;
  readonly [field: string]: unknown;
}

async function given(): Promise<void> {
  await bench.db.collection<Numbered>('orders').insertMany([
    { _id: 1, shop: 'a', total: 10, tags: ['x', 'y'] },
    { _id: 2, shop: 'b', total: 20, tags: ['x'] },
    { _id: 3, shop: 'a', total: 30 },
  ]);
  await bench.db.collection('orders').createIndexes([{ key: { shop: 1 } }]);
  await bench.db.createCollection('large', { viewOn: 'orders', pipeline: [{ $match: { total: { $gte: 20 } } }] });
  await bench.db.createCollection('largeTwice', {
    viewOn: 'large',
    pipeline: [{ $set: { total: { $multiply: ['$total', 2] } } }],
  });
}

const view = (name = 'large'): Collection<Numbered> => bench.db.collection<Numbered>(name);

describe('views', () => {
  test('are aggregated, also views of views', async () => {
    await given();
    expect(
      await view()
        .aggregate([{ $sort: { _id: -1 } }, { $project: { total: 1 } }])
        .toArray(),
    ).toEqual([
      { _id: 3, total: 30 },
      { _id: 2, total: 20 },
    ]);
    expect(
      await view('largeTwice')
        .aggregate([{ $group: { _id: null, sum: { $sum: '$total' } } }])
        .toArray(),
    ).toEqual([{ _id: null, sum: 100 }]);
  });

  test('are found in, with filter, sort, limit and projection', async () => {
    await given();
    const found = await view('largeTwice')
      .find({ total: { $gt: 30 } })
      .sort({ total: -1 })
      .limit(1)
      .project({ total: 1 })
      .toArray();
    expect(found).toEqual([{ _id: 3, total: 60 }]);
    expect(await view().findOne({ _id: 1 })).toBeNull();
  });

  test('are counted and asked for distinct values', async () => {
    await given();
    expect(await view().countDocuments({ shop: 'a' })).toBe(1);
    expect((await bench.db.command({ count: 'large', query: { shop: 'b' } })).n).toBe(1);
    expect((await view().distinct('shop')).sort()).toEqual(['a', 'b']);
    expect(await view().distinct('tags')).toEqual(['x']);
  });

  test('cannot be written to', async () => {
    await given();
    await expect(view().insertOne({ _id: 9 })).rejects.toEqual(refusal(166));
    await expect(view().updateOne({}, { $set: { a: 1 } })).rejects.toEqual(refusal(166));
  });
});

describe('explain of an aggregation', () => {
  test('that is a query is the query’s', async () => {
    await given();
    const explained = await bench.db
      .collection('orders')
      .aggregate([{ $match: { shop: 'a' } }, { $limit: 1 }])
      .explain();
    expect(JSON.stringify(explained.queryPlanner)).toContain('"IXSCAN"');
    expect(explained.executionStats).toMatchObject({ totalDocsExamined: 1 });
  });

  test('shows the query as $cursor and the stages behind it', async () => {
    await given();
    const stages = [{ $match: { shop: 'a' } }, { $group: { _id: '$shop', n: { $sum: '$total' } } }];
    const explained = await bench.db.collection('orders').aggregate(stages).explain('executionStats');
    const [cursor, group] = explained.stages as Document[];
    expect(cursor?.$cursor).toMatchObject({ executionStats: { nReturned: 2, totalKeysExamined: 2 } });
    expect(group).toMatchObject({ $group: { _id: '$shop' }, nReturned: 1 });
  });

  test('runs nothing where only the plan is asked for', async () => {
    await given();
    const explained = await bench.db
      .collection('orders')
      .aggregate([{ $match: { total: 10 } }, { $out: 'target' }])
      .explain('queryPlanner');
    expect(JSON.stringify(explained)).toContain('COLLSCAN');
    expect(await bench.db.listCollections({ name: 'target' }).toArray()).toEqual([]);
  });
});

describe('stages that tell of the server', () => {
  test('$collStats counts and measures', async () => {
    await given();
    const [stats] = await bench.db
      .collection('orders')
      .aggregate([{ $collStats: { count: {}, storageStats: {}, latencyStats: {} } }])
      .toArray();
    expect(stats).toMatchObject({
      ns: `${bench.db.databaseName}.orders`,
      count: 3,
      storageStats: { count: 3, nindexes: 2 },
    });
    expect(stats?.latencyStats).toHaveProperty('reads');
    const nowhere = bench.db
      .collection('nowhere')
      .aggregate([{ $collStats: { storageStats: {} } }])
      .toArray();
    await expect(nowhere).rejects.toEqual(refusal(26));
  });

  test('$indexStats counts the uses of each index', async () => {
    await given();
    await bench.db.collection('orders').find({ shop: 'a' }).toArray();
    await bench.db
      .collection('orders')
      .aggregate([{ $match: { shop: 'b' } }, { $group: { _id: null } }])
      .toArray();
    const stats = await bench.db
      .collection('orders')
      .aggregate([{ $indexStats: {} }, { $sort: { name: 1 } }])
      .toArray();
    expect(stats.map(({ name, key }) => [name, key] as unknown)).toEqual([
      ['_id_', { _id: 1 }],
      ['shop_1', { shop: 1 }],
    ]);
    expect(stats[1]?.accesses).toEqual({ ops: 2, since: expect.any(Date) });
  });

  test('$currentOp shows what runs, itself included', async () => {
    const found = await bench.client
      .db('admin')
      .aggregate([{ $currentOp: {} }, { $match: { 'command.aggregate': 1 } }])
      .toArray();
    expect(found[0]).toMatchObject({ type: 'op', active: true });
  });

  test('$listLocalSessions and $planCacheStats answer', async () => {
    await given();
    await expect(bench.db.aggregate([{ $listLocalSessions: {} }]).toArray()).resolves.toEqual(expect.any(Array));
    expect(
      await bench.db
        .collection('orders')
        .aggregate([{ $planCacheStats: {} }])
        .toArray(),
    ).toEqual(expect.any(Array));
  });

  test('$documents brings its own, at the head of a database’s pipeline', async () => {
    const stages = [{ $documents: [{ a: 1 }, { a: { $add: [1, 1] } }] }, { $match: { a: 2 } }];
    expect(await bench.db.aggregate(stages).toArray()).toEqual([{ a: 2 }]);
  });
});

describe('text', () => {
  test('a leading $match may search it, and later stages know the score', async () => {
    const notes = bench.db.collection<Numbered>('notes');
    await notes.createIndexes([{ key: { body: 'text' } }]);
    await notes.insertMany([
      { _id: 1, body: 'coffee' },
      { _id: 2, body: 'coffee coffee tea' },
      { _id: 3, body: 'milk' },
    ]);
    const score = { $meta: 'textScore' };
    const found = await notes
      .aggregate([
        { $match: { $text: { $search: 'coffee' } } },
        { $set: { score } },
        { $match: { score: { $gt: 0 } } },
        { $sort: { _id: 1 } },
      ])
      .toArray();
    expect(found.map(({ _id }) => _id as number)).toEqual([1, 2]);
    const sorted = await notes
      .aggregate([{ $match: { $text: { $search: 'coffee' } } }, { $sort: { score } }, { $project: { _id: 1 } }])
      .toArray();
    expect(sorted).toHaveLength(2);
    await expect(notes.aggregate([{ $limit: 1 }, { $match: { $text: { $search: 'x' } } }]).toArray()).rejects.toEqual(
      refusal(17313),
    );
  });
});
