import { describe } from '@jest/globals';
import { testUpdates } from './cases.ts';
import type { UpdateCase } from './cases.ts';

const grades = { arrayFilters: [{ high: { $gte: 5 } }] };
const items = {
  a: [
    { k: 1, v: [1, 2] },
    { k: 2, v: [3] },
  ],
};

const cases: readonly UpdateCase[] = [
  {
    name: '$ updates the matched element',
    before: { a: [1, 2, 3] },
    update: { $set: { 'a.$': 9 } },
    context: { positional: 1 },
    after: { a: [1, 9, 3] },
  },
  {
    name: '$ goes on into the element',
    before: { a: [{ b: 1 }, { b: 2 }] },
    update: { $inc: { 'a.$.b': 5 } },
    context: { positional: 1 },
    after: { a: [{ b: 1 }, { b: 7 }] },
  },
  {
    name: '$ beside a number on another element',
    before: { a: [1, 2] },
    update: { $set: { 'a.$': 5, 'a.1': 6 } },
    context: { positional: 0 },
    after: { a: [5, 6] },
  },
  {
    name: '$ beside a number on the same element merges',
    before: { a: [{}] },
    update: { $set: { 'a.$.x': 1, 'a.0.y': 2 } },
    context: { positional: 0 },
    after: { a: [{ x: 1, y: 2 }] },
  },
  { name: '$[] updates all', before: { a: [1, 2] }, update: { $inc: { 'a.$[]': 1 } }, after: { a: [2, 3] } },
  { name: '$[] of an empty array is a no-op', before: { a: [] }, update: { $inc: { 'a.$[]': 1 } } },
  {
    name: '$[identifier] updates those that pass',
    before: { a: [1, 5, 9] },
    update: { $mul: { 'a.$[high]': 2 } },
    options: grades,
    after: { a: [1, 10, 18] },
  },
  {
    name: '$[] and $[identifier] nest',
    before: items,
    update: { $inc: { 'a.$[].v.$[n]': 10 } },
    options: { arrayFilters: [{ n: { $gt: 1 } }] },
    after: {
      a: [
        { k: 1, v: [1, 12] },
        { k: 2, v: [13] },
      ],
    },
  },
  {
    name: 'filters ask for fields of elements',
    before: items,
    update: { $set: { 'a.$[x].k': 5 } },
    options: { arrayFilters: [{ 'x.k': 2, 'x.v': 3 }] },
    after: {
      a: [
        { k: 1, v: [1, 2] },
        { k: 5, v: [3] },
      ],
    },
  },
  {
    name: 'filters may have branches',
    before: { a: [1, 2, 3] },
    update: { $set: { 'a.$[x]': 0 } },
    options: { arrayFilters: [{ $or: [{ x: 1 }, { x: 3 }] }] },
    after: { a: [0, 2, 0] },
  },
  {
    name: 'two filters on one array',
    before: { a: [1, 9] },
    update: { $set: { 'a.$[low]': 0, 'a.$[high]': 10 } },
    options: { arrayFilters: [{ low: 1 }, { high: 9 }] },
    after: { a: [0, 10] },
  },
  {
    name: '$unset of filtered elements leaves null',
    before: { a: [1, 9] },
    update: { $unset: { 'a.$[high]': 1 } },
    options: grades,
    after: { a: [1, null] },
  },
  {
    name: '$push into filtered elements',
    before: items,
    update: { $push: { 'a.$[x].v': 7 } },
    options: { arrayFilters: [{ 'x.k': 2 }] },
    after: {
      a: [
        { k: 1, v: [1, 2] },
        { k: 2, v: [3, 7] },
      ],
    },
  },
];

describe('positional paths', () => {
  testUpdates(cases);
});
