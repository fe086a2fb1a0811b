import { describe, expect, test } from '@jest/globals';
import { Long } from 'bson';
import { compile, double, failureOf, bytesOf, long, typed } from './fixture.ts';
import { upsertDocument } from './upsert.ts';

const GENERATED = 'generated';
const upsert = (filter: object, update: object) => upsertDocument(typed(filter), compile(update), () => GENERATED);

interface Case {
  readonly name: string;
  readonly filter: object;
  readonly update: object;
  readonly inserted: object;
}

const set = { $set: { z: 1 } };

const cases: readonly Case[] = [
  {
    name: 'an equality is inserted',
    filter: { a: double(1) },
    update: set,
    inserted: { _id: GENERATED, a: double(1), z: 1 },
  },
  {
    name: '_id of the filter stands first',
    filter: { a: 1, _id: long(5) },
    update: set,
    inserted: { _id: long(5), a: 1, z: 1 },
  },
  {
    name: '_id may come from the update',
    filter: { a: 1 },
    update: { $set: { _id: 7 } },
    inserted: { _id: 7, a: 1 },
  },
  {
    name: 'equalities come sorted by path',
    filter: { b: 1, a: 2 },
    update: set,
    inserted: { _id: GENERATED, a: 2, b: 1, z: 1 },
  },
  {
    name: 'dotted equalities build documents',
    filter: { 'a.b': 1, 'a.c': 2 },
    update: set,
    inserted: { _id: GENERATED, a: { b: 1, c: 2 }, z: 1 },
  },
  {
    name: '$eq beside other conditions',
    filter: { a: { $eq: 1, $gt: 0 } },
    update: set,
    inserted: { _id: GENERATED, a: 1, z: 1 },
  },
  {
    name: '$and of equalities',
    filter: { $and: [{ a: 1 }, { b: { $eq: 2 } }] },
    update: set,
    inserted: { _id: GENERATED, a: 1, b: 2, z: 1 },
  },
  {
    name: '$in with one element',
    filter: { a: { $in: [1] }, b: { $in: [1, 2] } },
    update: set,
    inserted: { _id: GENERATED, a: 1, z: 1 },
  },
  {
    name: '$all with one element',
    filter: { a: { $all: [1] } },
    update: set,
    inserted: { _id: GENERATED, a: 1, z: 1 },
  },
  { name: '$or with one branch', filter: { $or: [{ a: 1 }] }, update: set, inserted: { _id: GENERATED, a: 1, z: 1 } },
  {
    name: '$or with two branches gives nothing',
    filter: { $or: [{ a: 1 }, { a: 2 }] },
    update: set,
    inserted: { _id: GENERATED, z: 1 },
  },
  {
    name: 'conditions and patterns give nothing',
    filter: { a: { $gt: 1 }, b: /x/, c: { $ne: 1 } },
    update: set,
    inserted: { _id: GENERATED, z: 1 },
  },
  { name: 'null is an equality', filter: { a: null }, update: set, inserted: { _id: GENERATED, a: null, z: 1 } },
  {
    name: 'the update works on the equalities',
    filter: { n: 1 },
    update: { $inc: { n: 1 }, $setOnInsert: { s: 1 } },
    inserted: { _id: GENERATED, n: 2, s: 1 },
  },
  { name: 'a replacement takes only _id', filter: { _id: 1, a: 1 }, update: { b: 1 }, inserted: { _id: 1, b: 1 } },
  {
    name: 'a pipeline works on the equalities',
    filter: { _id: 1, a: 1 },
    update: [{ $set: { b: { $add: ['$a', 1] } } }],
    inserted: { _id: 1, a: 1, b: 2 },
  },
];

const failures = [
  {
    filter: { $and: [{ a: 1 }, { a: 2 }] },
    update: set,
    code: 54,
    message: "cannot infer query fields to set, path 'a' is matched twice",
  },
  {
    filter: { a: { $all: [1, 2] } },
    update: set,
    code: 54,
    message: "cannot infer query fields to set, path 'a' is matched twice",
  },
  {
    filter: { a: { b: 1 }, 'a.b': 1 },
    update: set,
    code: 54,
    message: "cannot infer query fields to set, both paths 'a.b' and 'a' are matched",
  },
  {
    filter: { _id: 1 },
    update: { $set: { _id: 2 } },
    code: 66,
    message: "Performing an update on the path '_id' would modify the immutable field '_id'",
  },
  {
    filter: { _id: 1 },
    update: { _id: 2 },
    code: 66,
    message: "After applying the update, the (immutable) field '_id' was found to have been altered to _id: 2",
  },
  { filter: {}, update: { $set: { _id: [1] } }, code: 53, message: "The '_id' value cannot be of type array" },
  {
    filter: { '_id.a': 1 },
    update: { b: 1 },
    code: 111,
    message: "field at '_id' must be exactly specified, field at sub-path '_id.a'found",
  },
  {
    filter: { $expr: true },
    update: set,
    code: 224,
    message: '$expr is not allowed in the query predicate for an upsert',
  },
  {
    filter: { 'a.0': 1 },
    update: { $set: { 'a.$': 1 } },
    code: 2,
    message: 'The positional operator did not find the match needed from the query.',
  },
];

describe('upsertDocument', () => {
  test.each(cases)('$name', ({ filter, update, inserted }) => {
    expect(bytesOf(upsert(filter, update))).toBe(bytesOf(inserted));
  });

  test.each(failures)('$code $message', ({ filter, update, code, message }) => {
    expect(failureOf(() => upsert(filter, update))).toEqual({ code, message });
  });
});

describe('the touched paths of an update', () => {
  test('of operators are the top-level fields, both ends of a $rename included', () => {
    const compiled = compile({ $set: { 'a.b': 1, c: 1 }, $rename: { d: 'e.f' } });
    expect(compiled.touched).toEqual(new Set(['a', 'c', 'd', 'e']));
  });

  test('of a replacement and a pipeline are all', () => {
    expect(compile({ a: 1 }).touched).toBe('all');
    expect(compile([{ $set: { a: 1 } }]).touched).toBe('all');
  });

  test('a compiled update is applied to many documents without memory of earlier ones', () => {
    const compiled = compile({ $inc: { n: 1 }, $set: { 'a.$': 0 } });
    const first = compiled.apply(typed({ n: 1, a: [1, 2] }), { isInsert: false, positional: 0 });
    const second = compiled.apply(typed({ n: Long.fromNumber(1), a: [1, 2] }), { isInsert: false, positional: 1 });
    expect(bytesOf(first.document)).toBe(bytesOf({ n: 2, a: [0, 2] }));
    expect(bytesOf(second.document)).toBe(bytesOf({ n: long(2), a: [1, 0] }));
  });
});
