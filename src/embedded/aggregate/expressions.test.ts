import { describe, expect, test } from '@jest/globals';
import { Decimal128, Long, ObjectId } from 'bson';
import { requiredFields } from '../query/dependencies.ts';
import { compileExpression } from '../query/expression.ts';
import type { Fields } from '../query/value-types.ts';
import { runStages } from './run-stages.ts';

const id = new ObjectId('65a000000000000000000001');
const decimal = (text: string): Decimal128 => Decimal128.fromString(text);

function run(pipeline: Fields[], documents: readonly Fields[]): unknown[] {
  return runStages(
    documents.map((document) => ({ ...document })),
    pipeline,
  );
}

type Row = readonly [expression: unknown, document: Fields, expected: unknown];

const EXPRESSIONS: readonly Row[] = [
  ['$a.b', { a: [{ b: 1 }, 5, { c: 1 }] }, [1]],
  ['$a.0', { a: [1] }, []],
  [{ x: '$a', y: '$none' }, { a: 1 }, { x: 1 }],
  [['$a', '$none'], { a: 1 }, [1, null]],
  [{ $eq: ['$a', Long.fromNumber(5)] }, { a: 5 }, true],
  [{ $eq: ['$a', id] }, { a: new ObjectId(id.toHexString()) }, true],
  [{ $cmp: ['$a', null] }, { a: 1 }, 1],
  [{ $gt: ['$a', 5] }, { a: 'x' }, true],
  [{ $lt: ['$none', null] }, {}, true],
  [{ $in: [id, '$a'] }, { a: [new ObjectId(id.toHexString())] }, true],
  [
    {
      $setUnion: [
        [1, 2],
        [Long.fromNumber(2), decimal('3')],
      ],
    },
    {},
    [1, 2, decimal('3')],
  ],
  [{ $setIntersection: [[id], [new ObjectId(id.toHexString())]] }, {}, [id]],
  [{ $setDifference: [[1, id], [id]] }, {}, [1]],
  [{ $setIsSubset: [[id], [id, 1]] }, {}, true],
  [{ $setEquals: [[1, 1], [1]] }, {}, true],
  [{ $indexOfArray: [[1, id], id] }, {}, 1],
  [{ $type: '$a' }, { a: id }, 'objectId'],
  [{ $type: '$none' }, {}, 'missing'],
  [{ $isNumber: '$a' }, { a: decimal('1') }, true],
  [{ $toObjectId: '65a000000000000000000001' }, {}, id],
  [{ $toString: '$a' }, { a: id }, id.toHexString()],
  [{ $toLong: '12' }, {}, 12],
  [{ $toLong: '9223372036854775807' }, {}, Long.MAX_VALUE],
  [{ $toDecimal: '1.5' }, {}, decimal('1.5')],
  [{ $toInt: 1.9 }, {}, 1],
  [{ $convert: { input: 'x', to: 'int', onError: 'bad' } }, {}, 'bad'],
  [{ $convert: { input: null, to: 'int', onNull: 0 } }, {}, 0],
  [{ $ifNull: ['$none', id] }, {}, id],
  [{ $add: ['$a', 1] }, { a: Long.fromString('9007199254740993') }, Long.fromString('9007199254740994')],
  [{ $add: ['$a', '$b'] }, { a: decimal('0.1'), b: decimal('0.2') }, decimal('0.3')],
  [{ $add: [new Date(5), 1] }, {}, new Date(6)],
  [{ $add: [1, null] }, {}, null],
  [{ $subtract: [new Date(5), new Date(2)] }, {}, 3],
  [{ $multiply: ['$a', 2] }, { a: decimal('1.50') }, decimal('3.00')],
  [{ $divide: [1, 4] }, {}, 0.25],
  [{ $divide: [decimal('1'), 8] }, {}, decimal('0.125')],
  [{ $mod: [-5, 3] }, {}, -2],
  [{ $round: [2.5] }, {}, 2],
  [{ $round: [1.125, 2] }, {}, 1.12],
  [{ $round: [1234, -2] }, {}, 1200],
  [{ $trunc: [-1.9] }, {}, -1],
  [{ $floor: -1.5 }, {}, -2],
  [{ $ceil: 1.2 }, {}, 2],
  [{ $sum: ['$a', '$b'] }, { a: 1, b: decimal('2') }, decimal('3')],
  [{ $avg: '$a' }, { a: [1, 2, 'x'] }, 1.5],
  [{ $max: '$a' }, { a: [1, 'x', null] }, 'x'],
  [{ $min: ['$a', 3] }, { a: null }, 3],
  [{ $first: '$a' }, { a: [id, 2] }, id],
  [{ $last: '$a' }, { a: [1, 2] }, 2],
  [{ $sortArray: { input: '$a', sortBy: -1 } }, { a: [1, 'x', null] }, ['x', 1, null]],
  [{ $sortArray: { input: '$a', sortBy: { b: 1 } } }, { a: [{ b: 2 }, { b: 1 }] }, [{ b: 1 }, { b: 2 }]],
  [{ $mergeObjects: ['$a', { y: 2 }, null] }, { a: { x: 1 } }, { x: 1, y: 2 }],
  [{ $map: { input: '$a', as: 'n', in: { $multiply: ['$$n', '$k'] } } }, { a: [1, 2], k: 3 }, [3, 6]],
  [{ $filter: { input: '$a', cond: { $gt: ['$$this', 1] } } }, { a: [1, 2] }, [2]],
  [{ $reduce: { input: '$a', initialValue: 0, in: { $add: ['$$value', '$$this'] } } }, { a: [1, 2] }, 3],
  [{ $let: { vars: { x: { $add: [1, 1] } }, in: { $multiply: ['$$x', '$a'] } } }, { a: 3 }, 6],
  [{ $cond: { if: { $gt: ['$a', 1] }, then: 'big', else: 'small' } }, { a: 3 }, 'big'],
  [{ $switch: { branches: [{ case: { $eq: ['$a', 1] }, then: 'one' }], default: 'other' } }, { a: 2 }, 'other'],
  [{ $dateAdd: { startDate: '$d', unit: 'day', amount: 1 } }, { d: new Date(0) }, new Date(86_400_000)],
  [{ $dateToString: { date: '$d', format: '%Y-%m-%d' } }, { d: new Date(0) }, '1970-01-01'],
  [{ $dateTrunc: { date: '$d', unit: 'hour' } }, { d: new Date(3_700_000) }, new Date(3_600_000)],
  [{ $year: '$d' }, { d: new Date(0) }, 1970],
  [{ $year: ['$d'] }, { d: new Date(0) }, 1970],
  [{ $year: '$none' }, {}, null],
  [{ $year: '$a' }, { a: id }, 2024],
  [{ $hour: { date: '$d', timezone: '+02:00' } }, { d: new Date(0) }, 2],
  [{ $dateAdd: { startDate: null, unit: 'day', amount: 1 } }, {}, null],
  [{ $dateDiff: { startDate: '$d', endDate: '$none', unit: 'day' } }, { d: new Date(0) }, null],
  [{ $dateToString: { date: '$none', onNull: 'no date' } }, {}, 'no date'],
  [{ $bsonSize: '$$ROOT' }, { a: 1 }, 12],
  [{ $concat: ['a', '$b'] }, { b: 'c' }, 'ac'],
  [{ $toUpper: '$a' }, { a: 'x' }, 'X'],
  [{ $regexMatch: { input: '$a', regex: '^X', options: 'i' } }, { a: 'xy' }, true],
  [{ $split: ['a,b', ','] }, {}, ['a', 'b']],
  [{ $trim: { input: '  a ' } }, {}, 'a'],
  [{ $range: [0, 3] }, {}, [0, 1, 2]],
  [{ $zip: { inputs: ['$a', '$a'] } }, { a: [1] }, [[1, 1]]],
  [{ $objectToArray: '$a' }, { a: { x: 1 } }, [{ k: 'x', v: 1 }]],
  [{ $arrayToObject: [[['x', 1]]] }, {}, { x: 1 }],
  [{ $getField: { field: 'a.b', input: '$$ROOT' } }, { 'a.b': 1 }, 1],
  [{ $slice: ['$a', -1] }, { a: [1, 2] }, [2]],
  [{ $literal: '$a' }, {}, '$a'],
  [{ $sqrt: decimal('4') }, {}, decimal('2')],
];

