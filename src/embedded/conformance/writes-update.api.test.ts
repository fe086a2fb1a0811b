import { describe, expect, test } from '@jest/globals';
import { Double, Int32, Long, type Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

/** Inserts a document, updates it, and gives what it is then. */
async function updated(before: Document, update: Document | Document[], options: Document = {}): Promise<unknown> {
  const rows = bench.db.collection('rows');
  await rows.insertOne({ ...before });
  const { filter = {}, ...more } = options;
  await rows.updateOne(filter as Document, update, more);
  return rows.findOne({}, { projection: { _id: 0 } });
}

describe('update operators', () => {
  test.each<[string, Document, Document, Document]>([
    ['$set makes the path it needs', {}, { $set: { 'a.b': 1 } }, { a: { b: 1 } }],
    ['$set of an array beyond its end fills with null', { a: [1] }, { $set: { 'a.2': 3 } }, { a: [1, null, 3] }],
    ['$unset removes a field', { a: 1, b: 2 }, { $unset: { a: '' } }, { b: 2 }],
    ['$unset of an element leaves null', { a: [1, 2] }, { $unset: { 'a.0': '' } }, { a: [null, 2] }],
    ['$inc adds, also to nothing', { a: 1 }, { $inc: { a: 2, b: 3 } }, { a: 3, b: 3 }],
    ['$mul multiplies, nothing to 0', { a: 2 }, { $mul: { a: 3, b: 3 } }, { a: 6, b: 0 }],
    ['$min and $max compare across types', { a: 5, b: 5 }, { $min: { a: 3 }, $max: { b: 'x' } }, { a: 3, b: 'x' }],
    ['$rename moves a field', { a: 1 }, { $rename: { a: 'b.c' } }, { b: { c: 1 } }],
    ['$push appends', { a: [1] }, { $push: { a: 2 } }, { a: [1, 2] }],
    [
      '$push with all its modifiers',
      { a: [5, 1] },
      { $push: { a: { $each: [4, 2], $position: 0, $sort: 1, $slice: -3 } } },
      { a: [2, 4, 5] },
    ],
    ['$addToSet adds what is new', { a: [1] }, { $addToSet: { a: { $each: [1, 2] } } }, { a: [1, 2] }],
    ['$pop removes the last', { a: [1, 2] }, { $pop: { a: 1 } }, { a: [1] }],
    ['$pull removes what matches', { a: [1, 5, 9] }, { $pull: { a: { $gte: 5 } } }, { a: [1] }],
    ['$pullAll removes what is equal', { a: [1, 2, 1] }, { $pullAll: { a: [1] } }, { a: [2] }],
    ['$bit works on integers', { a: 12 }, { $bit: { a: { and: 10, or: 1 } } }, { a: 9 }],
  ])('%s', async (_what, before, update, after) => {
    expect(await updated(before, update)).toEqual(after);
  });

  test('$setOnInsert counts at an insert alone', async () => {
    expect(await updated({ a: 1 }, { $set: { a: 2 }, $setOnInsert: { b: 1 } })).toEqual({ a: 2 });
  });

  test('$currentDate writes the time', async () => {
    expect(await updated({}, { $currentDate: { a: true } })).toEqual({ a: expect.any(Date) as unknown });
  });

  test('types of numbers stay as they are, and grow where they must', async () => {
    const rows = bench.db.collection('rows');
    await rows.insertOne({ int: new Int32(2_147_483_647), double: new Double(1), long: Long.fromNumber(1) });
    await rows.updateOne({}, { $inc: { int: 1, double: 1, long: 1 } });
    const found = await rows.findOne({}, { promoteValues: false, projection: { _id: 0 } });
    expect(found).toEqual({ int: Long.fromNumber(2_147_483_648), double: new Double(2), long: Long.fromNumber(2) });
  });
});

describe('elements of arrays', () => {
  const scores = { a: [{ n: 1 }, { n: 5 }, { n: 9 }] };

  test('$ is the element that the filter found', async () => {
    const after = await updated(scores, { $set: { 'a.$.m': 1 } }, { filter: { 'a.n': 5 } });
    expect(after).toEqual({ a: [{ n: 1 }, { n: 5, m: 1 }, { n: 9 }] });
  });

  test('$[] is every element', async () => {
    expect(await updated({ a: [1, 2] }, { $inc: { 'a.$[]': 10 } })).toEqual({ a: [11, 12] });
  });

  test('$[name] is every element that an array filter lets by', async () => {
    const arrayFilters = [{ 'high.n': { $gte: 5 } }];
    const after = await updated(scores, { $set: { 'a.$[high].m': 1 } }, { arrayFilters });
    expect(after).toEqual({ a: [{ n: 1 }, { n: 5, m: 1 }, { n: 9, m: 1 }] });
  });

  test('$ without an array in the filter is refused', async () => {
    await expect(updated(scores, { $set: { 'a.$.m': 1 } })).rejects.toEqual(refusal(2));
  });

  test('a name without its filter, and a filter without its name, are refused', async () => {
    await expect(updated(scores, { $set: { 'a.$[x].m': 1 } })).rejects.toEqual(refusal(2));
    const arrayFilters = [{ x: 1 }];
    await expect(bench.db.collection('rows').updateOne({}, { $set: { b: 1 } }, { arrayFilters })).rejects.toEqual(
      refusal(9),
    );
  });
});

describe('pipelines and replacements', () => {
  test('a pipeline computes from the document', async () => {
    const pipeline = [{ $set: { sum: { $add: ['$a', '$b'] } } }, { $unset: 'a' }];
    expect(await updated({ a: 1, b: 2 }, pipeline)).toEqual({ b: 2, sum: 3 });
  });

  test('a replacement keeps the _id alone', async () => {
    const rows = bench.db.collection<{ _id: number; a?: number; b?: number }>('rows');
    await rows.insertOne({ _id: 1, a: 1 });
    await expect(rows.replaceOne({ a: 1 }, { b: 2 })).resolves.toMatchObject({ modifiedCount: 1 });
    expect(await rows.findOne()).toEqual({ _id: 1, b: 2 });
  });

  test('a replacement of many is refused', async () => {
    const updates = [{ q: {}, u: { a: 1 }, multi: true }];
    const reply = await bench.db.command({ update: 'rows', updates }).then(
      ({ writeErrors }) => (writeErrors as Document[])[0],
      (error: unknown) => error,
    );
    expect(reply).toMatchObject({ code: 9 });
  });
});

describe('counts', () => {
  test('what matches and what changes are told apart', async () => {
    const rows = bench.db.collection('rows');
    await rows.insertMany([{ a: 1 }, { a: 1 }, { a: 2 }]);
    await expect(rows.updateMany({}, { $set: { a: 1 } })).resolves.toMatchObject({ matchedCount: 3, modifiedCount: 1 });
    await expect(rows.updateOne({ a: 1 }, { $inc: { a: 0 } })).resolves.toMatchObject({
      matchedCount: 1,
      modifiedCount: 0,
    });
    await expect(rows.updateOne({ a: 9 }, { $set: { a: 1 } })).resolves.toMatchObject({ matchedCount: 0 });
  });

  test('a document that moves ahead in its index is updated once', async () => {
    const rows = bench.db.collection('rows');
    await rows.createIndexes([{ key: { a: 1 } }]);
    await rows.insertMany(Array.from({ length: 50 }, (_, a) => ({ a })));
    await expect(rows.updateMany({ a: { $gte: 0 } }, { $inc: { a: 10 } })).resolves.toMatchObject({
      modifiedCount: 50,
    });
    const values = (await rows.distinct('a')) as number[];
    expect(values.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 50 }, (_, a) => a + 10));
  });
});

