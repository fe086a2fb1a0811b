import { describe, expect, test } from '@jest/globals';
import type { Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

const optionsOf = async (name: string): Promise<Document | undefined> => {
  const [found] = await bench.db.listCollections({ name }).toArray();
  return found && 'options' in found ? found.options : undefined;
};

describe('drop', () => {
  test('a dropped collection is gone, with the number of its indexes in the answer', async () => {
    const orders = bench.db.collection('orders');
    await orders.insertOne({ a: 1 });
    await orders.createIndexes([{ key: { a: 1 } }]);
    await expect(bench.db.command({ drop: 'orders' })).resolves.toMatchObject({
      nIndexesWas: 2,
      ns: `${bench.db.databaseName}.orders`,
    });
    expect(await bench.db.listCollections().toArray()).toEqual([]);
    expect(await orders.countDocuments()).toBe(0);
  });

  test('dropping what is not there succeeds', async () => {
    await expect(bench.db.command({ drop: 'nothing' })).resolves.toMatchObject({ ok: 1 });
  });

  test('a cursor over a dropped collection ends with an error', async () => {
    const orders = bench.db.collection('orders');
    await orders.insertMany(Array.from({ length: 10 }, () => ({})));
    const cursor = orders.find({}, { batchSize: 2 });
    await cursor.next();
    await orders.drop();
    await expect(cursor.toArray()).rejects.toMatchObject({ code: expect.any(Number) as unknown });
  });

  test('a collection of the same name starts empty and without indexes', async () => {
    const orders = bench.db.collection('orders');
    await orders.insertOne({ a: 1 });
    await orders.createIndexes([{ key: { a: 1 } }]);
    await orders.drop();
    await orders.insertOne({ a: 2 });
    expect((await orders.indexes()).map(({ name }) => name)).toEqual(['_id_']);
    expect(await orders.find({}, { projection: { _id: 0 } }).toArray()).toEqual([{ a: 2 }]);
  });
});

describe('renameCollection', () => {
  const rename = (from: string, to: string, more: Document = {}): Promise<Document> =>
    bench.client.db('admin').command({
      renameCollection: `${bench.db.databaseName}.${from}`,
      to: `${bench.db.databaseName}.${to}`,
      ...more,
    });

  test('documents and indexes go with the collection', async () => {
    const orders = bench.db.collection('orders');
    await orders.insertOne({ _id: 1 as never, a: 5 });
    await orders.createIndexes([{ key: { a: 1 } }]);
    const archive = await orders.rename('archive');
    expect(await archive.find({ a: 5 }).toArray()).toEqual([{ _id: 1, a: 5 }]);
    expect((await archive.indexes()).map(({ name }) => name)).toEqual(['_id_', 'a_1']);
    await archive.insertOne({ a: 6 });
    expect(await archive.countDocuments()).toBe(2);
    expect(await orders.countDocuments()).toBe(0);
  });

  test('a target that exists is refused, and replaced where that is asked for', async () => {
    await bench.db.collection('a').insertOne({ from: 'a' });
    await bench.db.collection('b').insertOne({ from: 'b' });
    await expect(rename('a', 'b')).rejects.toEqual(refusal(48, 'target namespace exists'));
    await rename('a', 'b', { dropTarget: true });
    expect(
      await bench.db
        .collection('b')
        .find({}, { projection: { _id: 0 } })
        .toArray(),
    ).toEqual([{ from: 'a' }]);
  });

  test('a source that is not there is refused with NamespaceNotFound', async () => {
    await expect(rename('nothing', 'b')).rejects.toEqual(
      refusal(26, `Source collection ${bench.db.databaseName}.nothing does not exist`),
    );
  });

  test('a collection cannot be renamed to itself', async () => {
    await bench.db.createCollection('a');
    await expect(rename('a', 'a')).rejects.toEqual(refusal(20, "Can't rename a collection to itself"));
  });

  test('it may be run against the admin database only', async () => {
    await expect(bench.db.command({ renameCollection: 'x.a', to: 'x.b' })).rejects.toEqual(refusal(13));
  });
});

describe('collMod', () => {
  test('a validator may be set, loosened and taken away', async () => {
    const orders = await bench.db.createCollection('orders');
    await bench.db.command({ collMod: 'orders', validator: { a: { $exists: true } } });
    await expect(orders.insertOne({})).rejects.toEqual(refusal(121));
    await bench.db.command({ collMod: 'orders', validationAction: 'warn' });
    await orders.insertOne({});
    await bench.db.command({ collMod: 'orders', validationAction: 'error', validator: {} });
    await orders.insertOne({});
    expect(await orders.countDocuments()).toBe(2);
  });

  test('the expiry of an index is changed, with the old and new one in the answer', async () => {
    const orders = bench.db.collection('orders');
    await orders.createIndexes([{ key: { at: 1 }, expireAfterSeconds: 60 }]);
    const index = { keyPattern: { at: 1 }, expireAfterSeconds: 120 };
    await expect(bench.db.command({ collMod: 'orders', index })).resolves.toMatchObject({
      expireAfterSeconds_old: 60,
      expireAfterSeconds_new: 120,
    });
    expect(await orders.indexes()).toContainEqual(expect.objectContaining({ name: 'at_1', expireAfterSeconds: 120 }));
  });

  test('an index is hidden and shown again', async () => {
    const orders = bench.db.collection('orders');
    await orders.createIndexes([{ key: { a: 1 } }]);
    const change = (hidden: boolean): Promise<Document> =>
      bench.db.command({ collMod: 'orders', index: { name: 'a_1', hidden } });
    await expect(change(true)).resolves.toMatchObject({ hidden_old: false, hidden_new: true });
    expect((await orders.indexes())[1]).toMatchObject({ name: 'a_1', hidden: true });
    await expect(change(false)).resolves.toMatchObject({ hidden_old: true, hidden_new: false });
    expect((await orders.indexes())[1]).not.toHaveProperty('hidden');
  });

  test('a view gets another pipeline', async () => {
    await bench.db.createCollection('open', { viewOn: 'orders', pipeline: [] });
    await bench.db.command({ collMod: 'open', viewOn: 'orders', pipeline: [{ $limit: 1 }] });
    expect(await optionsOf('open')).toMatchObject({ pipeline: [{ $limit: 1 }] });
  });

  test.each<[string, Document, number]>([
    ['an index that is not there', { index: { name: 'b_1', hidden: true } }, 27],
    ['an index without a name or key', { index: { hidden: true } }, 72],
    ['an index without a change', { index: { name: '_id_' } }, 72],
    ['hiding the index on _id', { index: { name: '_id_', hidden: true } }, 2],
    ['an option that there is not', { validators: {} }, 40415],
    ['a view’s option for a collection', { viewOn: 'a' }, 72],
  ])('%s is refused', async (_case, change, code) => {
    await bench.db.createCollection('orders');
    await expect(bench.db.command({ collMod: 'orders', ...change })).rejects.toEqual(refusal(code));
  });

  test('a collection that is not there is refused with NamespaceNotFound', async () => {
    await expect(bench.db.command({ collMod: 'nothing' })).rejects.toEqual(refusal(26));
  });
});

describe('convertToCapped', () => {
  test('the newest documents stay within the size', async () => {
    const log = bench.db.collection('log');
    await log.insertMany(Array.from({ length: 20 }, (_, n) => ({ _id: n as never, text: 'x'.repeat(1_000) })));
    await bench.db.command({ convertToCapped: 'log', size: 8_192 });
    expect(await optionsOf('log')).toMatchObject({ capped: true, size: 8_192 });
    const left = await log.find().toArray();
    expect(left.length).toBeLessThan(10);
    expect(left.at(-1)?._id).toBe(19);
  });
});
