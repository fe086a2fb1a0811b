import { describe } from '@jest/globals';
import type { UpdateOptions } from './compile.ts';
import { testFailures } from './cases.ts';
import type { FailureCase } from './cases.ts';

const DOLLAR_HINT =
  "is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.";

const dynamic = (arrayFilters: Record<string, unknown>[]): Partial<UpdateOptions> => ({ arrayFilters });

const cases: readonly FailureCase[] = [
  {
    update: { $foo: { a: 1 } },
    code: 9,
    message: 'Unknown modifier: $foo. Expected a valid update modifier or pipeline-style update specified as an array',
  },
  {
    update: { $set: { a: 1 }, b: 1 },
    code: 9,
    message: 'Unknown modifier: b. Expected a valid update modifier or pipeline-style update specified as an array',
  },
  {
    update: { $set: 'x' },
    code: 9,
    message:
      'Modifiers operate on fields but we found type string instead. For example: {$mod: {<field>: ...}} not {$set: "x"}',
  },
  {
    update: { $set: { a: 1 }, $inc: { a: 1 } },
    code: 40,
    message: "Updating the path 'a' would create a conflict at 'a'",
  },
  {
    update: { $set: { a: 1, 'a.b': 1 } },
    code: 40,
    message: "Updating the path 'a.b' would create a conflict at 'a'",
  },
  {
    update: { $set: { 'a.b.c': 1 }, $unset: { 'a.b': 1 } },
    code: 40,
    message: "Updating the path 'a.b' would create a conflict at 'a.b'",
  },
  {
    update: { $set: { a: 1 }, $rename: { a: 'b' } },
    code: 40,
    message: "Updating the path 'a' would create a conflict at 'a'",
  },
  {
    update: { $set: { 'a.$[]': 1, 'a.0': 1 } },
    code: 40,
    message: "Updating the path 'a.0' would create a conflict at 'a'",
  },
  { update: { $set: { '': 1 } }, code: 56, message: 'An empty update path is not valid.' },
  {
    update: { $set: { 'a.': 1 } },
    code: 56,
    message: "The update path 'a.' contains an empty field name, which is not allowed.",
  },
  {
    update: { $set: { 'a.$.b.$': 1 } },
    code: 2,
    message: "Too many positional (i.e. '$') elements found in path 'a.$.b.$'",
  },
  {
    update: { $set: { '$.a': 1 } },
    code: 2,
    message: "Cannot have positional (i.e. '$') element in the first position in path '$.a'",
  },
  {
    update: { $set: { '$[].a': 1 } },
    code: 2,
    message: "Cannot have array filter identifier (i.e. '$[<id>]') element in the first position in path '$[].a'",
  },
  { update: { $set: { $a: 1 } }, code: 52, message: `The dollar ($) prefixed field '$a' in '$a' ${DOLLAR_HINT}` },
  { update: { a: 1, $b: 1 }, code: 52, message: `The dollar ($) prefixed field '$b' in '$b' ${DOLLAR_HINT}` },
  { update: { a: 1, $id: 1 }, code: 55, message: 'Found $id field without a $ref before it, which is invalid.' },
  {
    update: { a: 1 },
    options: { multi: true },
    code: 9,
    message: 'multi update is not supported for replacement-style update',
  },
  {
    update: { $set: { a: 1 } },
    options: { variables: { x: 1 } },
    code: 51198,
    message: 'Constant values may only be specified for pipeline updates',
  },
  { update: [{ $match: {} }], code: 72, message: '$match is not allowed to be used within an update' },
  { update: [{ $foo: {} }], code: 40324, message: "Unrecognized pipeline stage name: '$foo'" },
  { update: [{}], code: 40323, message: 'A pipeline stage specification object must contain exactly one field.' },
  {
    update: [{ $set: { a: 1 } }],
    options: dynamic([{ x: 1 }]),
    code: 9,
    message: 'arrayFilters may not be specified for pipeline-style updates',
  },
];

describe('what an update may not say', () => {
  testFailures(cases);
});
