import { describe, expect, test } from '@jest/globals';
import { MaxKey, ObjectId, Timestamp } from 'bson';
import { testUpdates } from './cases.ts';
import type { UpdateCase } from './cases.ts';
import { bytesOf, double, int, long, NOW } from './fixture.ts';

const id = new ObjectId('0123456789abcdef01234567');

const cases: readonly UpdateCase[] = [
  { name: 'a replacement keeps _id in front', before: { _id: 1, a: 1 }, update: { b: 2 }, after: { _id: 1, b: 2 } },
  {
    name: 'a replacement puts its own _id in front',
    before: { _id: id, a: 1 },
    update: { b: 2, _id: id },
    after: { _id: id, b: 2 },
  },
  { name: 'a replacement by the same is a no-op', before: { _id: 1, a: 1 }, update: { _id: 1, a: 1 } },
  { name: 'an empty replacement leaves _id', before: { _id: 1, a: 1 }, update: {}, after: { _id: 1 } },
  {
    name: 'a replacement fills in empty timestamps',
    before: { _id: 1 },
    update: { a: new Timestamp({ t: 0, i: 0 }) },
    after: { _id: 1, a: new Timestamp({ t: Math.floor(NOW.getTime() / 1000), i: 1 }) },
  },
  {
    name: 'a pipeline sets, and what it leaves keeps its type',
    before: { _id: long(1), a: double(5), b: [long(7), double(2)], m: new MaxKey() },
    update: [{ $set: { c: { $add: ['$a', 1] } } }],
    after: { _id: long(1), a: double(5), b: [long(7), double(2)], m: new MaxKey(), c: 6 },
  },
  {
    name: 'a pipeline keeps the kind of a computed number in its place',
    before: { _id: 1, a: double(5), b: long(5) },
    update: [{ $set: { a: { $add: ['$a', 1] }, b: { $add: ['$b', 1] } } }],
    after: { _id: 1, a: double(6), b: long(6) },
  },
  {
    name: 'a pipeline keeps the types of literals and of copied fields',
    before: { _id: 1, a: double(5), d: { e: [long(7)] } },
    update: [{ $set: { b: '$a', c: long(9), f: '$d.e', g: { $literal: double(2) } } }],
    after: { _id: 1, a: double(5), d: { e: [long(7)] }, b: double(5), c: long(9), f: [long(7)], g: double(2) },
  },
  {
    name: 'a pipeline that changes nothing is a no-op',
    before: { _id: 1, a: double(5) },
    update: [{ $set: { a: 5 } }],
  },
  {
    name: 'a pipeline may unset and replace',
    before: { _id: 1, a: { b: 1 }, c: 2 },
    update: [{ $unset: 'c' }, { $replaceWith: '$a' }],
    after: { _id: 1, b: 1 },
  },
];

describe('replacement and pipeline', () => {
  testUpdates(cases);

  test('typed numbers of the fixture are what they say', () => {
    expect(bytesOf({ a: int(1) })).toBe(bytesOf({ a: 1 }));
  });
});
