import { describe, expect, test } from '@jest/globals';
import { findLanguage, type Language } from './languages.ts';
import { stripDiacritics, tokensOf } from './tokens.ts';

function language(name: string): Language {
  const found = findLanguage(name);
  if (found === undefined) throw new Error(`no language ${name}`);
  return found;
}

describe('tokensOf', () => {
  test.each([
    ['english', 'Running shoes, for the runner!', ['run', 'shoe', 'runner']],
    ['english', "don't the cat's pyjamas", ['cat', 'pyjama']],
    ['english', 'snake_case e-mail 30%-off', ['snake_cas', 'e', 'mail', '30']],
    ['english', 'Crème brûlée', ['creme', 'brulee']],
    ['de', 'Die Häuser der Mädchen', ['haus', 'madch']],
    ['french', "L'école des bibliothèques", ['ecol', 'bibliothequ']],
    ['ru', 'и кошками', ['кошк']],
    ['none', "The Runners' don't", ['the', 'runners', 'don', 't']],
    ['turkish', 'ILIK İzmir', ['ılık', 'izmir']],
    ['english', ' \t—«»…!? ', []],
    ['none', '日本、東京 サーバー', ['日本', '東京', 'サハ']],
  ])('in %s, "%s" becomes the terms %j', (name, text, expected) => {
    expect(tokensOf(text, language(name), { skipStopWords: true })).toEqual(expected);
  });

  test('stop words stay unless they are to be skipped', () => {
    expect(tokensOf('the end', language('english'))).toEqual(['the', 'end']);
  });

  test('case and accents stay where a search tells them apart', () => {
    expect(tokensOf('Café', language('none'), { keepCase: true })).toEqual(['Cafe']);
    expect(tokensOf('Café', language('none'), { keepDiacritics: true })).toEqual(['café']);
  });
});

describe('stripDiacritics', () => {
  test('marks go, composed or not, and other scripts stay whole', () => {
    expect(stripDiacritics('naïve nai\u0308ve Ångström 한국 ascii')).toBe('naive naive Angstrom 한국 ascii');
  });
});

describe('findLanguage', () => {
  test('codes and names in any case find a language, others do not', () => {
    expect(findLanguage('EN')?.name).toBe('english');
    expect(findLanguage('Norwegian')?.name).toBe('norwegian');
    expect(findLanguage('klingon')).toBeUndefined();
    expect(findLanguage('constructor')).toBeUndefined();
  });

  test.each(
    'danish dutch english finnish french german hungarian italian norwegian portuguese romanian russian spanish swedish turkish'.split(
      ' ',
    ),
  )('%s has stop words and stems', (name) => {
    const { isStopWord, stem } = language(name);
    const common = ['i', 'de', 'og', 'in', 'ja', 'et', 'und', 'az', 'di', 'o', 'în', 'и', 'y', 'och', 've', 'and'];
    expect(common.some((word) => isStopWord(word))).toBe(true);
    expect(stem('')).toBe('');
  });
});