describe('upserts', () => {
  test.each<[string, Document, Document | Document[], Document]>([
    ['equalities of the filter', { a: 1, 'b.c': 2, d: { $gt: 5 } }, { $set: { e: 3 } }, { a: 1, b: { c: 2 }, e: 3 }],
    ['equalities within $and', { $and: [{ a: 1 }, { b: { $eq: 2 } }] }, { $inc: { n: 1 } }, { a: 1, b: 2, n: 1 }],
    ['$setOnInsert', { a: 1 }, { $setOnInsert: { b: 2 } }, { a: 1, b: 2 }],
    ['a pipeline over the filter', { a: 1 }, [{ $set: { b: { $add: ['$a', 1] } } }], { a: 1, b: 2 }],
  ])('a new document has %s', async (_what, filter, update, document) => {
    const rows = bench.db.collection('rows');
    const { upsertedId, upsertedCount } = await rows.updateOne(filter, update, { upsert: true });
    expect(upsertedCount).toBe(1);
    expect(await rows.findOne()).toEqual({ _id: upsertedId, ...document });
  });

  test('a new replacement has the _id of the filter', async () => {
    const rows = bench.db.collection<{ _id: string | null; a: number }>('rows');
    const { upsertedId } = await rows.replaceOne({ _id: 'key' }, { a: 1 }, { upsert: true });
    expect(upsertedId).toBe('key');
    await rows.updateOne({ _id: null }, { $set: { a: 2 } }, { upsert: true });
    expect(await rows.findOne({ _id: null })).toEqual({ _id: null, a: 2 });
  });

  test('what was found is updated, and nothing new made', async () => {
    const rows = bench.db.collection<{ _id: number; n: number }>('rows');
    await rows.insertOne({ _id: 1, n: 0 });
    const result = await rows.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { upsert: true });
    expect(result).toMatchObject({ matchedCount: 1, upsertedCount: 0, upsertedId: null });
  });

  test('many at once on one key make one document', async () => {
    const rows = bench.db.collection<{ _id: number; n: number }>('rows');
    const add = (): Promise<unknown> => rows.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { upsert: true });
    await Promise.all(Array.from({ length: 20 }, add));
    expect(await rows.find().toArray()).toEqual([{ _id: 1, n: 20 }]);
  });
});

