import { describe } from '@jest/globals';
import { Timestamp } from 'bson';
import { testUpdates } from './cases.ts';
import type { UpdateCase } from './cases.ts';
import { double, NOW } from './fixture.ts';

const cases: readonly UpdateCase[] = [
  { name: '$set of a new field appends it', before: { b: 1 }, update: { $set: { a: 2 } }, after: { b: 1, a: 2 } },
  {
    name: '$set of a field keeps its place',
    before: { a: 1, b: 1 },
    update: { $set: { a: 'x' } },
    after: { a: 'x', b: 1 },
  },
  {
    name: '$set to the same value and type is a no-op',
    before: { a: [1, { b: 2 }] },
    update: { $set: { a: [1, { b: 2 }] } },
  },
  {
    name: '$set to an equal value of another type modifies',
    before: { a: double(1) },
    update: { $set: { a: 1 } },
    after: { a: 1 },
  },
  {
    name: '$set of fields in another order modifies',
    before: { a: { b: 1, c: 2 } },
    update: { $set: { a: { c: 2, b: 1 } } },
    after: { a: { c: 2, b: 1 } },
  },
  {
    name: 'new fields come in lexicographic order',
    before: {},
    update: { $set: { c: 1, a: 1 }, $inc: { b: 1 } },
    after: { a: 1, b: 1, c: 1 },
  },
  {
    name: 'numeric names come in numeric order',
    before: { a: [] },
    update: { $set: { 'a.10': 1, 'a.2': 2 } },
    after: { a: [null, null, 2, null, null, null, null, null, null, null, 1] },
  },
  {
    name: 'a dotted path creates documents',
    before: {},
    update: { $set: { 'a.b.0': 1 } },
    after: { a: { b: { '0': 1 } } },
  },
  {
    name: 'a dotted path goes into an array by number',
    before: { a: [{ b: 1 }, { b: 2 }] },
    update: { $set: { 'a.1.b': 3 } },
    after: { a: [{ b: 1 }, { b: 3 }] },
  },
  {
    name: 'a place behind the end is padded with null',
    before: { a: [1] },
    update: { $set: { 'a.3.b': 1 } },
    after: { a: [1, null, null, { b: 1 }] },
  },
  {
    name: 'a name that objects inherit is a field like others',
    before: { a: 1 },
    update: { $set: { constructor: 1 } },
    after: { a: 1, constructor: 1 },
  },
  { name: '$setOnInsert without insert is a no-op', before: { a: 1 }, update: { $setOnInsert: { b: 1 } } },
  {
    name: '$setOnInsert with insert sets',
    before: { a: 1 },
    update: { $setOnInsert: { b: 1 } },
    after: { a: 1, b: 1 },
    context: { isInsert: true },
  },
  {
    name: '$setOnInsert through a scalar without insert is a no-op',
    before: { a: 1 },
    update: { $setOnInsert: { 'a.b': 1 } },
  },
  { name: '$unset removes', before: { a: 1, b: 2 }, update: { $unset: { a: '' } }, after: { b: 2 } },
  {
    name: '$unset of an element leaves null',
    before: { a: [1, 2] },
    update: { $unset: { 'a.0': 1 } },
    after: { a: [null, 2] },
  },
  { name: '$unset of a missing path is a no-op', before: { a: 1 }, update: { $unset: { b: 1, 'c.d': 1, 'a.x': 1 } } },
  { name: '$min takes the smaller', before: { a: 5 }, update: { $min: { a: 3, b: 1 } }, after: { a: 3, b: 1 } },
  { name: '$min keeps the equal of another type', before: { a: double(5) }, update: { $min: { a: 5 } } },
  { name: '$max keeps the larger', before: { a: 5 }, update: { $max: { a: 3 } } },
  { name: '$max compares between types', before: { a: 5 }, update: { $max: { a: 'x' } }, after: { a: 'x' } },
  {
    name: '$currentDate sets a date',
    before: {},
    update: { $currentDate: { a: true, b: { $type: 'date' } } },
    after: { a: NOW, b: NOW },
  },
  {
    name: '$currentDate sets a timestamp',
    before: { a: 1 },
    update: { $currentDate: { a: { $type: 'timestamp' } } },
    after: { a: new Timestamp({ t: Math.floor(NOW.getTime() / 1000), i: 1 }) },
  },
  { name: 'an operator without fields is a no-op', before: { a: 1 }, update: { $set: {} } },
];

describe('$set and its kin', () => {
  testUpdates(cases);
});
