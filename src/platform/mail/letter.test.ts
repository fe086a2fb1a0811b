import { expect, test } from '@jest/globals';
import { writeLetter } from './letter.ts';

const hostile = `<img src=x onerror="alert('1')">&`;

test('what a user typed shows as typed, in text and in HTML', () => {
  const { text, html } = writeLetter({
    subject: 'Welcome',
    greeting: `Hello ${hostile},`,
    paragraphs: [hostile],
    action: { label: hostile, url: `https://shop.example/?a="${hostile}` },
    footnote: hostile,
  });
  expect(text).toContain(`Hello ${hostile},`);
  expect(html).not.toContain('<img');
  expect(html).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;');
});

test('a subject cannot begin a header of its own', () => {
  const { subject } = writeLetter({ subject: 'Join A\r\nBcc: all@example.com', greeting: 'Hello', paragraphs: [] });
  expect(subject).toBe('Join A Bcc: all@example.com');
});

test('a bill shows the same rows in text and in HTML, between what was said and the ending', () => {
  const { text, html } = writeLetter({
    subject: 'Order',
    greeting: 'Hello',
    paragraphs: ['You bought:'],
    bill: [{ what: `2 × ${hostile}`, price: 'EUR 5.00' }],
    ending: 'Thank you.',
  });
  expect(text).toBe(`Hello\n\nYou bought:\n\n  2 × ${hostile}: EUR 5.00\n\nThank you.\n`);
  expect(html).toMatch(/You bought:.*2 × &lt;img.*EUR 5\.00.*Thank you/s);
});