describe('an expression', () => {
  test.each(EXPRESSIONS)('%j on %j gives %j', (expression, document, expected) => {
    expect(compileExpression(expression)(document)).toEqual(expected);
  });

  test('with $function is refused', () => {
    expect(() => compileExpression({ $function: { body: 'x', args: [], lang: 'js' } })).toThrow(/refused/);
  });
});

const orders: readonly Fields[] = [
  { _id: 1, k: id, n: 1, t: 'a' },
  { _id: 2, k: new ObjectId(id.toHexString()), n: Long.fromNumber(2), t: 'b' },
  { _id: 3, k: null, n: decimal('0.5'), t: 'a' },
  { _id: 4, n: 4, t: 'c' },
];

describe('a pipeline', () => {
  test('groups equal keys of different objects and null with missing', () => {
    const result = run(
      [{ $group: { _id: '$k', n: { $sum: '$n' }, t: { $addToSet: '$t' }, c: { $count: {} } } }],
      orders,
    );
    expect(result).toEqual([
      { _id: id, n: 3, t: ['a', 'b'], c: 2 },
      { _id: null, n: decimal('4.5'), t: ['a', 'c'], c: 2 },
    ]);
  });

  test('groups 1, Long(1) and Decimal128(1.0) together', () => {
    const documents = [{ a: 1 }, { a: Long.fromNumber(1) }, { a: decimal('1.0') }];
    expect(run([{ $group: { _id: '$a', c: { $sum: 1 } } }], documents)).toEqual([{ _id: 1, c: 3 }]);
  });

  test('sorts, projects and computes', () => {
    const stages = [
      { $sort: { t: -1, _id: 1 } },
      { $project: { _id: 0, t: 1, double: { $multiply: ['$n', 2] } } },
      { $limit: 2 },
    ];
    expect(run(stages, orders)).toEqual([
      { t: 'c', double: 8 },
      { t: 'b', double: 4 },
    ]);
  });

  test('unwinds without changing the source', () => {
    const source = { _id: 1, a: { b: [1, 2] } };
    expect(run([{ $unwind: { path: '$a.b', includeArrayIndex: 'i' } }], [source])).toEqual([
      { _id: 1, a: { b: 1 }, i: Long.fromNumber(0) },
      { _id: 1, a: { b: 2 }, i: Long.fromNumber(1) },
    ]);
    expect(source).toEqual({ _id: 1, a: { b: [1, 2] } });
  });
});

