import { describe } from '@jest/globals';
import { testUpdates } from './cases.ts';
import type { UpdateCase } from './cases.ts';

const cases: readonly UpdateCase[] = [
  {
    name: 'moves the field to the end',
    before: { a: 1, b: 2 },
    update: { $rename: { a: 'c' } },
    after: { b: 2, c: 1 },
  },
  {
    name: 'moves between documents',
    before: { a: { b: 1, c: 2 } },
    update: { $rename: { 'a.b': 'd.e' } },
    after: { a: { c: 2 }, d: { e: 1 } },
  },
  {
    name: 'writes over an existing field in its place',
    before: { a: 1, b: 2, c: 3 },
    update: { $rename: { c: 'a' } },
    after: { a: 3, b: 2 },
  },
  {
    name: 'removes the source where both are equal',
    before: { a: 1, b: 1 },
    update: { $rename: { a: 'b' } },
    after: { b: 1 },
  },
  { name: 'of a missing field is a no-op', before: { a: 1 }, update: { $rename: { x: 'a.b' } } },
];

describe('$rename', () => {
  testUpdates(cases);
});
