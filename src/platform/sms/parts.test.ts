import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countParts } from './parts.ts';

test.each([
  ['a short text', 'Hello', 'gsm-7', 1],
  ['an empty text', '', 'gsm-7', 1],
  ['160 places', 'ä'.repeat(160), 'gsm-7', 1],
  ['161 places', 'a'.repeat(161), 'gsm-7', 2],
  ['306 places', 'a'.repeat(306), 'gsm-7', 2],
  ['307 places', 'a'.repeat(307), 'gsm-7', 3],
  ['80 characters of the extension', '€'.repeat(80), 'gsm-7', 1],
  ['81 characters of the extension', '€'.repeat(81), 'gsm-7', 2],
  // 153 is odd: the escape and its character are not parted, so that 76 fit into each part.
  ['153 characters of the extension', '€'.repeat(153), 'gsm-7', 3],
  ['a character outside of GSM 03.38', 'ç'.repeat(70), 'ucs-2', 1],
  ['71 of them', 'ç'.repeat(71), 'ucs-2', 2],
  ['134 of them', 'ç'.repeat(134), 'ucs-2', 2],
  ['135 of them', 'ç'.repeat(135), 'ucs-2', 3],
  ['35 emoji, of two places each', '🙂'.repeat(35), 'ucs-2', 1],
  // 67 is odd as well: 33 fit into each part.
  ['67 emoji', '🙂'.repeat(67), 'ucs-2', 3],
  ['a curly quote among 150 letters', `${'a'.repeat(149)}’`, 'ucs-2', 3],
])('%s: %#', (_what, text, encoding, parts) => {
  expect(countParts(text)).toEqual({ encoding, parts });
});

test('a longer text never makes fewer parts', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.string({ maxLength: 10 }), (text, more) => {
      expect(countParts(text + more).parts).toBeGreaterThanOrEqual(countParts(text).parts);
    }),
  );
});
