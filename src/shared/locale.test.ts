import { expect, test } from '@jest/globals';
import { acceptedLanguages, acceptedLocale, localeOf } from './locale.ts';

test.each([
  [undefined, []],
  ['', []],
  ['de', ['de']],
  ['de-AT,en;q=0.5', ['de', 'en']],
  ['en;q=0.5, DE', ['de', 'en']],
  ['fr ; q=0.2 , zh-Hant-TW;q=0.9, en;q=0.9', ['zh', 'en', 'fr']],
  ['en;q=0, de;q=0.000', []],
  ['*, de;q=0.1', ['de']],
  ['english, d, de_AT, en;q=2, it;q=x, ;q=1, es', ['es']],
  ['en;q=1.9, de;q=1.001, it;q=1.0, es;q=1.000, pt;q=0.9999', ['it', 'es']],
])('Accept-Language %p names the languages %j, the most wanted first', (header, languages) => {
  expect(acceptedLanguages(header)).toEqual(languages);
});

test.each([
  ['fr, de;q=0.9', 'de'],
  ['fr, en;q=0.4, de-CH;q=0.8', 'de'],
  ['en;q=1.9, de', 'de'],
  ['fr, en;q=0', undefined],
  [undefined, undefined],
])('Accept-Language %p is answered in %p of the languages that there are', (header, locale) => {
  expect(acceptedLocale(header)).toBe(locale);
});

test('the first language wished for that there is one writes in, and English where there is none', () => {
  expect(localeOf(...acceptedLanguages('fr, en;q=0.4, de-CH;q=0.8'))).toBe('de');
  expect(localeOf(null, undefined, 'fr', 'de-AT', 'en')).toBe('de');
  expect(localeOf('fr')).toBe('en');
});
