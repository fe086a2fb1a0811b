import { expect, test } from '@jest/globals';
import { differenceOf } from './difference.ts';

test('of two states only the named members that differ by value are told', () => {
  const before = { title: 'Mug', price: { amount: 1 }, tags: ['a'], version: 1 };
  const after = { title: 'Mug', price: { amount: 2 }, tags: ['a'], version: 2 };
  expect(differenceOf(before, after, ['title', 'price', 'tags'])).toEqual({
    before: { price: { amount: 1 } },
    after: { price: { amount: 2 } },
  });
});
