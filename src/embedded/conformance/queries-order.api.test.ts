import { describe, expect, test } from '@jest/globals';
import { Binary, Code, Long, MaxKey, MinKey, ObjectId, Timestamp, type Document, type FindOptions } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

interface Row {
  _id: number;
  a?: unknown;
  b?: number;
}

async function ids(filter: Document, options: FindOptions): Promise<number[]> {
  return (await bench.db.collection<Row>('rows').find(filter, options).toArray()).map(({ _id }) => _id);
}

describe('sort', () => {
  const inOrder = [
    new MinKey(),
    null,
    -1,
    Long.fromNumber(3),
    3.5,
    '',
    'B',
    'a',
    {},
    { x: 1 },
    { x: 2 },
    new Binary(Buffer.from('a')),
    new ObjectId(),
    false,
    true,
    new Date(-5),
    new Date(5),
    new Timestamp({ t: 1, i: 1 }),
    /a/,
    new Code('x'),
    new MaxKey(),
  ];

  test.each([1, -1] as const)('types follow each other, with an index as without: %d', async (direction) => {
    const rows = inOrder.map((a, _id) => ({ _id, a }));
    await bench.db.collection<Row>('rows').insertMany(rows.toReversed());
    const expected = rows.map(({ _id }) => _id);
    if (direction === -1) expected.reverse();
    expect(await ids({}, { sort: { a: direction } })).toEqual(expected);
    await bench.db.collection('rows').createIndexes([{ key: { a: 1 } }]);
    expect(await ids({}, { sort: { a: direction }, hint: { a: 1 } })).toEqual(expected);
  });

  test('an array stands by its least element, or its greatest downwards', async () => {
    await bench.db.collection<Row>('rows').insertMany([
      { _id: 1, a: [5, 1] },
      { _id: 2, a: 3 },
      { _id: 3, a: [] },
      { _id: 4, a: [2, 9] },
    ]);
    expect(await ids({}, { sort: { a: 1 } })).toEqual([3, 1, 4, 2]);
    expect(await ids({}, { sort: { a: -1 } })).toEqual([4, 1, 2, 3]);
  });

  test('several fields, each in its direction', async () => {
    const rows = [1, 2, 3, 4].map((_id) => ({ _id, a: _id % 2, b: _id }));
    await bench.db.collection<Row>('rows').insertMany(rows);
    expect(await ids({}, { sort: { a: 1, b: -1 } })).toEqual([4, 2, 3, 1]);
    expect(await ids({}, { sort: { a: -1, b: 1 }, skip: 1, limit: 2 })).toEqual([3, 2]);
  });

  test('$natural is the order of insertion', async () => {
    await bench.db.collection<Row>('rows').insertMany([{ _id: 2 }, { _id: 1 }, { _id: 3 }]);
    expect(await ids({}, { sort: { $natural: -1 } })).toEqual([3, 1, 2]);
  });

  test.each([0, 2, 'up'])('%p is no direction', async (direction) => {
    await bench.db.collection<Row>('rows').insertOne({ _id: 1 });
    await expect(bench.db.command({ find: 'rows', sort: { a: direction } })).rejects.toMatchObject({
      code: expect.any(Number) as unknown,
    });
  });
});

