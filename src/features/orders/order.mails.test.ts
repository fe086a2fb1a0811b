import { expect, test } from '@jest/globals';
import type { Look } from '../../platform/mail/brand.ts';
import type { Locale } from '../../shared/locale.ts';
import { Id, newId } from '../../shared/ids.ts';
import { cancellationMail, confirmationMail, inWords, type OrderMailFacts } from './order.mails.ts';

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const look = (locale: Locale, name = 'Mugs & More'): Look => ({
  brand: { name, logoUrl: null, accentColor: null },
  locale,
});
const facts = (changes: Partial<OrderMailFacts['order']> = {}): OrderMailFacts => ({
  look: look('en'),
  customerName: '<script>alert(1)</script>',
  order: {
    number: '7K2QX-93MVD',
    payment: 'none',
    total: eur(3_998),
    lines: [
      {
        productId: Id.encode(newId()),
        sku: 'mug',
        title: '<b>Mug</b> "large"',
        quantity: 2,
        unitPrice: eur(1_999),
        amount: eur(3_998),
      },
    ],
    ...changes,
  },
});

test('a confirmation tells the same in text and in HTML, and no name becomes markup', () => {
  const { subject, text, html } = confirmationMail(facts());
  expect(subject).toBe('Your order 7K2QX-93MVD at Mugs & More');
  expect(text).toContain('2 × <b>Mug</b> "large": EUR 39.98');
  expect(html).toContain('2 × &lt;b&gt;Mug&lt;/b&gt; &quot;large&quot;');
  expect(html).toContain('Mugs &amp; More');
  expect(html).not.toMatch(/<script|<b>/);
});

test('a store’s name cannot add a header to the mail', () => {
  expect(confirmationMail({ ...facts(), look: look('en', 'A\r\nBcc: x@example.test') }).subject).not.toMatch(/[\r\n]/);
});

test('a cancellation speaks of money only where some was taken', () => {
  expect(cancellationMail(facts()).text).toContain('Nothing was charged');
  expect(cancellationMail(facts({ payment: 'refund-due' })).text).toContain('goes back to your card');
});

test('amounts have as many decimals as their currency', () => {
  expect(inWords(eur(123_456), 'en')).toBe('EUR 1,234.56');
  expect(inWords({ amount: 1_999, currency: 'JPY' }, 'en')).toBe('JPY 1,999');
  expect(inWords({ amount: 1_999, currency: 'KWD' }, 'en')).toBe('KWD 1.999');
  expect(inWords(eur(123_456), 'de')).toBe('1.234,56 EUR');
});
