import { describe, expect, test } from '@jest/globals';
import type { Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

async function given(name: string, documents: readonly Document[]): Promise<void> {
  await bench.db.collection(name).insertMany(documents.map((document) => ({ ...document })));
}

const run = (name: string, ...stages: Document[]): Promise<Document[]> =>
  bench.db.collection(name).aggregate(stages).toArray();

const all = (name: string): Promise<Document[]> => bench.db.collection(name).find().sort({ _id: 1 }).toArray();

const SOURCE = [
  { _id: 1, n: 1 },
  { _id: 2, n: 2 },
];

describe('$out', () => {
  test('writes the results and answers with none', async () => {
    await given('source', SOURCE);
    expect(await run('source', { $match: { n: 2 } }, { $out: 'target' })).toEqual([]);
    expect(await all('target')).toEqual([{ _id: 2, n: 2 }]);
  });

  test('replaces what was there and keeps its indexes', async () => {
    await given('source', SOURCE);
    await given('target', [{ _id: 9, old: true }]);
    await bench.db.collection('target').createIndexes([{ key: { n: 1 } }]);
    await run('source', { $out: 'target' });
    expect(await all('target')).toEqual(SOURCE);
    expect((await bench.db.collection('target').indexes()).map(({ name }) => name)).toEqual(['_id_', 'n_1']);
    expect(await bench.db.collection('target').find({ n: 2 }).hint('n_1').toArray()).toHaveLength(1);
  });

  test('changes nothing where it fails, and leaves nothing behind', async () => {
    await given('source', SOURCE);
    await given('target', [{ _id: 9, n: 9 }]);
    await bench.db.collection('target').createIndexes([{ key: { n: 1 }, unique: true }]);
    const stages = [{ $set: { n: 5 } }, { $out: 'target' }];
    await expect(run('source', ...stages)).rejects.toEqual(refusal(11000));
    expect(await all('target')).toEqual([{ _id: 9, n: 9 }]);
    const names = (await bench.db.listCollections().toArray()).map(({ name }) => name);
    expect(names.sort()).toEqual(['source', 'target']);
  });

  test('over its own source, and over one that is not there', async () => {
    await given('source', SOURCE);
    await run('source', { $match: { n: 1 } }, { $out: 'source' });
    expect(await all('source')).toEqual([{ _id: 1, n: 1 }]);
    await run('nowhere', { $out: 'source' });
    expect(await all('source')).toEqual([]);
  });

  test('into another database', async () => {
    await given('source', SOURCE);
    const other = bench.client.db(`${bench.db.databaseName}_2`);
    await run('source', { $out: { db: other.databaseName, coll: 'target' } });
    expect(await other.collection('target').countDocuments()).toBe(2);
    await other.dropDatabase();
  });

  test('into a capped collection or a view is refused', async () => {
    await given('source', SOURCE);
    await bench.db.createCollection('capped', { capped: true, size: 10_000 });
    await bench.db.createCollection('view', { viewOn: 'source', pipeline: [] });
    await expect(run('source', { $out: 'capped' })).rejects.toEqual(refusal(17152));
    await expect(run('source', { $out: 'view' })).rejects.toEqual(refusal(166));
  });
});

const MODES: readonly (readonly [matched: unknown, notMatched: string, result: readonly Document[]])[] = [
  [
    'merge',
    'insert',
    [
      { _id: 1, kept: true, n: 1 },
      { _id: 2, n: 2 },
    ],
  ],
  [
    'replace',
    'insert',
    [
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
    ],
  ],
  [
    'keepExisting',
    'insert',
    [
      { _id: 1, kept: true },
      { _id: 2, n: 2 },
    ],
  ],
  ['merge', 'discard', [{ _id: 1, kept: true, n: 1 }]],
  ['replace', 'discard', [{ _id: 1, n: 1 }]],
  [[{ $set: { twice: { $multiply: ['$$new.n', 2] } } }], 'discard', [{ _id: 1, kept: true, twice: 2 }]],
];

describe('$merge', () => {
  test.each(MODES)('when matched %j, when not %s', async (whenMatched, whenNotMatched, result) => {
    await given('source', SOURCE);
    await given('target', [{ _id: 1, kept: true }]);
    await run('source', { $merge: { into: 'target', whenMatched, whenNotMatched } });
    expect(await all('target')).toEqual(result);
  });

  test('may fail where a document matches, or where none does', async () => {
    await given('source', SOURCE);
    await given('target', [{ _id: 1 }]);
    const merge = (modes: Document): Promise<Document[]> => run('source', { $merge: { into: 'target', ...modes } });
    await expect(merge({ whenMatched: 'fail' })).rejects.toEqual(refusal(11000));
    await expect(merge({ whenNotMatched: 'fail' })).rejects.toEqual(refusal(13113));
  });

  test('goes by fields that a unique index is on', async () => {
    await given('source', [
      { sku: 'a', left: 5 },
      { sku: 'b', left: 1 },
    ]);
    await given('target', [{ _id: 7, sku: 'a', left: 0 }]);
    await bench.db.collection('target').createIndexes([{ key: { sku: 1 }, unique: true }]);
    await run('source', { $project: { _id: 0 } }, { $merge: { into: 'target', on: 'sku' } });
    expect(await bench.db.collection('target').findOne({ sku: 'a' })).toEqual({ _id: 7, sku: 'a', left: 5 });
    expect(await bench.db.collection('target').countDocuments()).toBe(2);
  });

  test('refuses documents without the fields that it goes by', async () => {
    await given('source', [{ _id: 1 }]);
    await bench.db.collection('target').createIndexes([{ key: { sku: 1 }, unique: true }]);
    await expect(run('source', { $merge: { into: 'target', on: 'sku' } })).rejects.toEqual(refusal(51132));
  });
});

describe('$merge further', () => {
  test('gives variables to its pipeline', async () => {
    await given('source', SOURCE);
    await given('target', [{ _id: 1, n: 10 }]);
    const whenMatched = [{ $set: { n: { $add: ['$n', '$$more', '$$base'] } } }];
    const stage = { $merge: { into: 'target', let: { more: '$n' }, whenMatched, whenNotMatched: 'discard' } };
    await bench.db
      .collection('source')
      .aggregate([stage], { let: { base: 100 } })
      .toArray();
    expect(await all('target')).toEqual([{ _id: 1, n: 111 }]);
  });

  test('into its own source', async () => {
    await given('source', SOURCE);
    await run('source', { $set: { n: { $add: ['$n', 1] } } }, { $merge: 'source' });
    expect(await all('source')).toEqual([
      { _id: 1, n: 2 },
      { _id: 2, n: 3 },
    ]);
  });

  test('keeps the types of numbers', async () => {
    const { Double, Long } = await import('mongodb');
    await given('source', [{ _id: 1, a: new Double(5), b: Long.fromNumber(7) }]);
    await run('source', { $set: { c: 1 } }, { $merge: 'target' });
    const found = await bench.db.collection('target').findOne({}, { promoteValues: false });
    expect(found).toMatchObject({ a: { _bsontype: 'Double' }, b: { _bsontype: 'Long' } });
  });

  test('keeps to the validator of its target', async () => {
    await given('source', SOURCE);
    await bench.db.createCollection('target', { validator: { n: { $lt: 2 } } });
    await expect(run('source', { $merge: 'target' })).rejects.toEqual(refusal(121));
    await bench.db
      .collection('source')
      .aggregate([{ $merge: 'target' }], { bypassDocumentValidation: true })
      .toArray();
    expect(await bench.db.collection('target').countDocuments()).toBe(2);
  });

  test('is refused in a transaction', async () => {
    await given('source', SOURCE);
    const session = bench.client.startSession();
    session.startTransaction();
    const merged = bench.db
      .collection('source')
      .aggregate([{ $merge: 'target' }], { session })
      .toArray();
    await expect(merged).rejects.toEqual(refusal(263));
    await session.endSession();
  });
});
