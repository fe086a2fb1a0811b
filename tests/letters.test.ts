import { expect, test } from '@jest/globals';
import { LETTER_KINDS } from '../src/features/identity/letter.model.ts';
import { accountLetter } from '../src/features/identity/letters.ts';
import { invitationLetter } from '../src/features/merchants/invitation.letter.ts';
import { cancellationMail, confirmationMail } from '../src/features/orders/order.mails.ts';
import { reportLetter } from '../src/features/reports/report.letter.ts';
import { lowStockLetter } from '../src/features/stock/low-stock.letter.ts';
import type { Letter } from '../src/platform/mail/letter.ts';
import { Id, newId } from '../src/shared/ids.ts';
import { LOCALES, type Locale } from '../src/shared/locale.ts';

const HOSTILE = `<img src=x onerror="alert('1')">&`;
const PUBLIC_URL = 'https://shop.example';
const STORE = { logoUrl: 'https://shop.example/logo.svg?a=1&b="2"', accentColor: '#1e90ff' };

/** Every letter that the product sends, about somebody and something of the worst names. */
function lettersIn(locale: Locale, name: string): Readonly<Record<string, Letter>> {
  const look = { brand: { name, ...STORE }, locale };
  const eur = (amount: number) => ({ amount, currency: 'EUR' });
  const line = {
    productId: Id.encode(newId()),
    sku: 'mug',
    title: name,
    quantity: 2,
    unitPrice: eur(5),
    amount: eur(10),
  };
  const order = { number: '7K2QX-93MVD', payment: 'none' as const, total: eur(1_010), lines: [line] };
  const links = { token: 'the-token', publicUrl: PUBLIC_URL };
  const levels = [{ sku: name, available: 2, lowStockAt: 5 }];
  const unsubscribeUrl = `${PUBLIC_URL}/callbacks/unsubscribe/the-token`;
  const file = {
    url: `${PUBLIC_URL}/files?token=the-token`,
    expiresAt: new Date('2026-04-07T23:00:00Z'),
    timeZone: 'Europe/Berlin',
  };
  return {
    ...Object.fromEntries(
      LETTER_KINDS.map((kind) => [kind, accountLetter(kind, { reader: { name, locale }, ...links })]),
    ),
    invitation: invitationLetter({ look, inviterName: name, role: 'manager', ...links }),
    confirmation: confirmationMail({ look, customerName: name, order }),
    cancellation: cancellationMail({ look, customerName: name, order: { ...order, payment: 'refunded' } }),
    report: reportLetter({ look, kind: 'sales', from: '2026-03-01', until: '2026-04-01', ...file }),
    'report-as-of': reportLetter({
      ...{ look, kind: 'inventory', from: '2026-03-01', until: '2026-04-01', ...file },
      asOf: new Date('2026-03-31T23:30:00Z'),
    }),
    'report-of-schedule': reportLetter({
      ...{ look, kind: 'sales', from: '2026-03-01', until: '2026-04-01', unsubscribeUrl },
      ...file,
    }),
    'low-stock': lowStockLetter({ look, readerName: name, levels, unsubscribeUrl }),
  };
}

const all = LOCALES.flatMap((locale) => Object.keys(lettersIn(locale, 'Ada')).map((kind) => [locale, kind] as const));
const letterOf = (locale: Locale, kind: string, name = 'Ada'): Letter => {
  const letter = lettersIn(locale, name)[kind];
  if (letter === undefined) throw new Error(`There is no letter ${kind}`);
  return letter;
};

test.each(all)('%s %s: reads as it was read by people', (locale, kind) => {
  const { subject, text } = letterOf(locale, kind);
  expect(`${subject}\n\n${text}`).toMatchSnapshot();
});

test.each(all)('%s %s: whatever a name holds shows as typed, and nothing is left open', (locale, kind) => {
  const { subject, text, html } = letterOf(locale, kind, HOSTILE);
  expect(html).not.toMatch(/<img src=x|onerror="/);
  for (const form of [subject, text, html]) expect(form).not.toMatch(/undefined|null|NaN|\[object|\$\{/);
  expect(html).toContain(`<html lang="${locale}">`);
});

const VOID = new Set(['img', 'meta', '!doctype']);

test.each(all)('%s %s: each element of its HTML is closed, each attribute quoted, each link whole', (locale, kind) => {
  const { text, html } = letterOf(locale, kind, HOSTILE);
  const open: string[] = [];
  for (const [tag, slash, name = ''] of html.matchAll(/<(\/?)([!a-z][a-z\d]*)[^>]*>/g)) {
    expect(tag.replaceAll(/="[^"]*"/g, '')).not.toMatch(/["'=]/);
    if (slash === '/') expect(open.pop()).toBe(name);
    else if (!VOID.has(name)) open.push(name);
  }
  expect(open).toEqual([]);
  const hrefs = Array.from(html.matchAll(/href="([^"]*)"/g), ([, href = '']) => href);
  for (const href of hrefs) {
    expect(href.startsWith(`${PUBLIC_URL}/`)).toBe(true);
    // Who reads plain text gets the same.
    expect(text).toContain(href.replaceAll('&amp;', '&'));
  }
});

test.each(all.filter(([locale]) => locale !== 'en'))('%s %s: is not in English', (locale, kind) => {
  const [own, english] = [letterOf(locale, kind), letterOf('en', kind)];
  expect(own.subject).not.toBe(english.subject);
  expect(own.text).not.toMatch(/\b(your|the link|please|hello)\b/i);
});
