import { describe, expect, test } from '@jest/globals';
import { Binary, BSONRegExp, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId } from 'bson';
import { CommandError } from '../errors.ts';
import { parseCollation } from './collation.ts';
import { compileMatcher } from './matcher.ts';
import type { Fields } from './value-types.ts';

type Row = readonly [filter: Fields, document: Fields, expected: boolean];

const id = new ObjectId('65a000000000000000000001');

const TABLES: Readonly<Record<string, readonly Row[]>> = {
  '$eq and implicit equality': [
    [{ a: 1 }, { a: 1 }, true],
    [{ a: 1 }, { a: Long.fromNumber(1) }, true],
    [{ a: 1 }, { a: Decimal128.fromString('1.0') }, true],
    [{ a: new Int32(1) }, { a: 1 }, true],
    [{ a: 1 }, { a: new Double(1) }, true],
    [{ a: 1 }, { a: '1' }, false],
    [{ a: 1 }, { a: [2, 1] }, true],
    [{ a: [2, 1] }, { a: [2, 1] }, true],
    [{ a: [2, 1] }, { a: [[2, 1]] }, true],
    [{ a: [2, 1] }, { a: [1, 2] }, false],
    [{ a: { b: 1, c: 2 } }, { a: { b: 1, c: 2 } }, true],
    [{ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } }, false],
    [{ a: id }, { a: new ObjectId(id.toHexString()) }, true],
    [{ a: new Date(5) }, { a: new Date(5) }, true],
    [{ a: NaN }, { a: NaN }, true],
    [{ a: new Binary(Buffer.from('x')) }, { a: new Binary(Buffer.from('x')) }, true],
    [{ constructor: null }, { a: 1 }, true],
    [{ 'a.toString': { $exists: true } }, { a: {} }, false],
    [{ a: { $ref: 'c', $id: 1 } }, { a: { $ref: 'c', $id: 1 } }, true],
  ],
  'null and missing': [
    [{ a: null }, {}, true],
    [{ a: null }, { a: null }, true],
    [{ a: null }, { a: [1, null] }, true],
    [{ a: null }, { a: [] }, false],
    [{ 'a.b': null }, { a: 5 }, true],
    [{ 'a.b': null }, { a: [] }, false],
    [{ 'a.b': null }, { a: [5] }, false],
    [{ 'a.b': null }, { a: [{ b: 1 }, { c: 1 }] }, true],
    [{ a: { $ne: null } }, {}, false],
    [{ a: { $gte: null } }, {}, true],
    [{ a: { $gt: null } }, {}, false],
    [{ a: { $in: [null] } }, {}, true],
    [{ a: { $nin: [null] } }, { a: 1 }, true],
  ],
  'order comparisons': [
    [{ a: { $gt: 1 } }, { a: 2 }, true],
    [{ a: { $gt: 1 } }, { a: 'x' }, false],
    [{ a: { $lt: 1 } }, {}, false],
    [{ a: { $lt: 1 } }, { a: null }, false],
    [{ a: { $lt: 5 } }, { a: NaN }, false],
    [{ a: { $lte: NaN } }, { a: NaN }, true],
    [{ a: { $lte: NaN } }, { a: 1 }, false],
    [{ a: { $gt: 1 } }, { a: Long.fromString('9223372036854775807') }, true],
    [{ a: { $gt: 'a' } }, { a: 'b' }, true],
    [{ a: { $gt: [1] } }, { a: [2] }, true],
    [{ a: { $gt: [1] } }, { a: 5 }, false],
    [{ a: { $lt: new MaxKey() } }, { a: 'x' }, true],
    [{ a: { $gt: new MinKey() } }, { a: 1 }, true],
    [{ a: { $gte: new Date(1) } }, { a: new Date(2) }, true],
    [{ a: { $gt: 1, $lt: 3 } }, { a: [0, 5] }, true],
    [{ a: { $elemMatch: { $gt: 1, $lt: 3 } } }, { a: [0, 5] }, false],
    [{ a: { $gt: false } }, { a: true }, true],
  ],
  paths: [
    [{ 'a.b': 1 }, { a: [{ b: 1 }] }, true],
    [{ 'a.0': 1 }, { a: [1, 2] }, true],
    [{ 'a.1': 1 }, { a: [1, 2] }, false],
    [{ 'a.0.b': 1 }, { a: [{ b: 1 }] }, true],
    [{ 'a.0': 1 }, { a: { 0: 1 } }, true],
    [{ 'a.b': 1 }, { a: [[{ b: 1 }]] }, false],
    [{ 'a.0.b': 1 }, { a: [[{ b: 1 }]] }, true],
    [{ 'a.b.c': 3 }, { a: [{ b: [{ c: 3 }] }] }, true],
    [{ 'a.b': { $ne: 1 } }, { a: [{ b: 1 }, { b: 2 }] }, false],
    [{ 'a.b': { $exists: false } }, { a: [1] }, true],
  ],
  'sets, arrays and elements': [
    [{ a: { $in: [1, /^x/] } }, { a: 'xy' }, true],
    [{ a: { $in: [[1]] } }, { a: [1] }, true],
    [{ a: { $in: [id] } }, { a: [id] }, true],
    [{ a: { $in: [Long.fromNumber(3)] } }, { a: 3 }, true],
    [{ a: { $nin: [1, 2] } }, { a: [1] }, false],
    [{ a: { $nin: [1, 2] } }, {}, true],
    [{ a: { $in: [] } }, { a: 1 }, false],
    [{ a: { $all: [1, 2] } }, { a: [2, 3, 1] }, true],
    [{ a: { $all: [1] } }, { a: 1 }, true],
    [{ a: { $all: [[1, 2]] } }, { a: [1, 2] }, true],
    [{ a: { $all: [] } }, { a: [] }, false],
    [{ a: { $all: [{ $elemMatch: { x: 1 } }, { $elemMatch: { x: 2 } }] } }, { a: [{ x: 1 }, { x: 2 }] }, true],
    [{ a: { $size: 2 } }, { a: [1, 2] }, true],
    [{ a: { $size: 0 } }, {}, false],
    [{ 'a.b': { $size: 1 } }, { a: [{ b: [1] }] }, true],
    [{ a: { $elemMatch: { x: 1, y: 2 } } }, { a: [{ x: 1 }, { y: 2 }] }, false],
    [{ a: { $elemMatch: { $or: [{ x: 1 }, { y: 2 }] } } }, { a: [{ y: 2 }] }, true],
    [{ a: { $elemMatch: { $elemMatch: { $gt: 2 } } } }, { a: [[1], [3]] }, true],
    [{ a: { $elemMatch: { 0: 1 } } }, { a: [[1]] }, true],
    [{ a: { $elemMatch: { $ne: 1 } } }, { a: [1] }, false],
    [{ a: { $exists: true } }, { a: null }, true],
    [{ a: { $exists: true } }, { a: [] }, true],
    [{ a: { $exists: 0 } }, {}, true],
    [{ a: { $type: 'string' } }, { a: [1, 'x'] }, true],
    [{ a: { $type: 'array' } }, { a: [] }, true],
    [{ a: { $type: 'number' } }, { a: Decimal128.fromString('1') }, true],
    [{ a: { $type: [2, 'null'] } }, { a: null }, true],
    [{ a: { $type: 'int' } }, { a: new Int32(1) }, true],
    [{ a: { $type: 'double' } }, { a: new Int32(1) }, false],
    [{ a: { $type: -1 } }, { a: new MinKey() }, true],
  ],
  'regular expressions': [
    [{ a: /b/i }, { a: 'aBc' }, true],
    [{ a: /b/ }, { a: ['x', 'b'] }, true],
    [{ a: { $regex: '^B', $options: 'i' } }, { a: 'b' }, true],
    [{ a: { $regex: 'a  b # note', $options: 'x' } }, { a: 'ab' }, true],
    [{ a: { $regex: 'a.c', $options: 's' } }, { a: 'a\nc' }, true],
    [{ a: { $regex: '^c', $options: 'm' } }, { a: 'a\nc' }, true],
    [{ a: { $regex: '(?i)ABC' } }, { a: 'abc' }, true],
    [{ a: { $regex: '^[[:alpha:]]+\\z' } }, { a: 'abc' }, true],
    [{ a: new BSONRegExp('x y', 'x') }, { a: 'xy' }, true],
    [{ a: /b/i }, { a: /b/i }, true],
    [{ a: /b/i }, { a: /b/ }, false],
    [{ a: { $not: /b/ } }, { a: 'c' }, true],
    [{ a: { $not: { $regex: 'b' } } }, {}, true],
    [{ a: /x/ }, { a: 5 }, false],
  ],
  'logic, arithmetic and bits': [
    [{ $and: [{ a: 1 }, { b: 2 }] }, { a: 1, b: 2 }, true],
    [{ $or: [{ a: 1 }, { b: 2 }] }, { b: 2 }, true],
    [{ $nor: [{ a: 1 }, { b: 2 }] }, { b: 3 }, true],
    [{ a: { $not: { $gt: 1 } } }, {}, true],
    [{ a: { $not: { $gt: 1, $lt: 3 } } }, { a: 5 }, true],
    [{ a: { $mod: [4, 1] } }, { a: 5 }, true],
    [{ a: { $mod: [4, -1] } }, { a: -5 }, true],
    [{ a: { $mod: [4.9, 1.9] } }, { a: 5 }, true],
    [{ a: { $mod: [2, 0] } }, { a: Long.fromString('9223372036854775806') }, true],
    [{ a: { $mod: [2, 0] } }, { a: 'x' }, false],
    [{ a: { $bitsAllSet: [0, 2] } }, { a: 5 }, true],
    [{ a: { $bitsAllClear: 2 } }, { a: 5 }, true],
    [{ a: { $bitsAnySet: 3 } }, { a: 4 }, false],
    [{ a: { $bitsAnyClear: [0] } }, { a: 1 }, false],
    [{ a: { $bitsAllSet: [200] } }, { a: -1 }, true],
    [{ a: { $bitsAllSet: new Binary(Buffer.from([1])) } }, { a: new Binary(Buffer.from([3])) }, true],
    [{ a: { $bitsAllSet: [0] } }, { a: 1.5 }, false],
    [{ $comment: 'x', a: 1 }, { a: 1 }, true],
    [{ $alwaysTrue: 1 }, {}, true],
    [{ $alwaysFalse: 1 }, {}, false],
    [{}, {}, true],
  ],
  $expr: [
    [{ $expr: { $gt: ['$a', '$b'] } }, { a: 2, b: 1 }, true],
    [{ $expr: { $eq: ['$a', id] } }, { a: id }, true],
    [{ $expr: { $in: ['$a', ['x']] } }, { a: 'y' }, false],
    [{ $expr: '$a' }, { a: 0 }, false],
    [{ $expr: { $eq: [{ $arrayElemAt: ['$a', -1] }, 3] } }, { a: [1, 3] }, true],
    [{ $expr: { $eq: ['$a', null] } }, {}, false],
  ],
  $jsonSchema: [
    [{ $jsonSchema: { required: ['a'], properties: { a: { bsonType: 'string' } } } }, { a: 'x' }, true],
    [{ $jsonSchema: { required: ['a'] } }, {}, false],
    [{ $jsonSchema: { properties: { a: { minimum: 3, exclusiveMinimum: true } } } }, { a: 3 }, false],
    [{ $jsonSchema: { properties: { a: { items: { enum: [1, 2] }, uniqueItems: true } } } }, { a: [1, 2] }, true],
    [{ $jsonSchema: { additionalProperties: false, properties: { a: {} } } }, { a: 1, b: 1 }, false],
    [{ $jsonSchema: { oneOf: [{ required: ['a'] }, { required: ['b'] }] } }, { a: 1, b: 1 }, false],
    [{ $jsonSchema: { not: { required: ['a'] } } }, {}, true],
    [{ $jsonSchema: { dependencies: { a: ['b'] } } }, { a: 1 }, false],
  ],
};

