import { describe } from '@jest/globals';
import { testFailures } from './cases.ts';
import type { FailureCase } from './cases.ts';
import { double } from './fixture.ts';

const cases: readonly FailureCase[] = [
  {
    before: { a: 1 },
    update: { $set: { 'a.b': 1 } },
    code: 28,
    message: "Cannot create field 'b' in element {a: 1}",
  },
  {
    before: { a: { b: 'x' } },
    update: { $inc: { 'a.b.c.d': 1 } },
    code: 28,
    message: 'Cannot create field \'c\' in element {b: "x"}',
  },
  {
    before: { a: [{ b: double(1) }] },
    update: { $set: { 'a.b': 1 } },
    code: 28,
    message: "Cannot create field 'b' in element {a: [ { b: 1.0 } ]}",
  },
  {
    before: { a: null },
    update: { $push: { 'a.b': 1 } },
    code: 28,
    message: "Cannot create field 'b' in element {a: null}",
  },
  {
    before: { a: 1 },
    update: { $pull: { 'a.b': 1 } },
    code: 28,
    message: 'Cannot use the part (b) of (a.b) to traverse the element ({a: 1})'.replace('({a: 1})', '{a: 1}'),
  },
  {
    before: { a: [] },
    update: { $set: { 'a.1500001': 1 } },
    code: 34,
    message: "can't backfill more than 1500000 elements",
  },
];

describe('paths that the document blocks', () => {
  testFailures(cases);
});
