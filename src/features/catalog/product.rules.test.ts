import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { excerptOf, lowestPrice, slugOf } from './product.rules.ts';
import { Slug } from './product.schema.ts';

test('a slug is empty or valid, whatever the title', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (title) => {
      const slug = slugOf(title);
      expect(slug === '' || Slug.safeParse(slug).success).toBe(true);
    }),
  );
  expect(slugOf('Crème Brûlée  №5')).toBe('creme-brulee-no5');
  expect(slugOf('茶碗')).toBe('');
});

test('an excerpt begins the text, is bounded, and says whether that was all', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (text) => {
      const { excerpt, truncated } = excerptOf(text);
      expect(text.startsWith(excerpt)).toBe(true);
      expect(Array.from(excerpt).length).toBeLessThanOrEqual(160);
      expect(truncated).toBe(excerpt.length < text.length);
    }),
  );
});

test('the lowest price is one of the prices, and none is lower', () => {
  const prices = fc.array(fc.nat(), { minLength: 1 });
  fc.assert(
    fc.property(prices, (amounts) => {
      const variants = amounts.map((amount) => ({ price: { amount, currency: 'EUR' } }));
      expect(lowestPrice(variants).amount).toBe(Math.min(...amounts));
    }),
  );
  expect(() => lowestPrice([])).toThrow(RangeError);
});