describe.each(Object.entries(TABLES))('%s', (_name, rows) => {
  test.each(rows)('%j on %j gives %s', (filter, document, expected) => {
    expect(compileMatcher(filter).test(document)).toBe(expected);
  });
});

describe('a filter that MongoDB refuses', () => {
  const REFUSED: readonly (readonly [Fields, number, string])[] = [
    [{ a: { $foo: 1 } }, 2, 'unknown operator: $foo'],
    [
      { $foo: 1 },
      2,
      "unknown top level operator: $foo. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.",
    ],
    [{ $and: [] }, 2, '$and/$or/$nor must be a nonempty array'],
    [{ $or: [1] }, 2, '$or/$and/$nor entries need to be full objects'],
    [{ a: { $in: 1 } }, 2, '$in needs an array'],
    [{ a: { $nin: 1 } }, 2, '$nin needs an array'],
    [{ a: { $all: 1 } }, 2, '$all needs an array'],
    [{ a: { $mod: [1] } }, 2, 'malformed mod, not enough elements'],
    [{ a: { $mod: [0, 1] } }, 2, 'divisor cannot be 0'],
    [{ a: { $elemMatch: 1 } }, 2, '$elemMatch needs an Object'],
    [{ a: { $not: 1 } }, 2, '$not needs a regex or a document'],
    [{ a: { $options: 'i' } }, 2, '$options needs a $regex'],
    [{ a: { $regex: 1 } }, 2, '$regex has to be a string'],
    [{ a: { $type: 'foo' } }, 2, 'Unknown type name alias: foo'],
    [{ a: { $gt: /x/ } }, 2, "Can't have RegEx as arg to predicate over field 'a'."],
    [{ $where: 'true' }, 2, '$where is refused: user code is not run by the embedded server'],
    [{ $expr: { $eq: ['$$missing', 1] } }, 17276, 'Use of undefined variable: missing'],
  ];

  test.each(REFUSED)('%j fails with code %d and MongoDB’s words', (filter, code, message) => {
    expect(() => compileMatcher(filter)).toThrow(new CommandError(code, message));
  });

  test('$near fails with a line that says what to do', () => {
    expect(() => compileMatcher({ a: { $near: [1, 2] } })).toThrow(CommandError);
  });
});

