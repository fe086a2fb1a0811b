import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Collection, Document } from 'mongodb';
import { compareValues } from '../bson/order.ts';
import { compileSort } from '../query/sort.ts';
import { withDatabase } from './harness.ts';

const bench = withDatabase();

interface Row extends Document {
  _id: number;
}

const FIELDS = ['a', 'b', 'c', 'd.x', 'd.y'] as const;

// Few different values, so that queries hit, keys collide and types meet.
const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -2, max: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(1.5, Number.MAX_SAFE_INTEGER, -0, NaN) },
  { weight: 3, arbitrary: fc.constantFrom('', 'a', 'ab', 'b', 'é', 'a\0b') },
  { weight: 1, arbitrary: fc.constantFrom(null, true, false) },
  { weight: 1, arbitrary: fc.constantFrom(new Date(0), new Date(86_400_000)) },
);
const inner = fc.record({ x: scalar, y: scalar }, { requiredKeys: [] });
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: inner },
);
const row = fc.record(
  { a: value, b: value, c: scalar, d: fc.oneof(inner, fc.array(inner, { maxLength: 3 }), scalar) },
  { requiredKeys: [] },
);

const field = fc.constantFrom(...FIELDS);
const condition: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 2 }) },
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom('$gt', '$gte', '$lt', '$lte', '$ne', '$eq'), scalar).map(operator) },
  { weight: 2, arbitrary: fc.tuple(scalar, scalar).map(([low, high]) => ({ $gte: low, $lt: high })) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('$in', '$nin'), fc.array(scalar, { maxLength: 3 })).map(operator) },
  { weight: 1, arbitrary: fc.boolean().map((exists) => ({ $exists: exists })) },
  { weight: 1, arbitrary: fc.constantFrom({ $regex: '^a' }, { $regex: 'b' }, { $size: 2 }, { $all: ['a'] }) },
  { weight: 1, arbitrary: scalar.map((element) => ({ $elemMatch: { $gte: element } })) },
  { weight: 1, arbitrary: scalar.map((element) => ({ $not: { $gt: element } })) },
);

function operator([name, operand]: [string, unknown]): Document {
  return { [name]: operand };
}

const clause = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(field, condition).map(([path, wanted]) => ({ [path]: wanted })) },
  { weight: 1, arbitrary: inner.map((element) => ({ d: { $elemMatch: element } })) },
);
const filter: fc.Arbitrary<Document> = fc.oneof(
  { weight: 3, arbitrary: fc.array(clause, { maxLength: 3 }).map((all) => (all.length === 0 ? {} : { $and: all })) },
  { weight: 1, arbitrary: fc.array(clause, { minLength: 1, maxLength: 3 }).map((any) => ({ $or: any })) },
  { weight: 1, arbitrary: fc.tuple(clause, clause, clause).map(([first, ...any]) => ({ ...first, $or: any })) },
);

const direction = fc.constantFrom(1 as const, -1 as const);
const keys = fc.uniqueArray(fc.tuple(field, direction), { minLength: 1, maxLength: 3, selector: ([path]) => path });
interface IndexSpec {
  readonly key: [string, 1 | -1][];
  readonly options: Document;
}
const index: fc.Arbitrary<IndexSpec> = fc.record({
  key: keys,
  options: fc.constantFrom({}, {}, { sparse: true }, { partialFilterExpression: { c: { $gte: 0 } } }),
});
const sort = fc.option(keys, { nil: undefined });
const collation = fc.constantFrom(undefined, undefined, { locale: 'en', strength: 1 });

/** What the index allows is made; a parallel array is refused by both sides alike, and left out. */
async function fill(
  collection: Collection<Row>,
  rows: readonly Document[],
  indexes: readonly IndexSpec[],
): Promise<number[]> {
  for (const { key, options } of indexes)
    await collection.createIndexes([{ key: Object.fromEntries(key), name: JSON.stringify(key), ...options }]);
  const kept: number[] = [];
  for (const [_id, document] of rows.entries()) {
    const isStored = await collection.insertOne({ ...document, _id }).then(
      () => true,
      () => false,
    );
    if (isStored) kept.push(_id);
  }
  return kept;
}

describe('a query', () => {
  test('gives the same documents, in the same order, with indexes as without', async () => {
    const property = fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 25 }),
      fc.uniqueArray(index, { minLength: 1, maxLength: 3, selector: ({ key }) => JSON.stringify(key) }),
      fc.array(fc.tuple(filter, sort, fc.nat({ max: 3 }), fc.nat({ max: 6 }), collation), {
        minLength: 1,
        maxLength: 8,
      }),
      async (rows, indexes, queries) => {
        const indexed = bench.db.collection<Row>('indexed');
        const plain = bench.db.collection<Row>('plain');
        await Promise.all([indexed.drop(), plain.drop()]);
        const kept = new Set(await fill(indexed, rows, indexes));
        await fill(plain, rows, []);
        await plain.deleteMany({ _id: { $nin: [...kept] } });
        for (const [where, order, skip, limit, compare] of queries) {
          const options = { ...(compare && { collation: compare }) };
          const spec = order === undefined ? undefined : ([...order, ['_id', 1]] as [string, 1 | -1][]);
          const ask = (collection: Collection<Row>) => {
            const cursor = collection.find(where, options);
            return spec === undefined ? cursor.toArray() : cursor.sort(spec).skip(skip).limit(limit).toArray();
          };
          const [withIndex, without] = await Promise.all([ask(indexed), ask(plain)]);
          const ids = (found: readonly Row[]) => found.map(({ _id }) => _id);
          const sorted = (found: readonly Row[]) =>
            spec === undefined ? ids(found).sort((a, b) => a - b) : ids(found);
          expect({ where, order, found: sorted(withIndex) }).toEqual({ where, order, found: sorted(without) });
          expect(await indexed.countDocuments(where, options)).toBe(await plain.countDocuments(where, options));
        }
      },
    );
    await fc.assert(property, { numRuns: 60 });
  }, 60_000);

  test('sorted by an index comes in the order that the values have', async () => {
    const property = fc.asyncProperty(
      fc.array(scalar, { minLength: 2, maxLength: 20 }),
      direction,
      async (values, towards) => {
        const rows = bench.db.collection<Row>('rows');
        await rows.drop();
        await rows.createIndexes([{ key: { a: towards } }]);
        await rows.insertMany(values.map((a, _id) => ({ _id, a })));
        const found = await rows.find().sort({ a: towards }).toArray();
        const sorter = compileSort({ a: towards });
        for (let next = 1; next < found.length; next++) {
          expect(sorter.compare([found[next - 1]?.a], [found[next]?.a])).toBeLessThanOrEqual(0);
        }
        expect(found.map(({ a }) => a as unknown).toSorted(compareValues)).toEqual(values.toSorted(compareValues));
      },
    );
    await fc.assert(property, { numRuns: 30 });
  }, 60_000);
});
