import { describe } from '@jest/globals';
import { testFailures } from './cases.ts';
import type { FailureCase } from './cases.ts';

const cases: readonly FailureCase[] = [
  { update: { $rename: { a: 5 } }, code: 2, message: "The 'to' field for $rename must be a string: a: 5" },
  {
    update: { $rename: { a: 'b\0' } },
    code: 2,
    message: "The 'to' field for $rename cannot contain an embedded null byte",
  },
  {
    update: { $rename: { a: 'a' } },
    code: 2,
    message: 'The source and target field for $rename must differ: a: "a"',
  },
  {
    update: { $rename: { a: 'a.b' } },
    code: 2,
    message: 'The source and target field for $rename must not be on the same path: a: "a.b"',
  },
  { update: { $rename: { 'a.$': 'b' } }, code: 2, message: 'The source field for $rename may not be dynamic: a.$' },
  {
    update: { $rename: { a: 'b.$[]' } },
    code: 2,
    message: 'The destination field for $rename may not be dynamic: b.$[]',
  },
  {
    before: { _id: 1, a: [{ b: 1 }] },
    update: { $rename: { 'a.0.b': 'c' } },
    code: 2,
    message: "The source field cannot be an array element, 'a.0.b' in doc with _id: 1 has an array field called 'a'",
  },
  {
    before: { _id: 1, a: [1], b: 1 },
    update: { $rename: { b: 'a.0' } },
    code: 2,
    message: "The destination field cannot be an array element, 'a.0' in doc with _id: 1 has an array field called 'a'",
  },
  {
    before: { _id: 1, a: 1 },
    update: { $rename: { 'a.b': 'c' } },
    code: 28,
    message: 'cannot use the part (a of a.b) to traverse the element ({a: 1})',
  },
  {
    before: { _id: 1, a: 1, b: 2 },
    update: { $rename: { b: 'a.c' } },
    code: 28,
    message: "Cannot create field 'c' in element {a: 1}",
  },
];

describe('$rename', () => {
  testFailures(cases);
});
