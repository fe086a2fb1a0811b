import { describe } from '@jest/globals';
import { testFailures } from './cases.ts';
import type { FailureCase } from './cases.ts';
import { double, long } from './fixture.ts';

const text = { _id: 1, a: 'x', d: { a: 'x' } };
const largest = { _id: 1, a: long(2n ** 63n - 1n) };

const cases: readonly FailureCase[] = [
  { update: { $inc: { a: 'x' } }, code: 14, message: 'Cannot increment with non-numeric argument: {a: "x"}' },
  { update: { $mul: { a: null } }, code: 14, message: 'Cannot multiply with non-numeric argument: {a: null}' },
  {
    before: text,
    update: { $inc: { 'd.a': 1 } },
    code: 14,
    message: "Cannot apply $inc to a value of non-numeric type. {_id: 1} has the field 'a' of non-numeric type string",
  },
  {
    before: text,
    update: { $mul: { a: 1 } },
    code: 14,
    message: "Cannot apply $mul to a value of non-numeric type. {_id: 1} has the field 'a' of non-numeric type string",
  },
  {
    before: largest,
    update: { $inc: { a: 1 } },
    code: 2,
    message: 'Failed to apply $inc operations to current value ((NumberLong)9223372036854775807) for document {_id: 1}',
  },
  {
    before: largest,
    update: { $mul: { a: 2 } },
    code: 2,
    message: 'Failed to apply $mul operations to current value ((NumberLong)9223372036854775807) for document {_id: 1}',
  },
  {
    update: { $bit: { a: 1 } },
    code: 2,
    message:
      'The $bit modifier is not compatible with a int. You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}',
  },
  {
    update: { $bit: { a: { nor: 1 } } },
    code: 2,
    message: "The $bit modifier only supports 'and', 'or', and 'xor', not 'nor' which is an unknown operator: {nor: 1}",
  },
  {
    update: { $bit: { a: { or: double(1) } } },
    code: 2,
    message: "The $bit modifier field must be an Integer(32/64 bit); a 'double' is not supported here: {or: 1.0}",
  },
  {
    update: { $bit: { a: {} } },
    code: 2,
    message: 'You must pass in at least one bitwise operation. The format is: {$bit: {field: {and/or/xor: #}}',
  },
  {
    before: { _id: 1, a: double(1) },
    update: { $bit: { a: { or: 1 } } },
    code: 2,
    message: 'Cannot apply $bit to a value of non-integral type._id: 1 has the field a of non-integer type double',
  },
  {
    update: { $currentDate: { a: 1 } },
    code: 2,
    message:
      "int is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).",
  },
  {
    update: { $currentDate: { a: { $type: 'x' } } },
    code: 2,
    message:
      "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}",
  },
  { update: { $currentDate: { a: { x: 1 } } }, code: 2, message: 'Unrecognized $currentDate option: x' },
  {
    before: text,
    update: { $push: { 'd.a': 1 } },
    code: 2,
    message: "The field 'd.a' must be an array but is of type string in document {_id: 1}",
  },
  {
    before: { a: 1 },
    update: { $push: { a: 1 } },
    code: 2,
    message: "The field 'a' must be an array but is of type int in document {no id}",
  },
  {
    update: { $push: { a: { $each: 1 } } },
    code: 2,
    message: 'The argument to $each in $push must be an array but it was of type: int',
  },
  { update: { $push: { a: { $each: [], $foo: 1 } } }, code: 2, message: 'Unrecognized clause in $push: $foo' },
  {
    update: { $push: { a: { $each: [], $slice: 'x' } } },
    code: 2,
    message: 'The value for $slice must be an integer value but was given type: string',
  },
  {
    update: { $push: { a: { $each: [], $position: 1.5 } } },
    code: 2,
    message: 'The value for $position must be an integer value, not of type: double',
  },
  {
    update: { $push: { a: { $each: [], $sort: 2 } } },
    code: 2,
    message: 'The $sort element value must be either 1 or -1',
  },
  {
    update: { $push: { a: { $each: [], $sort: 'x' } } },
    code: 2,
    message: 'The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields',
  },
  {
    update: { $push: { a: { $each: [], $sort: {} } } },
    code: 2,
    message: 'The sort pattern is empty when it should be a set of fields.',
  },
  {
    update: { $push: { a: { $each: [], $sort: { b: 2 } } } },
    code: 2,
    message: 'The sort element value must be either 1 or -1',
  },
  {
    update: { $push: { a: { $each: [], $sort: { 'b.': 1 } } } },
    code: 2,
    message: 'The sort field is a dotted field but has an empty part: b.',
  },
  {
    before: text,
    update: { $addToSet: { a: 1 } },
    code: 2,
    message: "Cannot apply $addToSet to non-array field. Field named 'a' has non-array type string",
  },
  {
    update: { $addToSet: { a: { $each: 1 } } },
    code: 14,
    message: 'The argument to $each in $addToSet must be an array but it was of type int',
  },
  {
    update: { $addToSet: { a: { $each: [], $slice: 1 } } },
    code: 2,
    message: 'Found unexpected fields after $each in $addToSet: { $each: [], $slice: 1 }',
  },
  {
    before: text,
    update: { $pop: { a: 1 } },
    code: 14,
    message: "Path 'a' contains an element of non-array type 'string'",
  },
  { update: { $pop: { a: 2 } }, code: 9, message: '$pop expects 1 or -1, found: 2' },
  { update: { $pop: { a: 'x' } }, code: 9, message: 'Expected a number in: a: "x"' },
  { before: text, update: { $pull: { a: 1 } }, code: 2, message: 'Cannot apply $pull to a non-array value' },
  { before: text, update: { $pullAll: { a: [1] } }, code: 2, message: 'Cannot apply $pull to a non-array value' },
  { update: { $pullAll: { a: 1 } }, code: 2, message: '$pullAll requires an array argument but was given a int' },
];

describe('arguments and types', () => {
  testFailures(cases);
});