describe('collation', () => {
  const names = ['b', 'A', 'á', 'a', 'B'];
  const rows = names.map((a, _id) => ({ _id, a }));

  test('strength 2 ignores case, strength 1 accents too', async () => {
    await bench.db.collection<Row>('rows').insertMany(rows);
    expect(await ids({ a: 'a' }, {})).toEqual([3]);
    expect(await ids({ a: 'a' }, { collation: { locale: 'en', strength: 2 } })).toEqual([1, 3]);
    expect(await ids({ a: 'a' }, { collation: { locale: 'en', strength: 1 } })).toEqual([1, 2, 3]);
  });

  test('it orders as people do', async () => {
    await bench.db.collection<Row>('rows').insertMany(rows);
    const collation = { locale: 'en', strength: 2 };
    const found = await ids({}, { sort: { a: 1, _id: 1 }, collation });
    expect(found.map((id) => names[id])).toEqual(['A', 'a', 'á', 'b', 'B']);
  });

  test('an index serves queries of its collation', async () => {
    const collation = { locale: 'en', strength: 2 };
    await bench.db.collection<Row>('rows').insertMany(rows);
    await bench.db.collection('rows').createIndexes([{ key: { a: 1 }, collation }]);
    expect(await ids({ a: { $gte: 'a', $lt: 'b' } }, { collation, sort: { _id: 1 } })).toEqual([1, 2, 3]);
    expect(await ids({ a: 'B' }, { sort: { _id: 1 } })).toEqual([4]);
  });

  test('a unique index of it takes one of those that are equal', async () => {
    await bench.db
      .collection('rows')
      .createIndexes([{ key: { a: 1 }, unique: true, collation: { locale: 'en', strength: 2 } }]);
    await bench.db.collection('rows').insertOne({ a: 'Key' });
    await expect(bench.db.collection('rows').insertOne({ a: 'KEY' })).rejects.toEqual(refusal(11_000));
  });

  test('that of a collection holds for its queries', async () => {
    await bench.db.createCollection('rows', { collation: { locale: 'en', strength: 2 } });
    await bench.db.collection<Row>('rows').insertMany(rows);
    expect(await ids({ a: 'a' }, {})).toEqual([1, 3]);
    expect(await ids({ a: 'a' }, { collation: { locale: 'simple' } })).toEqual([3]);
  });
});

describe('projection', () => {
  const document = { _id: 1, a: 1, b: { c: 2, d: 3 }, list: [{ n: 1 }, { n: 2 }, { n: 3 }], e: [4, 5, 6] };

  test.each<[string, Document, unknown]>([
    ['fields named', { a: 1 }, { _id: 1, a: 1 }],
    ['without _id', { _id: 0, a: 1 }, { a: 1 }],
    ['all but', { list: 0, e: 0, b: 0 }, { _id: 1, a: 1 }],
    ['paths', { 'b.c': 1, 'list.n': 1 }, { _id: 1, b: { c: 2 }, list: [{ n: 1 }, { n: 2 }, { n: 3 }] }],
    ['$slice from the front', { _id: 1, e: { $slice: 1 }, a: 1 }, { _id: 1, a: 1, e: [4] }],
    ['$slice from a place', { a: 1, e: { $slice: [-2, 1] } }, { _id: 1, a: 1, e: [5] }],
    ['$elemMatch', { list: { $elemMatch: { n: { $gt: 1 } } } }, { _id: 1, list: [{ n: 2 }] }],
    ['an expression', { sum: { $add: ['$a', '$b.c'] }, _id: 0 }, { sum: 3 }],
    ['a constant', { kind: { $literal: 'x' }, _id: 0 }, { kind: 'x' }],
  ])('%s', async (_what, projection, shown) => {
    await bench.db.collection<{ _id: number }>('rows').insertOne(document);
    expect(await bench.db.collection('rows').findOne({}, { projection })).toEqual(shown);
  });

  test('$ is the element that was found', async () => {
    await bench.db.collection<{ _id: number }>('rows').insertOne(document);
    const found = bench.db.collection('rows').findOne({ 'list.n': 2 }, { projection: { 'list.$': 1 } });
    expect(await found).toEqual({ _id: 1, list: [{ n: 2 }] });
  });

  test('to name and to leave out do not mix', async () => {
    await bench.db.collection<{ _id: number }>('rows').insertOne(document);
    await expect(bench.db.command({ find: 'rows', projection: { a: 1, b: 0 } })).rejects.toEqual(refusal(31_254));
    await expect(bench.db.command({ find: 'rows', projection: { a: 0, b: 1 } })).rejects.toEqual(refusal(31_253));
  });
});

describe('distinct', () => {
  test('each value once, elements of arrays on their own', async () => {
    await bench.db
      .collection<Row>('rows')
      .insertMany([{ _id: 1, a: [1, 2] }, { _id: 2, a: 2 }, { _id: 3, a: 'x' }, { _id: 4, a: null }, { _id: 5 }]);
    expect(await bench.db.collection('rows').distinct('a')).toEqual(expect.arrayContaining([1, 2, 'x', null]));
    expect(await bench.db.collection('rows').distinct('a', { a: { $type: 'number' } })).toHaveLength(2);
  });
});
