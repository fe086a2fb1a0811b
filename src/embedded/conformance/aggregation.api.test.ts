import { describe, expect, test } from '@jest/globals';
import type { Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

const DOCUMENTS: readonly Document[] = [
  { _id: 1, shop: 'a', total: 10, tags: ['x', 'y'], at: { city: 'Bern' } },
  { _id: 2, shop: 'b', total: 20, tags: ['x'], at: { city: 'Rome' } },
  { _id: 3, shop: 'a', total: 30, tags: [], at: { city: 'Bern' } },
  { _id: 4, shop: 'c', total: 40, tags: null },
  { _id: 5, shop: 'a', total: 50 },
];

async function given(documents: readonly Document[] = DOCUMENTS): Promise<void> {
  await bench.db.collection('orders').insertMany(documents.map((document) => ({ ...document })));
}

const run = (...pipeline: Document[]): Promise<Document[]> =>
  bench.db.collection('orders').aggregate(pipeline).toArray();

/** Runs stages over documents without storing them. */
const over = (documents: readonly Document[], ...stages: Document[]): Promise<Document[]> =>
  bench.db.aggregate([{ $documents: documents }, ...stages]).toArray();

describe('stages that choose', () => {
  test('$match, $sort, $skip and $limit in a row give what a find gives', async () => {
    await given();
    const stages = [{ $match: { total: { $gt: 10 } } }, { $sort: { total: -1 } }, { $skip: 1 }, { $limit: 2 }];
    expect((await run(...stages)).map(({ _id }) => _id as number)).toEqual([4, 3]);
  });

  test('$limit before $skip leaves what is between', async () => {
    await given();
    expect((await run({ $sort: { _id: 1 } }, { $limit: 3 }, { $skip: 2 })).map(({ _id }) => _id as number)).toEqual([
      3,
    ]);
    expect(await run({ $limit: 2 }, { $skip: 2 })).toEqual([]);
  });

  test('$match behind a stage that changes documents sees what was changed', async () => {
    await given();
    const found = await run({ $set: { total: { $multiply: ['$total', 2] } } }, { $match: { total: 100 } });
    expect(found).toEqual([{ _id: 5, shop: 'a', total: 100 }]);
  });

  test('$sort behind $limit sorts what is left', async () => {
    await given();
    expect((await run({ $sort: { _id: 1 } }, { $limit: 2 }, { $sort: { _id: -1 } }))[0]).toMatchObject({ _id: 2 });
  });

  test('$sample gives as many as asked for, none of them twice', async () => {
    await given();
    const ids = (await run({ $sample: { size: 4 } })).map(({ _id }) => _id as number);
    expect(new Set(ids).size).toBe(4);
    expect(await run({ $sample: { size: 99 } })).toHaveLength(5);
  });

  test('$redact keeps, prunes and descends', async () => {
    const documents = [
      { _id: 1, level: 1, open: { level: 1, a: 1 }, closed: { level: 5, b: 1 }, list: [{ level: 9 }, { level: 0 }] },
    ];
    const stage = { $redact: { $cond: [{ $gt: ['$level', 3] }, '$$PRUNE', '$$DESCEND'] } };
    expect(await over(documents, stage)).toEqual([
      { _id: 1, level: 1, open: { level: 1, a: 1 }, list: [{ level: 0 }] },
    ]);
  });
});

describe('stages that shape', () => {
  test('$project includes, computes and renames', async () => {
    await given();
    const stage = { $project: { _id: 0, shop: 1, half: { $divide: ['$total', 2] }, 'at.city': 1 } };
    expect(await run({ $match: { _id: { $in: [1, 5] } } }, stage)).toEqual([
      { shop: 'a', at: { city: 'Bern' }, half: 5 },
      { shop: 'a', half: 25 },
    ]);
  });

  test('$project excludes', async () => {
    await given();
    expect(await run({ $match: { _id: 1 } }, { $project: { tags: 0, 'at.city': 0 } })).toEqual([
      { _id: 1, shop: 'a', total: 10, at: {} },
    ]);
  });

  test('$addFields sets nested fields, through arrays too, and $$REMOVE takes a field away', async () => {
    const documents = [{ _id: 1, a: [{ b: 1 }, { b: 2 }], c: { d: 1 }, e: 1 }];
    const stage = { $addFields: { 'a.n': '$e', 'c.f': { $add: ['$c.d', 1] }, e: '$$REMOVE' } };
    expect(await over(documents, stage)).toEqual([
      {
        _id: 1,
        a: [
          { b: 1, n: 1 },
          { b: 2, n: 1 },
        ],
        c: { d: 1, f: 2 },
      },
    ]);
  });

  test('$unset takes one field or several', async () => {
    const documents = [{ _id: 1, a: 1, b: { c: 1, d: 2 } }];
    expect(await over(documents, { $unset: 'a' })).toEqual([{ _id: 1, b: { c: 1, d: 2 } }]);
    expect(await over(documents, { $unset: ['a', 'b.c'] })).toEqual([{ _id: 1, b: { d: 2 } }]);
  });
});

describe('stages that replace and unwind', () => {
  test('$replaceRoot and $replaceWith put an object in place of the document', async () => {
    const documents = [{ _id: 1, a: { b: 2 } }];
    expect(await over(documents, { $replaceRoot: { newRoot: '$a' } })).toEqual([{ b: 2 }]);
    expect(await over(documents, { $replaceWith: { $mergeObjects: ['$$ROOT', '$a'] } })).toEqual([
      { _id: 1, a: { b: 2 }, b: 2 },
    ]);
    await given();
    await expect(run({ $replaceRoot: { newRoot: '$total' } })).rejects.toEqual(refusal(40228));
  });

  test('$unwind gives a document for each element and none for empty, null and missing', async () => {
    await given();
    const found = await run({ $unwind: '$tags' }, { $project: { tags: 1 } }, { $sort: { _id: 1, tags: 1 } });
    expect(found).toEqual([
      { _id: 1, tags: 'x' },
      { _id: 1, tags: 'y' },
      { _id: 2, tags: 'x' },
    ]);
  });

  test('$unwind may keep documents without elements, and number them', async () => {
    await given();
    const unwind = { $unwind: { path: '$tags', includeArrayIndex: 'at', preserveNullAndEmptyArrays: true } };
    expect(await run({ $match: { _id: { $gte: 2 } } }, unwind, { $project: { tags: 1, at: 1 } })).toEqual([
      { _id: 2, tags: 'x', at: 0 },
      { _id: 3, at: null },
      { _id: 4, tags: null, at: null },
      { _id: 5, at: null },
    ]);
  });
});

const FOLDED: Readonly<Record<string, readonly [accumulator: Document, expected: unknown]>> = {
  $sum: [{ $sum: '$total' }, 90],
  '$sum of ones': [{ $sum: 1 }, 3],
  $count: [{ $count: {} }, 3],
  $avg: [{ $avg: '$total' }, 30],
  $min: [{ $min: '$total' }, 10],
  $max: [{ $max: '$total' }, 50],
  $first: [{ $first: '$_id' }, 1],
  $last: [{ $last: '$_id' }, 5],
  $push: [{ $push: '$_id' }, [1, 3, 5]],
  '$push of what is missing': [{ $push: '$at.city' }, ['Bern', 'Bern']],
  $addToSet: [{ $addToSet: '$at.city' }, ['Bern']],
  $mergeObjects: [{ $mergeObjects: '$at' }, { city: 'Bern' }],
  $stdDevPop: [{ $stdDevPop: '$total' }, Math.sqrt(800 / 3)],
  $stdDevSamp: [{ $stdDevSamp: '$total' }, 20],
  $firstN: [{ $firstN: { input: '$_id', n: 2 } }, [1, 3]],
  $lastN: [{ $lastN: { input: '$_id', n: 2 } }, [3, 5]],
  $maxN: [{ $maxN: { input: '$total', n: 2 } }, [50, 30]],
  $minN: [{ $minN: { input: '$total', n: 2 } }, [10, 30]],
  $top: [{ $top: { sortBy: { total: -1 }, output: '$_id' } }, 5],
  $bottom: [{ $bottom: { sortBy: { total: -1 }, output: '$_id' } }, 1],
  $topN: [{ $topN: { n: 2, sortBy: { total: -1 }, output: '$_id' } }, [5, 3]],
  $bottomN: [{ $bottomN: { n: 2, sortBy: { total: -1 }, output: '$_id' } }, [3, 1]],
  $median: [{ $median: { input: '$total', method: 'approximate' } }, 30],
  $percentile: [{ $percentile: { input: '$total', p: [0.25, 0.75], method: 'approximate' } }, [10, 50]],
};

describe('accumulators', () => {
  test.each(Object.entries(FOLDED))('$group folds by %s', async (_name, [accumulator, expected]) => {
    await given();
    const grouped = await run(
      { $match: { shop: 'a' } },
      { $sort: { _id: 1 } },
      { $group: { _id: null, folded: accumulator } },
    );
    expect(grouped).toEqual([{ _id: null, folded: expected }]);
  });
});

describe('groups', () => {
  test('$group on nothing and on objects', async () => {
    await given();
    expect(await run({ $group: { _id: null, n: { $sum: '$total' } } })).toEqual([{ _id: null, n: 150 }]);
    expect(await run({ $match: { _id: 0 } }, { $group: { _id: null, n: { $sum: 1 } } })).toEqual([]);
    const byCity = await run({ $group: { _id: { city: '$at.city' }, n: { $sum: 1 } } }, { $sort: { n: 1 } });
    expect(byCity).toEqual(
      expect.arrayContaining([
        { _id: { city: 'Bern' }, n: 2 },
        { _id: {}, n: 2 },
      ]),
    );
  });

  test('$count and countDocuments agree, and nothing counted is no document', async () => {
    await given();
    expect(await run({ $match: { shop: 'a' } }, { $count: 'n' })).toEqual([{ n: 3 }]);
    expect(await bench.db.collection('orders').countDocuments({ shop: 'a' })).toBe(3);
    expect(await bench.db.collection('orders').countDocuments({}, { skip: 1, limit: 3 })).toBe(3);
    expect(await run({ $match: { shop: 'z' } }, { $count: 'n' })).toEqual([]);
  });

  test('countDocuments on an index counts what it finds', async () => {
    await given();
    await bench.db.collection('orders').createIndexes([{ key: { shop: 1 } }]);
    expect(await bench.db.collection('orders').countDocuments({ shop: 'a' })).toBe(3);
    expect(await bench.db.collection('orders').countDocuments({ shop: { $gte: 'b' } })).toBe(2);
    expect(await bench.db.collection('orders').countDocuments({ shop: 'a', total: 30 })).toBe(1);
  });
});

describe('stages that group in their own ways', () => {
  test('$sortByCount puts the most frequent first', async () => {
    await given();
    expect((await run({ $sortByCount: '$shop' }))[0]).toEqual({ _id: 'a', count: 3 });
  });

  test('$bucket sorts into boundaries, the rest into its default', async () => {
    await given();
    const stage = {
      $bucket: { groupBy: '$total', boundaries: [0, 20, 40], default: 'more', output: { ids: { $push: '$_id' } } },
    };
    expect(await run({ $sort: { _id: 1 } }, stage)).toEqual([
      { _id: 0, ids: [1] },
      { _id: 20, ids: [2, 3] },
      { _id: 'more', ids: [4, 5] },
    ]);
  });

  test('$bucketAuto spreads evenly', async () => {
    await given();
    expect(await run({ $bucketAuto: { groupBy: '$total', buckets: 2 } })).toEqual([
      { _id: { min: 10, max: 40 }, count: 3 },
      { _id: { min: 40, max: 50 }, count: 2 },
    ]);
    expect(await run({ $match: { _id: 0 } }, { $bucketAuto: { groupBy: '$total', buckets: 2 } })).toEqual([]);
    const powers = { $bucketAuto: { groupBy: '$total', buckets: 2, granularity: 'POWERSOF2' } };
    expect((await run(powers))[0]).toMatchObject({ _id: { max: 32 } });
  });

  test('a collation makes groups of what it holds for equal', async () => {
    const orders = bench.db.collection('orders');
    await orders.insertMany([{ name: 'a' }, { name: 'A' }, { name: 'b' }]);
    const collation = { locale: 'en', strength: 2 };
    const grouped = await orders
      .aggregate([{ $group: { _id: '$name', n: { $sum: 1 } } }, { $sort: { _id: 1 } }], { collation })
      .toArray();
    expect(grouped.map(({ n }) => n as number)).toEqual([2, 1]);
    expect(await orders.aggregate([{ $match: { name: 'A' } }], { collation }).toArray()).toHaveLength(2);
  });
});

describe('variables', () => {
  test('let gives variables to expressions', async () => {
    await given();
    const stages = [
      { $match: { $expr: { $gt: ['$total', '$$least'] } } },
      { $project: { over: { $subtract: ['$total', '$$least'] } } },
    ];
    expect(
      await bench.db
        .collection('orders')
        .aggregate(stages, { let: { least: 40 } })
        .toArray(),
    ).toEqual([{ _id: 5, over: 10 }]);
  });

  test('$$NOW is one moment for the whole command', async () => {
    await given();
    const times = await run({ $project: { now: '$$NOW' } });
    expect(new Set(times.map(({ now }) => (now as Date).getTime())).size).toBe(1);
  });

  test('a variable that nobody defined is refused', async () => {
    await given();
    await expect(run({ $project: { a: '$$nobody' } })).rejects.toEqual(refusal(17276));
  });
});
