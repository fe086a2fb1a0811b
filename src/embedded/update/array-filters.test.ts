import { describe } from '@jest/globals';
import type { UpdateOptions } from './compile.ts';
import { testFailures } from './cases.ts';
import type { FailureCase } from './cases.ts';

const dynamic = (arrayFilters: Record<string, unknown>[]): Partial<UpdateOptions> => ({ arrayFilters });

const update = { $set: { 'a.$[x]': 1 } };

const cases: readonly FailureCase[] = [
  { update, code: 2, message: "No array filter found for identifier 'x' in path 'a.$[x]'" },
  {
    update: { $set: { a: 1 } },
    options: dynamic([{ x: 1 }]),
    code: 9,
    message: "The array filter for identifier 'x' was not used in the update { $set: { a: 1 } }",
  },
  {
    update,
    options: dynamic([{ X: 1 }]),
    code: 2,
    message:
      "Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with a lowercase letter, found 'X'",
  },
  {
    update,
    options: dynamic([{ x: 1, y: 1 }]),
    code: 9,
    message: "Error parsing array filter :: caused by :: Expected a single top-level field name, found 'x' and 'y'",
  },
  {
    update,
    options: dynamic([{ x: 1 }, { 'x.b': 1 }]),
    code: 9,
    message: 'Found multiple array filters with the same top-level field name x',
  },
  {
    update,
    options: dynamic([{}]),
    code: 9,
    message: 'Cannot use an expression without a top-level field name in arrayFilters',
  },
  {
    update,
    options: dynamic([{ x: 1 }]),
    code: 2,
    message: "The path 'a' must exist in the document in order to apply array updates.",
  },
  {
    update,
    before: { a: 5 },
    options: dynamic([{ x: 1 }]),
    code: 2,
    message: 'Cannot apply array updates to non-array element a: 5',
  },
  {
    update: { $set: { 'a.$[x]': 1, 'a.$[]': 2 } },
    before: { a: [1] },
    options: dynamic([{ x: 1 }]),
    code: 40,
    message: "Update created a conflict at 'a.0'",
  },
  {
    update: { $set: { 'a.$': 1 } },
    before: { a: [1] },
    code: 2,
    message: 'The positional operator did not find the match needed from the query.',
  },
  {
    update: { $set: { 'a.$': 1, 'a.0': 2 } },
    before: { a: [1] },
    context: { positional: 0 },
    code: 40,
    message: "Update created a conflict at 'a.0'",
  },
];

describe('array filters', () => {
  testFailures(cases);
});
