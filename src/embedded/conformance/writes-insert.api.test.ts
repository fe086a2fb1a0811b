import { describe, expect, test } from '@jest/globals';
import { Binary, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp, type Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

const MEBIBYTE = 1_048_576;

async function insert(documents: Document[], more: Document = {}): Promise<Document> {
  return bench.db.command({ insert: 'rows', documents, ...more });
}

const ids = async (): Promise<unknown[]> =>
  (
    await bench.db
      .collection('rows')
      .find({}, { sort: { _id: 1 } })
      .toArray()
  ).map(({ _id }) => _id as unknown);

describe('insert', () => {
  test('it answers how many, and makes the collection', async () => {
    await expect(insert([{ _id: 1 }, { _id: 2 }])).resolves.toMatchObject({ n: 2, ok: 1 });
    expect(await ids()).toEqual([1, 2]);
  });

  test('a document without _id gets one, which stands first', async () => {
    await insert([{ a: 1 }]);
    const found = (await bench.db.collection('rows').findOne()) as Document;
    expect(found._id).toBeInstanceOf(ObjectId);
    expect(Object.keys(found)).toEqual(['_id', 'a']);
  });

  test('an _id elsewhere is moved to the front', async () => {
    await insert([{ a: 1, _id: 5, b: 2 }]);
    expect(Object.keys((await bench.db.collection('rows').findOne()) ?? {})).toEqual(['_id', 'a', 'b']);
  });

  test('types of numbers and of everything else are kept', async () => {
    const document = {
      _id: 1,
      double: new Double(5),
      int: new Int32(5),
      long: Long.fromNumber(5),
      decimal: Decimal128.fromString('5.00'),
      negativeZero: new Double(-0),
      date: new Date(5),
      binary: new Binary(Buffer.from([1, 2]), 5),
      timestamp: new Timestamp({ t: 1, i: 2 }),
      min: new MinKey(),
      max: new MaxKey(),
      list: [new Double(1), [Long.ONE]],
      nothing: null,
    };
    await bench.db.collection<{ _id: number }>('rows').insertOne(document);
    const found = await bench.db.collection('rows').findOne({}, { promoteValues: false });
    const { _id, ...rest } = found as unknown as Document;
    expect(_id).toEqual(new Int32(1));
    expect(rest).toEqual({ ...document, _id: undefined });
  });
});

describe('errors of single documents', () => {
  test('an ordered batch ends at its first error', async () => {
    const reply = await insert([{ _id: 1 }, { _id: 1 }, { _id: 2 }]);
    expect(reply).toMatchObject({
      n: 1,
      ok: 1,
      writeErrors: [{ index: 1, code: 11_000, keyPattern: { _id: 1 }, keyValue: { _id: 1 } }],
    });
    expect(await ids()).toEqual([1]);
  });

  test('an unordered batch carries out what it can', async () => {
    const reply = await insert([{ _id: 1 }, { _id: 1 }, { _id: 2 }, { _id: 2 }], { ordered: false });
    expect(reply).toMatchObject({ n: 2, writeErrors: [{ index: 1 }, { index: 3 }] });
    expect(await ids()).toEqual([1, 2]);
  });

  test('the message of a duplicate names collection, index and key', async () => {
    await bench.db.collection('rows').createIndexes([{ key: { sku: 1 }, unique: true, name: 'sku' }]);
    await insert([{ sku: 'a' }]);
    const reply = await insert([{ sku: 'a' }]);
    const { errmsg } = (reply.writeErrors as { errmsg: string }[])[0] ?? { errmsg: '' };
    expect(errmsg).toBe(
      `E11000 duplicate key error collection: ${bench.db.databaseName}.rows index: sku dup key: { sku: "a" }`,
    );
  });
});

describe('refused inserts', () => {
  test.each([
    ['an array', [1]],
    ['a regular expression', /a/],
  ])('an _id that is %s is refused', async (_what, _id) => {
    const reply = await insert([{ _id }]);
    expect(reply).toMatchObject({ n: 0, writeErrors: [{ index: 0, code: 53 }] });
  });

  test.each([
    ['an empty batch', [], 16],
    ['a batch of more than 100,000', Array.from({ length: 100_001 }, () => ({})), 16],
  ])('%s is refused', async (_what, documents, code) => {
    await expect(insert(documents)).rejects.toEqual(refusal(code));
  });

  test('a field that the command does not have is refused', async () => {
    await expect(insert([{}], { order: false })).rejects.toEqual(refusal(40_415));
    await expect(bench.db.command({ insert: 'rows' })).rejects.toEqual(refusal(40_414));
    await expect(bench.db.command({ insert: 'rows', documents: 1 })).rejects.toEqual(refusal(14));
  });
});

describe('limits', () => {
  test('a document of 16 MiB is taken, one byte more is refused', async () => {
    const empty = 4 + (1 + 4 + 4) + (1 + 2 + 4 + 1) + 1;
    const most = 16 * MEBIBYTE - empty;
    await expect(insert([{ _id: 1, a: 'x'.repeat(most) }])).resolves.toMatchObject({ n: 1 });
    // A real server refuses the whole command where this one refuses the statement.
    const refused = insert([{ _id: 2, a: 'x'.repeat(most + 1) }]).then(({ writeErrors }) => {
      throw Object.assign(new Error('refused'), (writeErrors as Document[])[0]);
    });
    await expect(refused).rejects.toMatchObject({ code: expect.any(Number) as unknown });
    expect(await bench.db.collection('rows').countDocuments()).toBe(1);
  });

  test('what an update makes too long is refused, and the document stays', async () => {
    await insert([{ _id: 1, a: 'x'.repeat(9 * MEBIBYTE) }]);
    const grow = bench.db.collection('rows').updateOne({}, [{ $set: { b: '$a' } }]);
    await expect(grow).rejects.toMatchObject({ code: expect.any(Number) as unknown });
    expect(await bench.db.collection('rows').countDocuments({ b: { $exists: true } })).toBe(0);
  });

  test('more than one message holds is split by the driver', async () => {
    const text = 'x'.repeat(10 * MEBIBYTE);
    const documents = Array.from({ length: 6 }, (_, _id) => ({ _id, text }));
    await bench.db.collection<{ _id: number }>('rows').insertMany(documents);
    const found = bench.db.collection('rows').find();
    let bytes = 0;
    for await (const document of found) bytes += (document.text as string).length;
    expect(bytes).toBe(60 * MEBIBYTE);
  });
});

describe('validators', () => {
  const validator = { $jsonSchema: { required: ['name'], properties: { age: { bsonType: 'int', minimum: 0 } } } };

  test('a document they do not accept is refused with what failed', async () => {
    await bench.db.createCollection('rows', { validator });
    await expect(bench.db.collection<{ _id: number }>('rows').insertOne({ _id: 7 })).rejects.toMatchObject({
      code: 121,
      errInfo: { failingDocumentId: 7, details: { operatorName: '$jsonSchema' } },
    });
    const good = { name: 'a', age: 3 };
    await expect(bench.db.collection('rows').insertOne(good)).resolves.toMatchObject({ acknowledged: true });
    const worse = bench.db.collection('rows').updateOne({ name: 'a' }, { $set: { age: -1 } });
    await expect(worse).rejects.toEqual(refusal(121));
  });

  test('they are passed by where the write says so', async () => {
    await bench.db.createCollection('rows', { validator });
    await bench.db.collection('rows').insertOne({}, { bypassDocumentValidation: true });
    expect(await bench.db.collection('rows').countDocuments()).toBe(1);
  });

  test('"moderate" leaves in peace what was wrong before', async () => {
    await bench.db.collection('rows').insertOne({ a: 1 });
    await bench.db.command({ collMod: 'rows', validator, validationLevel: 'moderate' });
    await expect(bench.db.collection('rows').updateOne({}, { $set: { a: 2 } })).resolves.toMatchObject({
      modifiedCount: 1,
    });
    await expect(bench.db.collection('rows').insertOne({ a: 1 })).rejects.toEqual(refusal(121));
  });

  test('"warn" takes everything', async () => {
    await bench.db.createCollection('rows', { validator, validationAction: 'warn' });
    await expect(bench.db.collection('rows').insertOne({})).resolves.toMatchObject({ acknowledged: true });
  });
});
