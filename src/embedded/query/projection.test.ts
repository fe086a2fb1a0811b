import { describe, expect, test } from '@jest/globals';
import { Decimal128, Double, Long, ObjectId } from 'bson';
import { decodeTyped, encode } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { compileMatcher } from './matcher.ts';
import { compileProjection } from './projection.ts';
import { compileSort } from './sort.ts';
import type { Fields } from './value-types.ts';

const ROWS: readonly (readonly [Fields, Fields, Fields])[] = [
  [
    { b: 1, a: 1 },
    { _id: 1, a: 2, b: 3, c: 4 },
    { _id: 1, a: 2, b: 3 },
  ],
  [{ a: 1, _id: 0 }, { _id: 1, a: 2 }, { a: 2 }],
  [{ a: 0 }, { _id: 1, a: 2, b: 3 }, { _id: 1, b: 3 }],
  [{ _id: 0 }, { _id: 1, a: 2 }, { a: 2 }],
  [{ _id: 1 }, { _id: 1, a: 2 }, { _id: 1 }],
  [{ 'a.b': 1 }, { _id: 1, a: [{ b: 1, c: 2 }, 5, [{ b: 2, c: 3 }]] }, { _id: 1, a: [{ b: 1 }, [{ b: 2 }]] }],
  [{ a: { b: 0 } }, { a: [{ b: 1, c: 2 }, 5] }, { a: [{ c: 2 }, 5] }],
  [{ a: { b: 1 } }, { _id: 1, a: 5 }, { _id: 1 }],
  [{ a: { $slice: -1 } }, { _id: 1, a: [1, 2], b: 1 }, { _id: 1, a: [2], b: 1 }],
  [
    { a: { $slice: [1, 1] }, b: 1 },
    { a: [1, 2, 3], b: 1, c: 1 },
    { a: [2], b: 1 },
  ],
  [{ a: { $elemMatch: { x: 2 } } }, { _id: 1, a: [{ x: 1 }, { x: 2, y: 1 }], b: 1 }, { _id: 1, a: [{ x: 2, y: 1 }] }],
  [{ a: { $elemMatch: { $gt: 5 } } }, { _id: 1, a: [1] }, { _id: 1 }],
  [
    { x: '$a.b', y: { $add: ['$n', 1] }, z: 'text' },
    { _id: 1, a: { b: 2 }, n: 1 },
    { _id: 1, x: 2, y: 2, z: 'text' },
  ],
  [{ score: { $meta: 'textScore' } }, { _id: 1, a: 1 }, { _id: 1, a: 1, score: 1.5 }],
  [{}, { _id: 1, a: 1 }, { _id: 1, a: 1 }],
];

describe('a projection', () => {
  test.each(ROWS)('%j of %j gives %j', (spec, document, expected) => {
    const result = compileProjection(spec).apply(document, { meta: { textScore: 1.5 } });
    expect(result).toEqual(expected);
    expect(Object.keys(result)).toEqual(Object.keys(expected));
  });

  test('of a.$ returns the element that the filter matched', () => {
    const matcher = compileMatcher({ a: { $gt: 1 } });
    expect(compileProjection({ 'a.$': 1 }, { matcher }).apply({ _id: 1, a: [1, 2, 3], b: 1 })).toEqual({
      _id: 1,
      a: [2],
    });
  });

  test('keeps the types of numbers in encoded documents, flat, nested and computed by path', () => {
    const document = {
      _id: new ObjectId(),
      a: new Double(5),
      b: { c: Long.fromNumber(7), d: 1 },
      e: Decimal128.fromString('1.0'),
    };
    const bytes = encode(document);
    expect(decodeTyped(compileProjection({ a: 1, _id: 0 }).applyTo(bytes))).toEqual({ a: new Double(5) });
    expect(decodeTyped(compileProjection({ 'b.c': 1, _id: 0 }).applyTo(bytes))).toEqual({
      b: { c: Long.fromNumber(7) },
    });
    expect(decodeTyped(compileProjection({ x: '$b.c', _id: 0 }).applyTo(bytes))).toEqual({ x: Long.fromNumber(7) });
    expect(compileProjection({ 'b.c': 1 }).applyRaw(bytes)).toBeUndefined();
  });

  test.each<[Fields, number, string]>([
    [{ a: 1, b: 0 }, 31254, 'Cannot do exclusion on field b in inclusion projection'],
    [{ a: 0, b: 1 }, 31253, 'Cannot do inclusion on field b in exclusion projection'],
    [{ a: 1, 'a.b': 1 }, 31249, 'Path collision at a.b remaining portion b'],
    [{ 'a.b': 1, a: 1 }, 31250, 'Path collision at a'],
    [{ 'a.$': 1, 'b.$': 1 }, 31276, 'Cannot specify more than one positional projection per query.'],
    [{ 'a.b': { $elemMatch: {} } }, 31275, 'Cannot use $elemMatch projection on a nested field'],
  ])('%j fails with %d', (spec, code, message) => {
    expect(() => compileProjection(spec)).toThrow(new CommandError(code, message));
  });

  test('tells the fields it reads and whether an index could cover it', () => {
    const computed = compileProjection({ a: 1, x: '$b.c' });
    expect(Array.from(computed.fields).sort()).toEqual(['_id', 'a', 'b', 'x']);
    expect(computed.inclusionOnly).toBeUndefined();
    expect(compileProjection({ 'a.b': 1, _id: 0 }).inclusionOnly).toEqual(['a.b']);
  });
});

describe('a sort', () => {
  const sorted = (spec: Fields, documents: readonly Fields[]): unknown[] => {
    const sorter = compileSort(spec);
    const keyed = documents.map((document) => ({ document, key: sorter.keyOf(document) }));
    return keyed.sort((a, b) => sorter.compare(a.key, b.key)).map(({ document }) => document._id);
  };

  test.each<[Fields, Fields[], unknown[]]>([
    [
      { a: 1 },
      [
        { _id: 1, a: [2, 9] },
        { _id: 2, a: 3 },
        { _id: 3, a: [1] },
      ],
      [3, 1, 2],
    ],
    [
      { a: -1 },
      [
        { _id: 1, a: [2, 9] },
        { _id: 2, a: 3 },
      ],
      [1, 2],
    ],
    [{ a: 1 }, [{ _id: 1, a: null }, { _id: 2, a: [] }, { _id: 3 }, { _id: 4, a: 1 }], [2, 1, 3, 4]],
    [
      { a: 1 },
      [
        { _id: 1, a: 'x' },
        { _id: 2, a: 5 },
        { _id: 3, a: true },
      ],
      [2, 1, 3],
    ],
    [
      { 'a.b': -1, _id: 1 },
      [
        { _id: 1, a: [{ b: 1 }, { b: 5 }] },
        { _id: 2, a: { b: 3 } },
      ],
      [1, 2],
    ],
    [
      { a: 1, b: -1 },
      [
        { _id: 1, a: 1, b: 1 },
        { _id: 2, a: 1, b: 2 },
      ],
      [2, 1],
    ],
  ])('by %j of %j gives %j', (spec, documents, expected) => {
    expect(sorted(spec, documents)).toEqual(expected);
  });

  test('with a direction other than 1 and -1 is refused', () => {
    expect(() => compileSort({ a: 2 })).toThrow(/sort key ordering must be 1/);
  });
});
