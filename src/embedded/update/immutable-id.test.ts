import { describe, expect, test } from '@jest/globals';
import { ObjectId } from 'bson';
import { testFailures } from './cases.ts';
import type { FailureCase } from './cases.ts';
import { apply } from './fixture.ts';

const oid = new ObjectId('0123456789abcdef01234567');

const cases: readonly FailureCase[] = [
  {
    update: { $set: { _id: 2 } },
    code: 66,
    message: "Performing an update on the path '_id' would modify the immutable field '_id'",
  },
  {
    update: { $unset: { _id: 1 } },
    code: 66,
    message: "Performing an update on the path '_id' would modify the immutable field '_id'",
  },
  {
    before: { _id: { a: 1 } },
    update: { $set: { '_id.a': 2 } },
    code: 66,
    message: "Performing an update on the path '_id.a' would modify the immutable field '_id'",
  },
  {
    before: { _id: { a: 1 } },
    update: { $set: { '_id.b': 2 } },
    code: 66,
    message: "Updating the path '_id' to _id: { a: 1, b: 2 } would modify the immutable field '_id'",
  },
  {
    before: { _id: 1, a: 2 },
    update: { $rename: { a: '_id' } },
    code: 66,
    message: "Performing an update on the path '_id' would modify the immutable field '_id'",
  },
  {
    update: { $rename: { _id: 'a' } },
    code: 66,
    message: "Unsetting the path '_id' using $rename would modify the immutable field '_id'",
  },
  {
    update: { _id: oid },
    code: 66,
    message:
      "After applying the update, the (immutable) field '_id' was found to have been altered to _id: ObjectId('0123456789abcdef01234567')",
  },
  {
    update: [{ $set: { _id: 2 } }],
    code: 66,
    message: "After applying the update, the (immutable) field '_id' was found to have been altered to _id: 2",
  },
];

describe('_id', () => {
  testFailures(cases);

  test('setting _id to what it is, is a no-op', () => {
    expect(apply({ _id: 1 }, { $set: { _id: 1 } }).modified).toBe(false);
  });
});