describe('stages of a pipeline in the context', () => {
  test('fills buckets', () => {
    const stage = { $bucket: { groupBy: '$n', boundaries: [0, 2, 5], output: { ids: { $push: '$_id' } } } };
    expect(run([stage], orders)).toEqual([
      { _id: 0, ids: [1, 3] },
      { _id: 2, ids: [2, 4] },
    ]);
  });

  test('runs facets, windows and counts of mingo with our operators', () => {
    const facet = { $facet: { count: [{ $count: 'n' }], by: [{ $sortByCount: '$t' }, { $limit: 1 }] } };
    expect(run([facet], orders)).toEqual([{ count: [{ n: 4 }], by: [{ _id: 'a', count: 2 }] }]);
    const window = {
      $setWindowFields: {
        sortBy: { _id: 1 },
        output: { run: { $sum: '$n', window: { documents: ['unbounded', 'current'] } } },
      },
    };
    expect(run([window, { $project: { run: 1 } }], orders.slice(0, 2))).toEqual([
      { _id: 1, run: 1 },
      { _id: 2, run: 3 },
    ]);
  });

  test('counts nothing of nothing', () => {
    expect(run([{ $count: 'n' }], [])).toEqual([]);
  });

  test('spreads over automatic buckets', () => {
    const documents = [{ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }];
    expect(run([{ $bucketAuto: { groupBy: '$a', buckets: 2 } }], documents)).toEqual([
      { _id: { min: 1, max: 3 }, count: 2 },
      { _id: { min: 3, max: 4 }, count: 2 },
    ]);
  });

  test('takes the best of a group by $topN', () => {
    const stage = { $group: { _id: null, best: { $topN: { n: 2, sortBy: { _id: -1 }, output: '$_id' } } } };
    expect(run([stage], orders)).toEqual([{ _id: null, best: [4, 3] }]);
  });

  test('sets nested fields', () => {
    expect(run([{ $set: { 'a.b': 1, 'c.d': '$x' } }], [{ a: [{ z: 1 }], x: 2 }])).toEqual([
      { a: [{ z: 1, b: 1 }], x: 2, c: { d: 2 } },
    ]);
  });
});

describe('the fields that a pipeline needs', () => {
  test.each<[Fields[], string[] | 'all']>([
    [
      [{ $match: { 'a.b': 1 } }, { $group: { _id: '$c', n: { $sum: '$d.e' } } }],
      ['a', 'c', 'd'],
    ],
    [[{ $match: { a: 1 } }], 'all'],
    [[{ $project: { x: 1, y: '$z' } }], ['_id', 'x', 'z']],
    [[{ $group: { _id: null, all: { $push: '$$ROOT' } } }], 'all'],
    [[{ $match: { a: 1 } }, { $count: 'n' }], ['a']],
    [[{ $unknown: 1 }, { $count: 'n' }], 'all'],
  ])('of %j are %j', (pipeline, expected) => {
    const fields = requiredFields(pipeline);
    expect(fields === 'all' ? fields : Array.from(fields).sort()).toEqual(expected);
  });
});