describe('refused updates', () => {
  test.each<[string, Document, Document, number]>([
    ['a changed _id', { a: 1 }, { $set: { _id: 2 } }, 66],
    ['two operators on one path', { a: 1 }, { $set: { a: 1 }, $inc: { a: 1 } }, 40],
    ['a path and one within it', { a: { b: 1 } }, { $set: { a: 1, 'a.b': 1 } }, 40],
    ['a path through a number', { a: 1 }, { $set: { 'a.b': 1 } }, 28],
    ['a sum with a string', { a: 'x' }, { $inc: { a: 1 } }, 14],
    ['a push onto a number', { a: 1 }, { $push: { a: 1 } }, 2],
    ['an operator that there is not', { a: 1 }, { $put: { a: 1 } }, 9],
    ['an empty name', { a: 1 }, { $set: { 'b.': 1 } }, 56],
  ])('%s', async (_what, before, update, code) => {
    const rows = bench.db.collection('rows');
    await rows.insertOne({ ...before });
    await expect(rows.updateOne({}, update)).rejects.toEqual(refusal(code));
    expect(await rows.findOne({}, { projection: { _id: 0 } })).toEqual(before);
  });

  test('a statement with a field that it does not have', async () => {
    const updates = [{ q: {}, u: { $set: { a: 1 } }, upset: true }];
    await expect(bench.db.command({ update: 'rows', updates })).rejects.toEqual(refusal(40_415));
    await expect(bench.db.command({ delete: 'rows', deletes: [{ q: {}, limit: 2 }] })).resolves.toMatchObject({
      writeErrors: [{ code: 9 }],
    });
  });
});
