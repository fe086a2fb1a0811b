import { createHash } from 'node:crypto';
import type { Document } from '../bson/codec.ts';
import { encodeKey } from '../bson/keys.ts';
import { CommandError } from '../errors.ts';
import { indexedTexts } from './indexed-texts.ts';
import { termScores } from './score.ts';
import type { TextOptions } from './text-options.ts';

export { normalizeTextIndex, requireOnlyTextIndex, type TextIndexSpec, type TextOptions } from './text-options.ts';

/** MongoDB's own limit: a longer term is kept as its start and a hash. */
const MAX_TERM_BYTES = 224;
/** What all values before the term may take up, so that a key is never cut before its term and score. */
const MAX_PREFIX_BYTES = 1_500;

/**
 * The index keys of a document: `[values of the fields before the text…, term, score]`, one for each distinct term.
 * The score stands in the key, so that a search ranks documents without reading them.
 *
 * @throws 17261 and 17262 on a bad language in the document, CannotBuildIndexKeys on an array beside the text
 */
export function textKeys(document: Document, options: TextOptions): unknown[][] {
  const { before, after } = otherPaths(options);
  const values = before.map((path) => storedPrefixValue(valueAt(document, path), before.length));
  for (const path of after) valueAt(document, path);
  return [...termScores(indexedTexts(document, options), options)].map(([term, score]) => [
    ...values,
    storedTerm(term),
    score,
  ]);
}

/** The fields of the key before and after the text. */
export function otherPaths({ key }: TextOptions): { before: string[]; after: string[] } {
  const paths = Object.keys(key);
  return {
    before: paths.slice(0, paths.indexOf('_fts')),
    after: paths.slice(paths.indexOf('_fts') + 1).filter((path) => path !== '_ftsx'),
  };
}

/** The top-level fields of a document that keys are made of; 'all' where any may be. */
export function textFieldsRead(options: TextOptions): ReadonlySet<string> | 'all' {
  const paths = Object.keys(options.weights);
  if (paths.includes('$**')) return 'all';
  const { before, after } = otherPaths(options);
  const all = [...paths, ...before, ...after, options.language_override];
  return new Set(all.map((path) => path.split('.', 1)[0] ?? path));
}

/** A term as keys hold it. */
export function storedTerm(term: string): string {
  if (term.length * 3 <= MAX_TERM_BYTES) return term;
  const bytes = Buffer.from(term);
  if (bytes.length <= MAX_TERM_BYTES) return term;
  const hash = createHash('md5').update(bytes).digest('hex');
  return bytes.toString('latin1', 0, MAX_TERM_BYTES) + hash;
}

/** The value of a field before the text as keys hold it: a hash where it is long. */
export function storedPrefixValue(value: unknown, fieldCount: number): unknown {
  const bytes = encodeKey([value], [1], {});
  if (bytes.length <= MAX_PREFIX_BYTES / fieldCount) return value;
  return createHash('sha1').update(bytes).digest('hex');
}

function valueAt(document: Document, path: string): unknown {
  let value: unknown = document;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return null;
    value = (value as Document)[name];
    if (Array.isArray(value)) {
      throw new CommandError(CANNOT_BUILD_INDEX_KEYS, `Field '${path}' of text index contains an array in document`);
    }
  }
  return value ?? null;
}

const CANNOT_BUILD_INDEX_KEYS = 201;
