import type { Language } from './languages.ts';

/** How tokens are made; all off gives the tokens that are indexed, stop words included. */
export interface TokenOptions {
  readonly skipStopWords?: boolean;
  readonly keepCase?: boolean;
  readonly keepDiacritics?: boolean;
}

/**
 * The properties by which MongoDB parts words, for text indexes of version 3; Unicode's own "Hyphen", which regular
 * expressions do not know, is spelled out.
 * Source: src/mongo/db/fts/unicode/gen_delimiter_list.py of MongoDB 7.0.
 */
const DELIMITERS =
  '\\p{White_Space}\\p{Dash}\\p{Quotation_Mark}\\p{Terminal_Punctuation}\\p{Pattern_Syntax}\\p{Sentence_Terminal}' +
  '\\u00AD\\u058A\\u1806\\u2010\\u2011\\u2E17\\u30FB\\uFE63\\uFF0D\\uFF65';
const WORDS = new RegExp(`[^${DELIMITERS}]+`, 'gu');
const WORDS_WITH_APOSTROPHES = new RegExp(`(?:[^${DELIMITERS}]|')+`, 'gu');
const ASCII = /^[\0-\x7f]*$/u;
const DIACRITICS = /\p{Diacritic}/gu;

/** Text with accents and other marks taken off its letters. */
export function stripDiacritics(text: string): string {
  return ASCII.test(text) ? text : text.normalize('NFD').replace(DIACRITICS, '').normalize('NFC');
}

/** The words of a text in order, folded and stemmed by the rules of its language. */
export function tokensOf(text: string, language: Language, options: TokenOptions = {}): string[] {
  const tokens: string[] = [];
  for (const word of text.match(language.keepsApostrophes ? WORDS_WITH_APOSTROPHES : WORDS) ?? []) {
    const lower = language.toLowerCase(word);
    if (options.skipStopWords === true && language.isStopWord(lower)) continue;
    // Stems depend on accents, so these go last.
    const stem = language.stem(options.keepCase === true ? word : lower);
    tokens.push(options.keepDiacritics === true ? stem : stripDiacritics(stem));
  }
  return tokens;
}
