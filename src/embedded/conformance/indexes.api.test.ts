import { describe, expect, test } from '@jest/globals';
import type { Collection, Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

const createIndexes = (...indexes: Document[]): Promise<Document> =>
  bench.db.command({ createIndexes: 'orders', indexes });

const orders = (): Collection => bench.db.collection('orders');

const isSound = async (): Promise<boolean> =>
  (await bench.db.command({ validate: 'orders', full: true })).valid as boolean;

describe('createIndexes', () => {
  test('the first index makes the collection, and the answer counts', async () => {
    await expect(createIndexes({ key: { a: 1 }, name: 'a_1' })).resolves.toMatchObject({
      numIndexesBefore: 1,
      numIndexesAfter: 2,
      createdCollectionAutomatically: true,
    });
    expect(await orders().indexes()).toEqual([
      { v: 2, key: { _id: 1 }, name: '_id_' },
      { v: 2, key: { a: 1 }, name: 'a_1' },
    ]);
  });

  test('several indexes are built by one command over the documents that are there', async () => {
    await orders().insertMany(Array.from({ length: 500 }, (_, n) => ({ a: n % 10, b: n })));
    await createIndexes({ key: { a: 1, b: -1 }, name: 'ab' }, { key: { b: 1 }, name: 'b', unique: true });
    expect(await orders().find({ a: 3 }).hint('ab').sort({ b: -1 }).limit(2).project({ _id: 0 }).toArray()).toEqual([
      { a: 3, b: 493 },
      { a: 3, b: 483 },
    ]);
    expect(await orders().find({ b: 77 }).hint('b').toArray()).toHaveLength(1);
    expect(await isSound()).toBe(true);
  });

  test('an index that is there already is not built again', async () => {
    await createIndexes({ key: { a: 1 }, name: 'a_1', unique: true });
    await expect(createIndexes({ key: { a: 1 }, name: 'a_1', unique: true })).resolves.toMatchObject({
      numIndexesBefore: 2,
      numIndexesAfter: 2,
      note: 'all indexes already exist',
    });
  });

  test('the index on _id may be asked for', async () => {
    await orders().insertOne({});
    await expect(createIndexes({ key: { _id: 1 }, name: 'other' })).resolves.toMatchObject({
      note: 'all indexes already exist',
    });
  });

  test('unknown options are overlooked where that is asked for', async () => {
    const command = { createIndexes: 'orders', ignoreUnknownIndexOptions: true };
    await bench.db.command({ ...command, indexes: [{ key: { a: 1 }, name: 'a', quick: true }] });
    expect(await orders().indexes()).toHaveLength(2);
  });
});

describe('options of an index', () => {
  test('options are kept and listed', async () => {
    await createIndexes(
      { key: { a: 1 }, name: 'u', unique: true, sparse: true },
      { key: { b: -1 }, name: 'p', partialFilterExpression: { total: { $gt: 5 } } },
      { key: { at: 1 }, name: 't', expireAfterSeconds: 3600 },
      { key: { c: 1 }, name: 'h', hidden: true },
      { key: { d: 1 }, name: 'k', collation: { locale: 'en', strength: 2 } },
    );
    expect(await orders().indexes()).toMatchObject([
      { name: '_id_' },
      { name: 'u', unique: true, sparse: true },
      { name: 'p', key: { b: -1 }, partialFilterExpression: { total: { $gt: 5 } } },
      { name: 't', expireAfterSeconds: 3600 },
      { name: 'h', hidden: true },
      { name: 'k', collation: { locale: 'en', strength: 2, caseLevel: false } },
    ]);
  });

  test('an index has the collation of its collection unless it says otherwise', async () => {
    await bench.db.createCollection('orders', { collation: { locale: 'en', strength: 2 } });
    await createIndexes(
      { key: { a: 1 }, name: 'own' },
      { key: { b: 1 }, name: 'simple', collation: { locale: 'simple' } },
    );
    const [, own, simple] = await orders().indexes();
    expect(own).toMatchObject({ name: 'own', collation: { locale: 'en', strength: 2 } });
    expect(simple).toEqual({ v: 2, key: { b: 1 }, name: 'simple' });
  });
});

describe('indexes that resemble each other', () => {
  test('another index of the same name is refused with IndexKeySpecsConflict', async () => {
    await createIndexes({ key: { a: 1 }, name: 'x' });
    const message = /^An existing index has the same name as the requested index/;
    await expect(createIndexes({ key: { b: 1 }, name: 'x' })).rejects.toEqual(refusal(86, message));
    await expect(createIndexes({ key: { a: 1 }, name: 'x', unique: true })).rejects.toEqual(refusal(86, message));
  });

  test('the same index under another name is refused with IndexOptionsConflict', async () => {
    await createIndexes({ key: { a: 1 }, name: 'x' });
    await expect(createIndexes({ key: { a: 1 }, name: 'y' })).rejects.toEqual(
      refusal(85, 'Index already exists with a different name: x'),
    );
  });

  test('the same index with another expiry is refused with IndexOptionsConflict', async () => {
    await createIndexes({ key: { at: 1 }, name: 'at_1', expireAfterSeconds: 10 });
    await expect(createIndexes({ key: { at: 1 }, name: 'at_1', expireAfterSeconds: 20 })).rejects.toEqual(refusal(85));
  });

  test('indexes on one key may differ by collation, filter and uniqueness', async () => {
    await createIndexes(
      { key: { a: 1 }, name: 'plain' },
      { key: { a: 1 }, name: 'unique', unique: true },
      { key: { a: 1 }, name: 'folded', collation: { locale: 'en', strength: 2 } },
      { key: { a: 1 }, name: 'partial', partialFilterExpression: { a: { $gt: 5 } } },
    );
    expect(await orders().indexes()).toHaveLength(5);
  });

  test('a collection has 64 indexes at most', async () => {
    const indexes = Array.from({ length: 63 }, (_, n) => ({ key: { [`f${String(n)}`]: 1 }, name: `f${String(n)}` }));
    await createIndexes(...indexes);
    await expect(createIndexes({ key: { one: 1 }, name: 'one' })).rejects.toEqual(refusal(67, /too many indexes/));
  });
});

describe('an index that is none', () => {
  test.each<[string, Document, number]>([
    ['no name', { key: { a: 1 } }, 9],
    ['no key', { name: 'a' }, 9],
    ['an empty key', { key: {}, name: 'a' }, 67],
    ['an empty name', { key: { a: 1 }, name: '' }, 67],
    ['a direction of 0', { key: { a: 0 }, name: 'a' }, 67],
    ['a direction that is no number', { key: { a: true }, name: 'a' }, 67],
    ['a kind that there is not', { key: { a: 'fast' }, name: 'a' }, 67],
    ['an empty field name', { key: { 'a..b': 1 }, name: 'a' }, 67],
    ['a field name with $', { key: { $a: 1 }, name: 'a' }, 67],
    ['an unknown option', { key: { a: 1 }, name: 'a', quick: true }, 197],
    ['an option of the index on _id', { key: { _id: 1 }, name: 'a', unique: true }, 197],
    ['hiding the index on _id', { key: { _id: 1 }, name: 'a', hidden: true }, 2],
    ['an option of the wrong type', { key: { a: 1 }, name: 'a', unique: 'yes' }, 14],
    ['sparse and partial at once', { key: { a: 1 }, name: 'a', sparse: true, partialFilterExpression: { b: 1 } }, 67],
    ['$ne in the filter', { key: { a: 1 }, name: 'a', partialFilterExpression: { b: { $ne: 1 } } }, 67],
    [
      '$exists: false in the filter',
      { key: { a: 1 }, name: 'a', partialFilterExpression: { b: { $exists: false } } },
      67,
    ],
    ['a negative expiry', { key: { a: 1 }, name: 'a', expireAfterSeconds: -1 }, 67],
    ['an expiry that is no number', { key: { a: 1 }, name: 'a', expireAfterSeconds: 'soon' }, 67],
    ['an expiry of two fields', { key: { a: 1, b: 1 }, name: 'a', expireAfterSeconds: 1 }, 67],
    ['weights without text', { key: { a: 1 }, name: 'a', weights: { a: 2 } }, 67],
    ['an empty collation', { key: { a: 1 }, name: 'a', collation: {} }, 2],
  ])('an index with %s is refused', async (_case, index, code) => {
    await expect(createIndexes(index)).rejects.toEqual(refusal(code));
  });

  test('no index at all is refused', async () => {
    await expect(createIndexes()).rejects.toEqual(refusal(2, 'Must specify at least one index to create'));
    await expect(bench.db.command({ createIndexes: 'orders' })).rejects.toEqual(refusal(40414));
  });

  test('what only a real MongoDB has is refused with the way to get it', async () => {
    if (bench.isReal) return;
    for (const key of [{ at: '2dsphere' }, { at: '2d' }, { a: 'hashed' }, { '$**': 1 }, { 'a.$**': 1 }]) {
      await expect(createIndexes({ key, name: 'x' })).rejects.toEqual(refusal(67, /MONGODB_URI/));
    }
  });
});

describe('listIndexes', () => {
  test('a collection that is not there is refused with NamespaceNotFound', async () => {
    await expect(bench.db.collection('nothing').indexes()).rejects.toEqual(
      refusal(26, `ns does not exist: ${bench.db.databaseName}.nothing`),
    );
  });

  test('a list that is longer than its batch is continued by getMore', async () => {
    await createIndexes(...['a', 'b', 'c', 'd'].map((name) => ({ key: { [name]: 1 }, name })));
    expect(await orders().listIndexes({ batchSize: 2 }).toArray()).toHaveLength(5);
  });
});

describe('dropIndexes', () => {
  const drop = (index: unknown): Promise<Document> => bench.db.command({ dropIndexes: 'orders', index });
  const names = async (): Promise<(string | undefined)[]> => (await orders().indexes()).map(({ name }) => name);
  const create = (): Promise<Document> =>
    createIndexes(...['a', 'b', 'c'].map((name) => ({ key: { [name]: 1 }, name: `${name}_1` })));

  test('an index goes by its name', async () => {
    await create();
    await expect(drop('b_1')).resolves.toMatchObject({ nIndexesWas: 4, ok: 1 });
    expect(await names()).toEqual(['_id_', 'a_1', 'c_1']);
  });

  test('an index goes by its key', async () => {
    await create();
    await drop({ a: 1 });
    expect(await names()).toEqual(['_id_', 'b_1', 'c_1']);
  });

  test('several indexes go by their names', async () => {
    await create();
    await drop(['a_1', 'c_1']);
    expect(await names()).toEqual(['_id_', 'b_1']);
  });

  test('all go but the one on _id', async () => {
    await create();
    await expect(drop('*')).resolves.toMatchObject({ nIndexesWas: 4, msg: 'non-_id indexes dropped for collection' });
    expect(await names()).toEqual(['_id_']);
  });

  test('a dropped unique index refuses nothing any more', async () => {
    await createIndexes({ key: { a: 1 }, name: 'a', unique: true });
    await orders().insertOne({ a: 1 });
    await drop('a');
    await orders().insertOne({ a: 1 });
    expect(await orders().countDocuments({ a: 1 })).toBe(2);
  });

  test.each<[string, unknown, number, string]>([
    ['the index on _id', '_id_', 72, 'cannot drop _id index'],
    ['the index on _id by its key', { _id: 1 }, 72, 'cannot drop _id index'],
    ['a name that is not there', 'x', 27, 'index not found with name [x]'],
    ['a key that is not there', { x: 1 }, 27, "can't find index with key: { x: 1 }"],
  ])('%s is refused', async (_case, index, code, message) => {
    await create();
    await expect(drop(index)).rejects.toEqual(refusal(code, message));
    expect(await names()).toHaveLength(4);
  });

  test('one bad name keeps the others', async () => {
    await create();
    await expect(drop(['a_1', 'x'])).rejects.toEqual(refusal(27));
    expect(await names()).toHaveLength(4);
  });

  test('a collection that is not there is refused with NamespaceNotFound', async () => {
    await expect(bench.db.command({ dropIndexes: 'nothing', index: '*' })).rejects.toEqual(
      refusal(26, `ns not found ${bench.db.databaseName}.nothing`),
    );
  });
});
