import type { IndexedText } from './indexed-texts.ts';
import type { TextOptions } from './text-options.ts';
import { tokensOf } from './tokens.ts';

/** A field that holds nothing but the term counts a little more. */
const WHOLE_FIELD_FACTOR = 1.1;

/**
 * How much each term says of a document. In each text, the repetitions of a term count half as much each time; that
 * sum is weighed by the field's weight and by the term's share of the text's words.
 * Source: FTSSpec::_scoreStringV2 in src/mongo/db/fts/fts_spec.cpp of MongoDB 7.0.
 */
export function termScores(
  texts: Iterable<IndexedText>,
  { textIndexVersion }: Pick<TextOptions, 'textIndexVersion'>,
): Map<string, number> {
  const scores = new Map<string, number>();
  const options = { skipStopWords: true, keepDiacritics: textIndexVersion < 3 };
  for (const { text, language, weight } of texts) {
    const tokens = tokensOf(text, language, options);
    const counts = new Map<string, number>();
    for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
    for (const [term, count] of counts) {
      const frequency = 2 - 2 ** (1 - count);
      const share = (0.5 * count) / tokens.length + 0.5;
      const factor = isWholeText(term, text) ? WHOLE_FIELD_FACTOR : 1;
      scores.set(term, (scores.get(term) ?? 0) + weight * frequency * share * factor);
    }
  }
  return scores;
}

function isWholeText(term: string, text: string): boolean {
  return term.length === text.length && lowerAscii(term) === lowerAscii(text);
}

/** MongoDB compares the two without regard to case in ASCII only. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/gu, (letters) => letters.toLowerCase());
}
