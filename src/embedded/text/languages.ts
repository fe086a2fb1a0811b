import { createRequire } from 'node:module';
import { STOP_WORDS } from './stop-words.ts';

/** What MongoDB's text search knows of a language. */
export interface Language {
  /** In English, lower case; `none` for simple tokens without stop words and stems. */
  readonly name: string;
  readonly isStopWord: (lowerCaseWord: string) => boolean;
  readonly stem: (word: string) => string;
  readonly toLowerCase: (text: string) => string;
  /** Whether an apostrophe is part of a word, as in the English "don't". */
  readonly keepsApostrophes: boolean;
}

/** Source: https://www.mongodb.com/docs/manual/reference/text-search-languages/ */
const NAME_BY_CODE: Readonly<Record<string, string>> = {
  none: 'none',
  da: 'danish',
  nl: 'dutch',
  en: 'english',
  fi: 'finnish',
  fr: 'french',
  de: 'german',
  hu: 'hungarian',
  it: 'italian',
  nb: 'norwegian',
  pt: 'portuguese',
  ro: 'romanian',
  ru: 'russian',
  es: 'spanish',
  sv: 'swedish',
  tr: 'turkish',
};

const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(NAME_BY_CODE).flatMap(([code, name]) => [
    [code, name],
    [name, name],
  ]),
);

interface Stemmer {
  stem(word: string): string;
}

interface SnowballStemmers {
  readonly newStemmer: (algorithm: string) => Stemmer;
}

const require = createRequire(import.meta.url);
const loaded = new Map<string, Language>();

/** The language of this name or two-letter code, in any case; `undefined` where MongoDB knows none. */
export function findLanguage(nameOrCode: string): Language | undefined {
  const name = NAMES.get(nameOrCode.toLowerCase());
  if (name === undefined) return undefined;
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const stopWords = new Set(STOP_WORDS[name]);
  const language: Language = {
    name,
    isStopWord: (word) => stopWords.has(word),
    stem: stemmerOf(name),
    toLowerCase: name === 'turkish' ? (text) => text.toLocaleLowerCase('tr') : (text) => text.toLowerCase(),
    keepsApostrophes: name === 'english',
  };
  loaded.set(name, language);
  return language;
}

/** Texts repeat their words, and a stem takes microseconds: so many are remembered. */
const MOST_REMEMBERED_WORDS = 20_000;
const LONGEST_REMEMBERED_WORD = 32;

function stemmerOf(name: string): (word: string) => string {
  if (name === 'none') return (word) => word;
  // 850 kB of code, which most servers never need: loaded with the first text index.
  const { newStemmer } = require('snowball-stemmers') as SnowballStemmers;
  const stemmer = newStemmer(name);
  const remembered = new Map<string, string>();
  return (word) => {
    if (word.length > LONGEST_REMEMBERED_WORD) return stemmer.stem(word);
    let stem = remembered.get(word);
    if (stem === undefined) {
      stem = stemmer.stem(word);
      if (remembered.size >= MOST_REMEMBERED_WORDS) remembered.clear();
      remembered.set(word, stem);
    }
    return stem;
  };
}
