import type { PipelineStage } from 'mongoose';
import type { Unit } from './analytics.model.ts';
import { scoreExpression, WEIGHTS } from './trending.ts';

/** First by all that is told apart: what follows then has few rows to go through. */
const finest: PipelineStage = {
  $group: {
    _id: { merchantId: '$merchantId', type: '$type', subjectId: '$subjectId', hour: '$hour', day: '$day' },
    count: { $sum: 1 },
    value: { $sum: '$value' },
  },
};

const hour = {
  unit: 'hour',
  slot: { $dateToString: { date: '$_id.hour', format: '%Y-%m-%dT%H:00Z' } },
  subjectId: null,
};
const day = { unit: 'day', slot: '$_id.day', subjectId: null };
const dayOfSubject = { ...day, subjectId: '$_id.subjectId' };

/** Events -> rows, by hour in all, by day in all, and by day and subject. */
export function countBySlot(unit?: Unit): PipelineStage[] {
  const inAll = [...(unit === 'day' ? [] : [hour]), ...(unit === 'hour' ? [] : [day])];
  const hasSubject = { $ne: ['$_id.subjectId', null] };
  const ofSubject = unit === 'hour' ? [] : { $cond: [hasSubject, [dayOfSubject], []] };
  return [
    finest,
    { $project: { _id: 1, count: 1, value: 1, grain: { $concatArrays: [inAll, ofSubject] } } },
    { $unwind: '$grain' },
    {
      $group: {
        _id: {
          merchantId: '$_id.merchantId',
          unit: '$grain.unit',
          slot: '$grain.slot',
          type: '$_id.type',
          subjectId: '$grain.subjectId',
        },
        count: { $sum: '$count' },
        value: { $sum: '$value' },
      },
    },
    { $replaceWith: { $mergeObjects: ['$_id', { _id: '$_id', count: '$count', value: '$value' }] } },
  ];
}

/** Events -> one row a product. */
export const countTrends = (): PipelineStage[] => [
  { $match: { type: { $in: Object.keys(WEIGHTS) }, subjectId: { $ne: null } } },
  {
    $group: {
      _id: { merchantId: '$merchantId', subjectId: '$subjectId', type: '$type', hour: '$hour' },
      count: { $sum: 1 },
    },
  },
  { $group: { _id: '$_id.subjectId', merchantId: { $first: '$_id.merchantId' }, score: { $sum: scoreExpression } } },
];

type Target = 'analytics_rollups' | 'analytics_trends';

/** Adds rows to those that are there, unless the batches up to `through` are counted in them already. */
export function addUp(into: Target, through: number, fields: readonly string[]): PipelineStage[] {
  const sums = fields.map((field) => {
    const sum = { $add: [`$${field}`, `$$new.${field}`] };
    return [field, { $cond: [{ $lt: ['$through', through] }, sum, `$${field}`] }] as const;
  });
  const change = { ...Object.fromEntries(sums), through: { $max: ['$through', through] } };
  return [
    { $set: { through, rebuild: null } },
    { $merge: { into, on: '_id', whenMatched: [{ $set: change }], whenNotMatched: 'insert' } },
  ];
}

/** Puts rows in the place of those in which nothing behind `through` is counted. */
export function replaceOlder(into: Target, through: number, rebuild: string): PipelineStage[] {
  const isOlder = { $lte: ['$through', through] };
  return [
    { $set: { through, rebuild } },
    {
      $merge: {
        into,
        on: '_id',
        whenMatched: [{ $replaceWith: { $cond: [isOlder, '$$new', '$$ROOT'] } }],
        whenNotMatched: 'insert',
      },
    },
  ];
}