describe('what a matcher tells of its filter', () => {
  test('names the top-level fields that it reads', () => {
    const { fields } = compileMatcher({ 'a.b': 1, $or: [{ c: 1 }, { $expr: { $eq: ['$d.e', 1] } }] });
    expect(Array.from(fields).sort()).toEqual(['a', 'c', 'd']);
  });

  test('says all where an expression takes the document', () => {
    expect(compileMatcher({ $expr: { $eq: ['$$ROOT', 1] } }).fields).toBe('all');
  });

  test('asks for typed numbers where only they can answer', () => {
    expect(compileMatcher({ a: { $type: 'long' } }).needsTypedNumbers).toBe(true);
    expect(compileMatcher({ a: { $type: 'number' } }).needsTypedNumbers).toBe(false);
  });

  test.each([
    [{ a: 2 }, { a: [1, 2] }, 1],
    [{ a: { $elemMatch: { $gt: 1 } } }, { a: [1, 1, 2] }, 2],
    [{ 'a.b': 2 }, { a: [{ b: 1 }, { b: [0, 2] }] }, 1],
    [{ a: 2 }, { a: 2 }, undefined],
  ])('%j finds in %j the position %s', (filter, document, expected) => {
    expect(compileMatcher(filter).positionOf(document)).toBe(expected);
  });

  test('takes variables of let into $expr', () => {
    const matcher = compileMatcher({ $expr: { $eq: ['$a', '$$wanted'] } }, { variables: { wanted: 4 } });
    expect(matcher.test({ a: 4 })).toBe(true);
  });

  test('compares strings under the collation', () => {
    const collation = parseCollation({ locale: 'en', strength: 2 });
    expect(compileMatcher({ a: 'ABC' }, { collation }).test({ a: 'abc' })).toBe(true);
    expect(compileMatcher({ a: { $in: ['ABC'] } }, { collation }).test({ a: ['abc'] })).toBe(true);
    expect(compileMatcher({ a: { $gt: 'B' } }, { collation }).test({ a: 'b' })).toBe(false);
    expect(compileMatcher({ a: { b: 'X' } }, { collation }).test({ a: { b: 'x' } })).toBe(true);
  });
});
