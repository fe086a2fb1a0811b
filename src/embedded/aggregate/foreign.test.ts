import { describe, expect, test } from '@jest/globals';
import { boundFilter } from './foreign.ts';

describe('boundFilter', () => {
  const filter = { $expr: { $and: [{ $eq: ['$sku', '$$sku'] }, { $gt: ['$n', 1] }] } };

  test('with a value in the variable, adds the equality as a plain condition', () => {
    expect(boundFilter(filter, { sku: 'a' })).toEqual({ $and: [filter, { sku: { $eq: 'a' } }] });
  });

  test.each([[null], [undefined], [['a']], [/a/]])(
    'with %p in the variable, which a condition would take otherwise, adds nothing',
    (sku) => {
      expect(boundFilter(filter, { sku })).toBe(filter);
    },
  );

  test('follows the path of a variable', () => {
    const nested = { $expr: { $eq: ['$$order.sku', '$sku'] } };
    expect(boundFilter(nested, { order: { sku: 'b' } })).toEqual({ $and: [nested, { sku: { $eq: 'b' } }] });
  });
});
