import { expect, test } from '@jest/globals';
import { add, allocate, Money, times } from './money.ts';

const eur = (amount: number) => ({ amount, currency: 'EUR' });

test('an allocation of 100 in three equal parts gives the unit left over to the first', () => {
  expect(allocate(eur(100), [1, 1, 1])).toEqual([eur(34), eur(33), eur(33)]);
});

test('an allocation gives the unit left over to the largest remainder, and nothing to a weight of zero', () => {
  expect(allocate(eur(10), [1, 0, 2])).toEqual([eur(3), eur(0), eur(7)]);
});

test.each([0, 1, 7, 99_999, Number.MAX_SAFE_INTEGER])('the parts of an allocated %i add up to it', (amount) => {
  const [first = eur(0), ...rest] = allocate(eur(amount), [3, 7, 11, 13]);
  expect(add(first, ...rest)).toEqual(eur(amount));
});

test('two currencies are refused, not added', () => {
  expect(() => add(eur(1), { amount: 1, currency: 'USD' })).toThrow(RangeError);
});

test('a price times a quantity stays exact, and past the exact integers it is refused', () => {
  expect(times(eur(1999), 3)).toEqual(eur(5997));
  expect(() => times(eur(Number.MAX_SAFE_INTEGER), 2)).toThrow(RangeError);
});

test.each([19.99, '1999', NaN])('an amount of %j is no money and is refused', (amount) => {
  expect(Money.safeParse({ amount, currency: 'EUR' }).success).toBe(false);
});
