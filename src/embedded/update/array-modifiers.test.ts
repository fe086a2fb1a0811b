import { describe } from '@jest/globals';
import { testUpdates } from './cases.ts';
import type { UpdateCase } from './cases.ts';
import { double } from './fixture.ts';

const quizzes = [{ s: 3 }, { s: 1 }, { s: 2 }];

const cases: readonly UpdateCase[] = [
  { name: '$push appends', before: { a: [1] }, update: { $push: { a: 2 } }, after: { a: [1, 2] } },
  {
    name: '$push of an array appends it as one',
    before: { a: [1] },
    update: { $push: { a: [2, 3] } },
    after: { a: [1, [2, 3]] },
  },
  { name: '$push creates', before: {}, update: { $push: { 'a.b': { c: 1 } } }, after: { a: { b: [{ c: 1 }] } } },
  {
    name: '$each appends all',
    before: { a: [1] },
    update: { $push: { a: { $each: [2, 3] } } },
    after: { a: [1, 2, 3] },
  },
  { name: 'an empty $each is a no-op', before: { a: [1] }, update: { $push: { a: { $each: [] } } } },
  {
    name: 'an empty $each creates an empty array',
    before: {},
    update: { $push: { a: { $each: [] } } },
    after: { a: [] },
  },
  {
    name: '$position 0 inserts in front',
    before: { a: [1] },
    update: { $push: { a: { $each: [2, 3], $position: 0 } } },
    after: { a: [2, 3, 1] },
  },
  {
    name: '$position -1 inserts before the last',
    before: { a: [1, 2, 3] },
    update: { $push: { a: { $each: [9], $position: -1 } } },
    after: { a: [1, 2, 9, 3] },
  },
  {
    name: '$position before the front inserts in front',
    before: { a: [1, 2] },
    update: { $push: { a: { $each: [9], $position: -5 } } },
    after: { a: [9, 1, 2] },
  },
  {
    name: '$position behind the end appends',
    before: { a: [1] },
    update: { $push: { a: { $each: [9], $position: 7 } } },
    after: { a: [1, 9] },
  },
  {
    name: '$slice keeps the first',
    before: { a: [1, 2] },
    update: { $push: { a: { $each: [3], $slice: 2 } } },
    after: { a: [1, 2] },
  },
  {
    name: '$slice -2 keeps the last',
    before: { a: [1, 2] },
    update: { $push: { a: { $each: [3], $slice: -2 } } },
    after: { a: [2, 3] },
  },
  {
    name: '$slice 0 empties',
    before: { a: [1, 2] },
    update: { $push: { a: { $each: [], $slice: 0 } } },
    after: { a: [] },
  },
  {
    name: '$sort by a field, then $slice',
    before: { a: quizzes },
    update: { $push: { a: { $each: [{ s: 0 }], $sort: { s: 1 }, $slice: 3 } } },
    after: { a: [{ s: 0 }, { s: 1 }, { s: 2 }] },
  },
  {
    name: '$sort of whole elements downwards',
    before: { a: [1, double(3)] },
    update: { $push: { a: { $each: [2], $sort: -1 } } },
    after: { a: [double(3), 2, 1] },
  },
  {
    name: '$sort by a dotted field puts missing first',
    before: { a: [{ b: { c: 1 } }, 5] },
    update: { $push: { a: { $each: [], $sort: { 'b.c': 1 } } } },
    after: { a: [5, { b: { c: 1 } }] },
  },
  {
    name: '$addToSet adds what is missing',
    before: { a: [1] },
    update: { $addToSet: { a: 2 } },
    after: { a: [1, 2] },
  },
  { name: '$addToSet knows equal numbers', before: { a: [double(1)] }, update: { $addToSet: { a: 1 } } },
  {
    name: '$addToSet with $each adds each once',
    before: { a: [1] },
    update: { $addToSet: { a: { $each: [1, 2, 2, 3] } } },
    after: { a: [1, 2, 3] },
  },
  {
    name: '$addToSet tells fields in another order apart',
    before: { a: [{ b: 1, c: 1 }] },
    update: { $addToSet: { a: { c: 1, b: 1 } } },
    after: {
      a: [
        { b: 1, c: 1 },
        { c: 1, b: 1 },
      ],
    },
  },
  { name: '$addToSet creates', before: {}, update: { $addToSet: { a: { $each: [1, 1] } } }, after: { a: [1] } },
  { name: '$pop takes the last', before: { a: [1, 2] }, update: { $pop: { a: 1 } }, after: { a: [1] } },
  { name: '$pop -1 takes the first', before: { a: [1, 2] }, update: { $pop: { a: -1 } }, after: { a: [2] } },
  { name: '$pop of nothing is a no-op', before: { a: [], b: {} }, update: { $pop: { a: 1, c: 1, 'b.c': 1 } } },
  {
    name: '$pull by value',
    before: { a: [1, 2, double(1), [1]] },
    update: { $pull: { a: 1 } },
    after: { a: [2, [1]] },
  },
  { name: '$pull by condition', before: { a: [1, 5, 9] }, update: { $pull: { a: { $gte: 5 } } }, after: { a: [1] } },
  {
    name: '$pull by $in',
    before: { a: ['x', 'y', 'z'] },
    update: { $pull: { a: { $in: ['x', 'z'] } } },
    after: { a: ['y'] },
  },
  {
    name: '$pull by a regular expression',
    before: { a: ['ab', 'b', 1] },
    update: { $pull: { a: /^a/ } },
    after: { a: ['b', 1] },
  },
  {
    name: '$pull by a query on the elements',
    before: { a: [{ b: 1, c: 2 }, { b: 1, c: 5 }, 1] },
    update: { $pull: { a: { b: 1, c: { $lt: 3 } } } },
    after: { a: [{ b: 1, c: 5 }, 1] },
  },
  {
    name: '$pull by $or',
    before: { a: [{ b: 1 }, { b: 2 }, { b: 3 }] },
    update: { $pull: { a: { $or: [{ b: 1 }, { b: 3 }] } } },
    after: { a: [{ b: 2 }] },
  },
  { name: '$pull that finds nothing is a no-op', before: { a: [1] }, update: { $pull: { a: 2, b: 1, 'c.d': 1 } } },
  {
    name: '$pullAll takes the listed',
    before: { a: [1, 2, 3, 1] },
    update: { $pullAll: { a: [1, 3] } },
    after: { a: [2] },
  },
];

describe('arrays', () => {
  testUpdates(cases);
});
