/** Scores of documents that `$text` found, for `{$meta: 'textScore'}` in stages and expressions. */
const scores = new WeakMap<object, number>();

/** Remembers the score of a decoded document for as long as that object lives. */
export function setTextScore(document: object, score: number): void {
  scores.set(document, score);
}

/** The score remembered for the document, undefined for none. */
export function textScoreOf(document: unknown): number | undefined {
  return typeof document === 'object' && document !== null ? scores.get(document) : undefined;
}
