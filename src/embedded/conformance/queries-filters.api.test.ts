import { describe, expect, test } from '@jest/globals';
import { Decimal128, Double, Int32, Long, type Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

interface Row {
  _id: number;
  a?: unknown;
  b?: unknown;
}

/** The `_id`s of what a filter finds, without an index and then with one: both must agree. */
async function found(rows: readonly Row[], filter: Document, index: Record<string, 1> = { a: 1 }): Promise<number[]> {
  const collection = bench.db.collection<Row>('rows');
  await collection.insertMany([...rows]);
  const ids = async (): Promise<number[]> =>
    (await collection.find(filter, { sort: { _id: 1 } }).toArray()).map(({ _id }) => _id);
  const plain = await ids();
  await collection.createIndexes([{ key: index }]);
  expect(await ids()).toEqual(plain);
  expect(await collection.countDocuments(filter)).toBe(plain.length);
  return plain;
}

const values = (...list: unknown[]): Row[] => list.map((a, _id) => (a === undefined ? { _id } : { _id, a }));

describe('comparison', () => {
  const numbers = values(1, new Double(1), Long.ONE, Decimal128.fromString('1.0'), 2, '1', true, null);

  test.each<[string, Document, number[]]>([
    ['numbers of all types are equal', { a: 1 }, [0, 1, 2, 3]],
    ['a greater number', { a: { $gt: new Int32(1) } }, [4]],
    ['a comparison stays within its type', { a: { $lt: 'z' } }, [5]],
    ['booleans are no numbers', { a: true }, [6]],
    ['$ne is all others', { a: { $ne: 1 } }, [4, 5, 6, 7]],
    ['$in is any of them', { a: { $in: [2, '1'] } }, [4, 5]],
    ['$nin is none of them', { a: { $nin: [1, 2, null] } }, [5, 6]],
    ['$not turns a condition round', { a: { $not: { $gte: 2 } } }, [0, 1, 2, 3, 5, 6, 7]],
  ])('%s', async (_what, filter, ids) => {
    expect(await found(numbers, filter)).toEqual(ids);
  });
});

describe('null, missing and undefined', () => {
  const rows = values(null, undefined, 0, [], [null], { b: null }, {});

  test.each<[string, Document, number[]]>([
    ['null finds what is null or missing', { a: null }, [0, 1, 4]],
    ['$ne null finds what is there', { a: { $ne: null } }, [2, 3, 5, 6]],
    ['$exists tells missing from null', { a: { $exists: false } }, [1]],
    ['$type null finds null alone', { a: { $type: 'null' } }, [0, 4]],
    ['null below a path', { 'a.b': null }, [0, 1, 2, 5, 6]],
    ['$in with null', { a: { $in: [null, 0] } }, [0, 1, 2, 4]],
    ['$gte null is equality', { a: { $gte: null } }, [0, 1, 4]],
  ])('%s', async (_what, filter, ids) => {
    expect(await found(rows, filter)).toEqual(ids);
  });
});

describe('arrays', () => {
  const rows = values(
    [1, 5],
    [2, 3],
    [[1, 5]],
    1,
    [],
    [
      { n: 1, m: 9 },
      { n: 5, m: 1 },
    ],
    [{ n: 1, m: 1 }],
  );

  test.each<[string, Document, number[]]>([
    ['a value finds elements', { a: 1 }, [0, 3]],
    ['an array finds itself, whole or as an element', { a: [1, 5] }, [0, 2]],
    ['conditions may be met by different elements', { a: { $gt: 3, $lt: 2 } }, [0]],
    ['$elemMatch is met by one element', { a: { $elemMatch: { $gt: 1, $lt: 4 } } }, [1]],
    ['$elemMatch of documents', { a: { $elemMatch: { n: 1, m: 1 } } }, [6]],
    ['paths go through arrays', { 'a.n': 1, 'a.m': 1 }, [5, 6]],
    ['a number in a path is a position', { 'a.1': 3 }, [1]],
    ['$all', { a: { $all: [5, 1] } }, [0]],
    ['$size', { a: { $size: 2 } }, [0, 1, 5]],
    ['an empty array', { a: [] }, [4]],
    ['$ne excludes what has such an element', { a: { $ne: 1 } }, [1, 2, 4, 5, 6]],
  ])('%s', async (_what, filter, ids) => {
    expect(await found(rows, filter)).toEqual(ids);
  });
});

describe('other operators', () => {
  const rows: Row[] = [
    { _id: 0, a: 'Apple', b: 1 },
    { _id: 1, a: 'apricot', b: 2 },
    { _id: 2, a: 'Banana', b: 6 },
    { _id: 3, a: 12, b: 12 },
    { _id: 4, a: { x: 1, y: 2 }, b: 7 },
  ];

  test.each<[string, Document, number[]]>([
    ['a regular expression', { a: /^ap/ }, [1]],
    ['a regular expression that ignores case', { a: { $regex: '^ap', $options: 'i' } }, [0, 1]],
    ['$mod', { b: { $mod: [6, 0] } }, [2, 3]],
    ['$bitsAllSet', { b: { $bitsAllSet: 6 } }, [2, 4]],
    ['$type by its names', { a: { $type: ['object', 'number'] } }, [3, 4]],
    ['$expr compares fields', { $expr: { $eq: ['$a', '$b'] } }, [3]],
    ['$or', { $or: [{ a: 'Apple' }, { b: { $gt: 10 } }] }, [0, 3]],
    ['$nor', { $nor: [{ a: { $type: 'string' } }, { b: 7 }] }, [3]],
    ['a document is equal with its fields in order', { a: { x: 1, y: 2 } }, [4]],
    ['and not in another', { a: { y: 2, x: 1 } }, []],
    ['$jsonSchema', { $jsonSchema: { properties: { a: { bsonType: 'string' } } } }, [0, 1, 2]],
    ['$comment says nothing', { b: 1, $comment: 'why' }, [0]],
  ])('%s', async (_what, filter, ids) => {
    expect(await found(rows, filter)).toEqual(ids);
  });

  test.each<[string, Document]>([
    ['an operator that there is not', { a: { $near_by: 1 } }],
    ['a top-level operator that there is not', { $also: [] }],
    ['$in without an array', { a: { $in: 1 } }],
    ['an empty $or', { $or: [] }],
    ['a broken regular expression', { a: { $regex: '(' } }],
    ['$mod without two numbers', { a: { $mod: [1] } }],
  ])('%s is refused', async (_what, filter) => {
    await bench.db.collection('rows').insertOne({ a: 1 });
    await expect(bench.db.collection('rows').find(filter).toArray()).rejects.toMatchObject({
      code: expect.any(Number) as unknown,
    });
  });
});

describe('$text', () => {
  test('finds words by their stems, the best first', async () => {
    const collection = bench.db.collection('articles');
    await collection.createIndexes([{ key: { title: 'text', body: 'text' }, weights: { title: 10 } }]);
    await collection.insertMany([
      { title: 'Running shoes', body: 'for every road' },
      { title: 'Roads', body: 'of runners' },
      { title: 'Boats', body: 'for rivers' },
    ]);
    const score = { $meta: 'textScore' } as const;
    const options = { projection: { _id: 0, title: 1, score }, sort: { score } };
    const hits = await collection.find({ $text: { $search: 'runs shoe' } }, options).toArray();
    expect(hits.map(({ title }) => title as unknown)[0]).toBe('Running shoes');
    const without = await collection.find({ $text: { $search: 'road -shoes' } }).toArray();
    expect(without.map(({ title }) => title as unknown)).toEqual(['Roads']);
    const phrase = await collection.find({ $text: { $search: '"every road"' } }).toArray();
    expect(phrase).toHaveLength(1);
  });

  test('needs its index', async () => {
    await bench.db.collection('rows').insertOne({});
    await expect(
      bench.db
        .collection('rows')
        .find({ $text: { $search: 'a' } })
        .toArray(),
    ).rejects.toEqual(refusal(27));
  });
});
