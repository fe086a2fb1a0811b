import { describe, expect, test } from '@jest/globals';
import type { Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

/** Runs stages over a collection that is not empty. */
const run = async (...stages: unknown[]): Promise<Document[]> => {
  const orders = bench.db.collection<{ _id: number }>('orders');
  await orders.updateOne({ _id: 1 }, { $set: { a: 1 } }, { upsert: true });
  return orders.aggregate(stages as Document[]).toArray();
};

const REFUSED: readonly (readonly [what: string, code: number, ...stages: unknown[]])[] = [
  ['a stage with two fields', 40323, { $match: {}, $limit: 1 }],
  ['a stage without fields', 40323, {}],
  ['a stage that is no object', 14, 5],
  ['an unknown stage', 40324, { $foo: {} }],
  ['$out that is not last', 40601, { $out: 'x' }, { $limit: 1 }],
  ['$merge that is not last', 40601, { $merge: 'x' }, { $limit: 1 }],
  ['$collStats that is not first', 40602, { $limit: 1 }, { $collStats: {} }],
  ['$match of no object', 15959, { $match: 5 }],
  ['$limit of nothing', 15958, { $limit: 0 }],
  ['$limit below nothing', 5107201, { $limit: -1 }],
  ['$skip below nothing', 5107200, { $skip: -1 }],
  ['$sort without keys', 15976, { $sort: {} }],
  ['$sort in no direction', 15975, { $sort: { a: 2 } }],
  ['$count without a name', 40156, { $count: '' }],
  ['$count of a path', 40158, { $count: '$a' }],
  ['$count with a dot', 40160, { $count: 'a.b' }],
  ['$project without fields', 51272, { $project: {} }],
  ['$project that mixes', 31254, { $project: { a: 1, b: 0 } }],
  ['$project with an unknown expression', 168, { $project: { a: { $foo: 1 } } }],
  ['$unset of a number', 31002, { $unset: 5 }],
  ['$unset of nothing', 31119, { $unset: [] }],
  ['$group without _id', 15955, { $group: { n: { $sum: 1 } } }],
  ['$group of no object', 15947, { $group: 5 }],
  ['$group with an unknown accumulator', 15952, { $group: { _id: 1, n: { $foo: 1 } } }],
  ['$group with a dot', 40235, { $group: { _id: 1, 'a.b': { $sum: 1 } } }],
  ['$group with two accumulators', 40238, { $group: { _id: 1, n: { $sum: 1, $max: 1 } } }],
  ['$group with a plain value', 40234, { $group: { _id: 1, n: 5 } }],
  ['$unwind without a dollar', 28818, { $unwind: 'a' }],
  ['$unwind without a path', 28812, { $unwind: {} }],
  ['$unwind with an unknown option', 28811, { $unwind: { path: '$a', foo: 1 } }],
  ['$sample without a size', 28749, { $sample: {} }],
  ['$sample of a negative size', 28747, { $sample: { size: -1 } }],
  ['$bucket without boundaries', 40198, { $bucket: { groupBy: '$a' } }],
  ['$bucket out of order', 40194, { $bucket: { groupBy: '$a', boundaries: [2, 1] } }],
  ['$bucket with a value outside', 40066, { $bucket: { groupBy: '$a', boundaries: [5, 6] } }],
  ['$bucketAuto without buckets', 40246, { $bucketAuto: { groupBy: '$a' } }],
  ['$bucketAuto with no buckets', 40243, { $bucketAuto: { groupBy: '$a', buckets: 0 } }],
  ['$facet without facets', 40169, { $facet: {} }],
  ['$facet of no pipelines', 40170, { $facet: { a: 5 } }],
  ['$facet inside of $facet', 40600, { $facet: { a: [{ $facet: { b: [] } }] } }],
  ['$out inside of $facet', 40600, { $facet: { a: [{ $out: 'x' }] } }],
  ['$lookup without as', 9, { $lookup: { from: 'x', localField: 'a', foreignField: 'b' } }],
  ['$lookup with half a join', 9, { $lookup: { from: 'x', localField: 'a', as: 'b' } }],
  ['$lookup with an unknown argument', 9, { $lookup: { from: 'x', foo: 1, as: 'b' } }],
  ['$out inside of $lookup', 51047, { $lookup: { from: 'x', pipeline: [{ $out: 'y' }], as: 'b' } }],
  [
    '$graphLookup without startWith',
    40105,
    { $graphLookup: { from: 'x', connectFromField: 'a', connectToField: 'b', as: 'c' } },
  ],
  ['$graphLookup with an unknown argument', 40104, { $graphLookup: { foo: 1 } }],
  ['$merge on fields without a unique index', 51183, { $merge: { into: 'x', on: 'a' } }],
  [
    '$merge in modes that do not go together',
    51181,
    { $merge: { into: 'x', whenMatched: 'fail', whenNotMatched: 'fail' } },
  ],
  ['$merge in an unknown mode', 2, { $merge: { into: 'x', whenMatched: 'foo' } }],
  ['$redact that decides nothing', 17053, { $redact: 'foo' }],
  ['$setWindowFields with an unknown function', 9, { $setWindowFields: { output: { a: { $foo: 1 } } } }],
  ['$rank without a sort', 5371602, { $setWindowFields: { output: { a: { $rank: {} } } } }],
  [
    'a window of documents without a sort',
    5339901,
    { $setWindowFields: { output: { a: { $sum: 1, window: { documents: [-1, 1] } } } } },
  ],
  ['$fill with neither method nor value', 6050200, { $fill: { output: { a: {} } } }],
  ['$fill by an unknown method', 6050202, { $fill: { output: { a: { method: 'foo' } } } }],
  ['$documents over a collection', 73, { $documents: [] }],
  ['a change stream without a replica set', 40573, { $changeStream: {} }],
  ['division by zero', 2, { $project: { a: { $divide: [1, 0] } } }],
];

describe('pipelines that are refused', () => {
  test.each(REFUSED)('%s: %i', async (_what, code, ...stages) => {
    await expect(run(...stages)).rejects.toEqual(refusal(code));
  });

  test('more than 1,000 stages', async () => {
    const stages = Array.from({ length: 1_001 }, () => ({ $limit: 1 }));
    await expect(run(...stages)).rejects.toEqual(refusal(7749501));
  });

  test.each(['$geoNear', '$search', '$vectorSearch'])('%s, with a word on what to do', async (name) => {
    if (bench.isReal) return;
    await expect(run({ [name]: {} })).rejects.toThrow('MONGODB_URI');
  });

  test('user code', async () => {
    if (bench.isReal) return;
    const body = { body: 'function() {}', args: [], lang: 'js' };
    await expect(run({ $project: { a: { $function: body } } })).rejects.toEqual(refusal(2));
    await expect(run({ $group: { _id: null, a: { $accumulator: {} } } })).rejects.toEqual(refusal(2));
  });
});

describe('commands that are refused', () => {
  const command = (body: Document): Promise<Document> => bench.db.command({ aggregate: 'orders', ...body });

  test('without a cursor', async () => {
    await expect(command({ pipeline: [] })).rejects.toEqual(refusal(9));
  });

  test('without a pipeline, or with one that is no array', async () => {
    await expect(command({ cursor: {} })).rejects.toEqual(refusal(40414));
    await expect(command({ pipeline: 5, cursor: {} })).rejects.toEqual(refusal(14));
  });

  test('with a field that aggregate does not have', async () => {
    await expect(command({ pipeline: [], cursor: {}, foo: 1 })).rejects.toEqual(refusal(40415));
  });

  test('over no collection, where the stage needs one', async () => {
    const body = { aggregate: 1, pipeline: [{ $match: {} }], cursor: {} };
    await expect(bench.db.command(body)).rejects.toEqual(refusal(73));
  });

  test('$currentOp outside of admin', async () => {
    const body = { aggregate: 1, pipeline: [{ $currentOp: {} }], cursor: {} };
    await expect(bench.db.command(body)).rejects.toEqual(refusal(73));
  });

  test('with an index as a hint that is not there', async () => {
    await bench.db.collection('orders').insertOne({ a: 1 });
    const body = { pipeline: [{ $match: { a: 1 } }], cursor: {}, hint: 'nobody' };
    await expect(command(body)).rejects.toEqual(refusal(2));
  });
});
