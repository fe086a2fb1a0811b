import type { Document } from '../bson/codec.ts';
import { indexedTexts, type IndexedText } from './indexed-texts.ts';
import type { Language } from './languages.ts';
import type { TextOptions } from './text-options.ts';
import type { TextQuery } from './text-query.ts';
import { stripDiacritics, tokensOf } from './tokens.ts';

/** Whether the index alone cannot tell which documents match. */
export function needsDocuments(query: TextQuery): boolean {
  return (
    query.isCaseSensitive ||
    query.isDiacriticSensitive ||
    query.negatedTerms.size > 0 ||
    query.phrases.length > 0 ||
    query.negatedPhrases.length > 0
  );
}

/** Whether a document that holds one of the looked up terms also meets the rest of the search. */
export function matchesText(document: Document, query: TextQuery, options: TextOptions): boolean {
  const texts = indexedTexts(document, options);
  const holds = (terms: ReadonlySet<string>): boolean =>
    terms.size > 0 && texts.some((text) => holdsTerm(text, terms, query, options));
  const says = (phrase: string): boolean => texts.some((text) => holdsPhrase(text, phrase, query));
  const isSensitive = query.isCaseSensitive || query.isDiacriticSensitive;
  return (
    (!isSensitive || holds(query.terms)) &&
    !holds(query.negatedTerms) &&
    query.phrases.every(says) &&
    !query.negatedPhrases.some(says)
  );
}

function holdsTerm(
  { text, language }: IndexedText,
  terms: ReadonlySet<string>,
  { isCaseSensitive, isDiacriticSensitive }: TextQuery,
  { textIndexVersion }: TextOptions,
): boolean {
  const keepDiacritics = isDiacriticSensitive || textIndexVersion < 3;
  return tokensOf(text, language, { keepCase: isCaseSensitive, keepDiacritics }).some((token) => terms.has(token));
}

function holdsPhrase({ text, language }: IndexedText, phrase: string, query: TextQuery): boolean {
  return folded(text, language, query).includes(folded(phrase, language, query));
}

function folded(text: string, language: Language, { isCaseSensitive, isDiacriticSensitive }: TextQuery): string {
  const cased = isCaseSensitive ? text : language.toLowerCase(text);
  return isDiacriticSensitive ? cased : stripDiacritics(cased);
}
