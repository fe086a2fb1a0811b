import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newId } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import { orderNumber } from './order.number.ts';
import { amountOf, priceLines, totalOf } from './order.pricing.ts';
import { allowedTransitions, canMove, ORDER_STATES, SOLD_STATES, type OrderState } from './order.state.ts';

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const line = fc.record({
  unitPrice: fc.integer({ min: 0, max: 1e8 }).map(eur),
  quantity: fc.integer({ min: 1, max: 10_000 }),
});
const state = fc.constantFrom(...ORDER_STATES);

test('a total is the exact sum of its lines, in whatever order they stand', () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 50 }), (lines) => {
      const exact = lines.reduce(
        (sum, { unitPrice, quantity }) => sum + BigInt(unitPrice.amount) * BigInt(quantity),
        0n,
      );
      expect(BigInt(totalOf(lines).amount)).toBe(exact);
      expect(totalOf(lines.toReversed())).toEqual(totalOf(lines));
      expect(lines.every((each) => amountOf(each).amount <= totalOf(lines).amount)).toBe(true);
    }),
  );
});

test('an order without lines or of two currencies has no total', () => {
  expect(() => totalOf([])).toThrow(RangeError);
  const dollars = { unitPrice: { amount: 1, currency: 'USD' }, quantity: 1 };
  expect(() => totalOf([dollars, { unitPrice: eur(1), quantity: 1 }])).toThrow(RangeError);
});

test('lines are priced by what is for sale, never by what was sent', () => {
  const variant = { productId: newId(), sku: 'mug', title: 'Mug', price: eur(995) };
  const sent = [{ sku: 'mug', quantity: 3, unitPrice: eur(1) }];
  expect(priceLines(sent, new Map([['mug', variant]]))).toEqual([
    { productId: variant.productId, sku: 'mug', title: 'Mug', quantity: 3, unitPrice: eur(995) },
  ]);
  expect(() => priceLines(sent, new Map())).toThrow(Problem);
});

test('lines priced in two currencies are refused by name, not by a failure', () => {
  const variant = (sku: string, price: { amount: number; currency: string }) =>
    [sku, { productId: newId(), sku, title: sku, price }] as const;
  const sent = ['mug', 'cup', 'pot'].map((sku) => ({ sku, quantity: 1 }));
  const forSale = new Map([
    variant('mug', eur(1)),
    variant('cup', { amount: 1, currency: 'USD' }),
    variant('pot', eur(1)),
  ]);
  const refusal = {
    kind: { code: 'mixed-currencies', status: 409 },
    details: { errors: [{ path: 'body.lines.1.sku' }] },
  };
  let thrown: unknown;
  try {
    priceLines(sent, forSale);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject(refusal);
});

test('wherever an order goes, it gets there by allowed moves and ends', () => {
  fc.assert(
    fc.property(fc.array(state, { maxLength: 30 }), (wishes) => {
      const path = wishes.reduce<OrderState[]>(
        (visited, to) => (canMove(visited.at(-1) ?? 'pending', to) ? [...visited, to] : visited),
        ['pending'],
      );
      // No state twice: no stock is given back twice, and nothing is paid twice.
      expect(new Set(path).size).toBe(path.length);
      expect(path.includes('cancelled') && path.includes('shipped')).toBe(false);
    }),
  );
});

test('what is cancelled or delivered stays so, and what is cancelled was not sold', () => {
  expect(allowedTransitions('cancelled')).toEqual([]);
  expect(allowedTransitions('delivered')).toEqual([]);
  expect(SOLD_STATES).not.toContain('cancelled');
});

test('an order number is drawn of letters that cannot be misread', () => {
  let next = 0;
  expect(orderNumber((below) => next++ % below)).toBe('01234-56789');
  expect(orderNumber(() => 31)).toBe('ZZZZZ-ZZZZZ');
  expect(orderNumber()).toMatch(/^[\dA-HJKMNP-TV-Z]{5}-[\dA-HJKMNP-TV-Z]{5}$/);
});
