import { describe, expect, test } from '@jest/globals';
import type { Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

const optionsOf = async (name: string): Promise<Document | undefined> => {
  const [found] = await bench.db.listCollections({ name }).toArray();
  return found && 'options' in found ? found.options : undefined;
};

describe('create', () => {
  test('a collection that was created is listed with its options, uuid and index on _id', async () => {
    await bench.db.createCollection('orders');
    const [found] = await bench.db.listCollections({ name: 'orders' }).toArray();
    expect(found).toMatchObject({
      name: 'orders',
      type: 'collection',
      options: {},
      info: { readOnly: false, uuid: expect.anything() as unknown },
      idIndex: { v: 2, key: { _id: 1 }, name: '_id_' },
    });
  });

  test('creating a collection again with the same options succeeds', async () => {
    const options = { capped: true, size: 4096, max: 10 };
    await bench.db.command({ create: 'log', ...options });
    await expect(bench.db.command({ create: 'log', ...options })).resolves.toMatchObject({ ok: 1 });
  });

  test('creating a collection again with other options is refused with NamespaceExists', async () => {
    await bench.db.command({ create: 'log' });
    await expect(bench.db.command({ create: 'log', capped: true, size: 4096 })).rejects.toEqual(refusal(48));
  });

  test('a collection that a write made may be created afterwards', async () => {
    await bench.db.collection('orders').insertOne({});
    await expect(bench.db.createCollection('orders')).resolves.toBeDefined();
  });

  test('an option that create does not have is refused as an unknown field', async () => {
    await expect(bench.db.command({ create: 'orders', capacity: 1 })).rejects.toEqual(
      refusal(40415, "BSON field 'create.capacity' is an unknown field."),
    );
  });

  test.each([
    ['capped without a size', { capped: true }, 72],
    ['a size without capped', { size: 4096 }, 72],
    ['a size that is no number', { capped: true, size: 'large' }, 14],
    ['a validation level that there is not', { validator: {}, validationLevel: 'lax' }, 2],
    ['a validator with an unknown operator', { validator: { total: { $above: 1 } } }, 2],
    ['a collation of an unknown locale', { collation: { locale: 'qq_nowhere' } }, 2],
    ['a pipeline without a view', { pipeline: [] }, 72],
    ['expiry without a clustered index', { expireAfterSeconds: 10 }, 72],
  ])('%s is refused', async (_case, options, code) => {
    await expect(bench.db.command({ create: 'orders', ...options })).rejects.toEqual(refusal(code));
  });

  test.each(['', 'a$b', '.a', 'a\0b'])('the name %j is refused with InvalidNamespace', async (name) => {
    await expect(bench.db.command({ create: name })).rejects.toEqual(refusal(73));
  });
});

describe('options of a collection', () => {
  test('a capped collection shows its size, rounded up, and its maximum', async () => {
    await bench.db.createCollection('log', { capped: true, size: 5000, max: 3 });
    expect(await optionsOf('log')).toEqual({ capped: true, size: 5120, max: 3 });
  });

  test('a capped collection keeps the newest documents only', async () => {
    const log = await bench.db.createCollection('log', { capped: true, size: 4096, max: 3 });
    for (let _id = 1; _id <= 5; _id++) await log.insertOne({ _id: _id as never });
    expect(await log.find().toArray()).toEqual([{ _id: 3 }, { _id: 4 }, { _id: 5 }]);
  });

  test('a collation is shown with all its fields', async () => {
    await bench.db.createCollection('names', { collation: { locale: 'en', strength: 2 } });
    expect(await optionsOf('names')).toMatchObject({ collation: { locale: 'en', strength: 2, caseLevel: false } });
  });

  test('a validator is shown with its level and action, and refuses documents', async () => {
    const orders = await bench.db.createCollection('orders', { validator: { total: { $gte: 0 } } });
    expect(await optionsOf('orders')).toEqual({
      validator: { total: { $gte: 0 } },
      validationLevel: 'strict',
      validationAction: 'error',
    });
    await expect(orders.insertOne({ total: -1 })).rejects.toEqual(refusal(121, 'Document failed validation'));
    await orders.insertOne({ total: 1 });
  });

  test('a view is listed as one, and cannot be written to or indexed', async () => {
    await bench.db.createCollection('open', { viewOn: 'orders', pipeline: [{ $match: { open: true } }] });
    const [found] = await bench.db.listCollections({ name: 'open' }).toArray();
    expect(found).toMatchObject({
      type: 'view',
      options: { viewOn: 'orders', pipeline: [{ $match: { open: true } }] },
      info: { readOnly: true },
    });
    expect(found).not.toHaveProperty('idIndex');
    await expect(bench.db.collection('open').insertOne({})).rejects.toEqual(refusal(166));
    await expect(bench.db.collection('open').createIndexes([{ key: { a: 1 } }])).rejects.toEqual(refusal(166));
  });

  test('a clustered collection shows its clustered index in the place of the one on _id', async () => {
    await bench.db.createCollection('events', { clusteredIndex: { key: { _id: 1 }, unique: true, name: 'by id' } });
    expect(await optionsOf('events')).toMatchObject({ clusteredIndex: { v: 2, key: { _id: 1 }, name: 'by id' } });
    expect(await bench.db.collection('events').indexes()).toEqual([
      { v: 2, key: { _id: 1 }, name: 'by id', unique: true, clustered: true },
    ]);
  });
});

describe('listCollections', () => {
  const create = async (...names: string[]): Promise<void> => {
    for (const name of names) await bench.db.createCollection(name);
  };

  test('only names and types are told where no more is asked for', async () => {
    await create('a', 'b');
    const found = await bench.db.listCollections({}, { nameOnly: true }).toArray();
    expect(found.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: 'a', type: 'collection' },
      { name: 'b', type: 'collection' },
    ]);
  });

  test('a filter chooses by any member of what is listed', async () => {
    await create('orders', 'orders.archive', 'products');
    await bench.db.createCollection('log', { capped: true, size: 4096 });
    const namesOf = async (filter: Document): Promise<string[]> =>
      (await bench.db.listCollections(filter).toArray()).map(({ name }) => name).sort();
    expect(await namesOf({ name: /^orders/ })).toEqual(['orders', 'orders.archive']);
    expect(await namesOf({ 'options.capped': true })).toEqual(['log']);
  });

  test('a list that is longer than its batch is continued by getMore', async () => {
    await create('a', 'b', 'c', 'd', 'e');
    const cursor = bench.db.listCollections({}, { batchSize: 2 });
    expect(await cursor.toArray()).toHaveLength(5);
  });

  test('a database without collections has an empty list', async () => {
    expect(await bench.db.listCollections().toArray()).toEqual([]);
  });
});
