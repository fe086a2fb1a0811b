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
