import { describe, expect, test } from '@jest/globals';
import { MongoBulkWriteError, type AnyBulkWriteOperation, type Collection, type Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

interface Row {
  _id: number;
  n?: number;
  tag?: string;
}

const rows = (): Collection<Row> => bench.db.collection<Row>('rows');

const all = (): Promise<Row[]> =>
  rows()
    .find({}, { sort: { _id: 1 } })
    .toArray();

describe('bulkWrite', () => {
  const mixed: AnyBulkWriteOperation<Row>[] = [
    { insertOne: { document: { _id: 1, n: 1 } } },
    { insertOne: { document: { _id: 2, n: 1 } } },
    { updateMany: { filter: { n: 1 }, update: { $inc: { n: 1 } } } },
    { updateOne: { filter: { _id: 3 }, update: { $set: { n: 3 } }, upsert: true } },
    { replaceOne: { filter: { _id: 2 }, replacement: { tag: 'x' } } },
    { deleteOne: { filter: { _id: 1 } } },
  ];

  test.each([true, false])('its counts are exact, ordered: %p', async (ordered) => {
    const result = await rows().bulkWrite(mixed, { ordered });
    expect(result).toMatchObject({
      insertedCount: 2,
      matchedCount: 3,
      modifiedCount: 3,
      upsertedCount: 1,
      upsertedIds: { 3: 3 },
      deletedCount: 1,
    });
    expect(await rows().countDocuments()).toBe(2);
  });

  test('ordered, it ends at the first error', async () => {
    const failing = rows().bulkWrite([
      { insertOne: { document: { _id: 1 } } },
      { insertOne: { document: { _id: 1 } } },
      { insertOne: { document: { _id: 2 } } },
    ]);
    const error = await failing.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MongoBulkWriteError);
    expect(error).toMatchObject({ code: 11_000, insertedCount: 1, writeErrors: [{ index: 1, code: 11_000 }] });
    expect(await all()).toEqual([{ _id: 1 }]);
  });

  test('unordered, it carries out the rest and tells every error by its place', async () => {
    const operations = [1, 1, 2, 2, 3].map((_id) => ({ insertOne: { document: { _id } } }));
    const error = await rows()
      .bulkWrite(operations, { ordered: false })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ insertedCount: 3, writeErrors: [{ index: 1 }, { index: 3 }] });
    expect(await all()).toEqual([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
  });

  test('variables are given to its statements', async () => {
    await rows().insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
    ]);
    const filter: Document = { $expr: { $eq: ['$_id', '$$which'] } };
    await rows().bulkWrite([{ updateOne: { filter, update: [{ $set: { tag: '$$tag' } }] } }], {
      let: { which: 2, tag: 'chosen' },
    });
    expect(await all()).toEqual([
      { _id: 1, n: 1 },
      { _id: 2, n: 2, tag: 'chosen' },
    ]);
  });
});

describe('delete', () => {
  test('one or all that match', async () => {
    await rows().insertMany([1, 2, 3, 4].map((_id) => ({ _id, n: _id % 2 })));
    await expect(rows().deleteOne({ n: 1 })).resolves.toMatchObject({ deletedCount: 1 });
    await expect(rows().deleteMany({ n: { $gte: 0 } })).resolves.toMatchObject({ deletedCount: 3 });
    await expect(rows().deleteMany({})).resolves.toMatchObject({ deletedCount: 0 });
  });

  test('by a collation, and by a hint', async () => {
    await rows().insertMany([
      { _id: 1, tag: 'A' },
      { _id: 2, tag: 'a' },
    ]);
    const insensitive = { locale: 'en', strength: 2 };
    await expect(rows().deleteMany({ tag: 'a' }, { hint: 'nothing' })).rejects.toEqual(refusal(2));
    await expect(rows().deleteMany({ tag: 'a' }, { collation: insensitive })).resolves.toMatchObject({
      deletedCount: 2,
    });
  });
});

describe('findAndModify', () => {
  test('before or after', async () => {
    await rows().insertOne({ _id: 1, n: 1 });
    const add = { $inc: { n: 1 } };
    expect(await rows().findOneAndUpdate({ _id: 1 }, add)).toEqual({ _id: 1, n: 1 });
    expect(await rows().findOneAndUpdate({ _id: 1 }, add, { returnDocument: 'after' })).toEqual({ _id: 1, n: 3 });
    expect(await rows().findOneAndReplace({ _id: 1 }, { tag: 'x' }, { returnDocument: 'after' })).toEqual({
      _id: 1,
      tag: 'x',
    });
    expect(await rows().findOneAndDelete({ _id: 1 })).toEqual({ _id: 1, tag: 'x' });
    expect(await rows().findOneAndDelete({ _id: 1 })).toBeNull();
  });

  test('the first by its sort, with the fields that were asked for', async () => {
    await rows().insertMany([
      { _id: 1, n: 5, tag: 'x' },
      { _id: 2, n: 9, tag: 'y' },
    ]);
    const found = rows().findOneAndUpdate({}, { $set: { n: 0 } }, { sort: { n: -1 }, projection: { tag: 1, _id: 0 } });
    expect(await found).toEqual({ tag: 'y' });
    expect((await all()).map(({ n }) => n)).toEqual([5, 0]);
  });

  test('an upsert tells that it inserted', async () => {
    const options = { upsert: true, returnDocument: 'after', includeResultMetadata: true } as const;
    const result = await rows().findOneAndUpdate({ _id: 1 }, { $set: { n: 1 } }, options);
    expect(result).toMatchObject({
      lastErrorObject: { n: 1, updatedExisting: false, upserted: 1 },
      value: { _id: 1, n: 1 },
      ok: 1,
    });
    const again = await rows().findOneAndUpdate({ _id: 1 }, { $set: { n: 1 } }, options);
    expect(again.lastErrorObject).toEqual({ n: 1, updatedExisting: true });
  });

  test.each<[string, Document]>([
    ['neither update nor remove', {}],
    ['both update and remove', { update: { $set: { n: 1 } }, remove: true }],
    ['remove with new', { remove: true, new: true }],
    ['remove with upsert', { remove: true, upsert: true }],
  ])('%s is refused', async (_what, command) => {
    await expect(bench.db.command({ findAndModify: 'rows', query: {}, ...command })).rejects.toEqual(refusal(9));
  });

  test('a duplicate it would make is refused', async () => {
    await rows().createIndexes([{ key: { tag: 1 }, unique: true }]);
    await rows().insertMany([
      { _id: 1, tag: 'a' },
      { _id: 2, tag: 'b' },
    ]);
    await expect(rows().findOneAndUpdate({ _id: 2 }, { $set: { tag: 'a' } })).rejects.toMatchObject({
      code: 11_000,
      keyPattern: { tag: 1 },
      keyValue: { tag: 'a' },
    });
  });
});
