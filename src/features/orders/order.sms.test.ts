import { expect, test } from '@jest/globals';
import { countParts } from '../../platform/sms/parts.ts';
import { LOCALES, type Locale } from '../../shared/locale.ts';
import { cancellationText, confirmationText, type OrderTextFacts } from './order.sms.ts';

function factsOf(locale: Locale, name: string, payment: 'none' | 'refunded' = 'none'): OrderTextFacts {
  const look = { brand: { name, logoUrl: null, accentColor: null }, locale };
  return { look, order: { number: '7K2QX-93MVD', payment, total: { amount: 123_456, currency: 'EUR' }, lines: [] } };
}

const textsIn = (locale: Locale, name: string) => [
  confirmationText(factsOf(locale, name)),
  cancellationText(factsOf(locale, name)),
  cancellationText(factsOf(locale, name, 'refunded')),
];

test.each(LOCALES)('%s: the texts about orders read as they were read by people, each in one part', (locale) => {
  const texts = textsIn(locale, 'Mugs & More');
  expect(texts).toMatchSnapshot();
  for (const text of texts) expect(countParts(text)).toEqual({ encoding: 'gsm-7', parts: 1 });
});

test.each(LOCALES)(
  '%s: a name of the worst kind stays on its line and costs no more than two parts in GSM 03.38',
  (locale) => {
    for (const text of textsIn(locale, `A\n\r\u0007 code: 123456 ${'x'.repeat(200)}`)) {
      expect(text).not.toMatch(/\p{Cc}/u);
      expect(text).toMatch(/^A code: 123456 x+\.\.\.: /);
      expect(countParts(text).parts).toBeLessThanOrEqual(2);
    }
  },
);
