import { CommandError } from '../errors.ts';
import { findLanguage, type Language } from './languages.ts';
import { tokensOf } from './tokens.ts';

/** What is given to `$text`. */
export interface TextCondition {
  readonly $search: string;
  /** Empty for the index's own. */
  readonly $language?: string;
  readonly $caseSensitive?: boolean;
  readonly $diacriticSensitive?: boolean;
}

/** A search string taken apart. */
export interface TextQuery {
  /** Terms to look up in the index: folded whatever the search asks for. */
  readonly lookups: ReadonlySet<string>;
  /** One of these a document must hold, in the search's own folding. */
  readonly terms: ReadonlySet<string>;
  readonly negatedTerms: ReadonlySet<string>;
  readonly phrases: readonly string[];
  readonly negatedPhrases: readonly string[];
  readonly isCaseSensitive: boolean;
  readonly isDiacriticSensitive: boolean;
}

const OPTIONS: Readonly<Record<string, 'string' | 'boolean'>> = {
  $search: 'string',
  $language: 'string',
  $caseSensitive: 'boolean',
  $diacriticSensitive: 'boolean',
};

/**
 * Checks what a filter gives to `$text`.
 *
 * @throws BadValue, NoSuchKey or TypeMismatch, as MongoDB words them
 */
export function parseTextCondition(operand: unknown): TextCondition {
  if (typeof operand !== 'object' || operand === null || Array.isArray(operand)) {
    throw new CommandError('BadValue', '$text expects an object');
  }
  const condition = operand as Readonly<Record<string, unknown>>;
  if (condition.$search === undefined) throw new CommandError('NoSuchKey', 'Missing expected field "$search"');
  for (const [name, value] of Object.entries(condition)) {
    const expected = OPTIONS[name];
    if (expected === undefined) throw new CommandError('BadValue', 'extra fields in $text');
    if (typeof value === expected) continue;
    const type = expected === 'boolean' ? 'bool' : expected;
    throw new CommandError('TypeMismatch', `"${name}" had the wrong type. Expected ${type}, found ${typeOf(value)}`);
  }
  return condition as unknown as TextCondition;
}

/** @throws BadValue where MongoDB knows no such language */
export function requireLanguage(name: string): Language {
  const language = findLanguage(name);
  if (language !== undefined) return language;
  throw new CommandError('BadValue', `unsupported language: "${name}" for text index version 3`);
}

/** @param keepsDiacritics true for an index of version 2, whose terms have their accents */
export function parseTextQuery(condition: TextCondition, language: Language, keepsDiacritics = false): TextQuery {
  const parts = new SearchParts();
  for (const token of condition.$search.matchAll(SEARCH_TOKEN)) parts.add(token, condition.$search);
  const isCaseSensitive = condition.$caseSensitive === true;
  const isDiacriticSensitive = condition.$diacriticSensitive === true;
  const folding = {
    skipStopWords: true,
    keepCase: isCaseSensitive,
    keepDiacritics: isDiacriticSensitive || keepsDiacritics,
  };
  const lookup = { skipStopWords: true, keepDiacritics: keepsDiacritics };
  return {
    lookups: new Set(tokensOf(parts.words, language, lookup)),
    terms: new Set(tokensOf(parts.words, language, folding)),
    negatedTerms: new Set(tokensOf(parts.negatedWords, language, folding)),
    phrases: parts.phrases,
    negatedPhrases: parts.negatedPhrases,
    isCaseSensitive,
    isDiacriticSensitive,
  };
}

const SEARCH_TOKEN = /(?<space>[\n\v\f\r ]*)(?<token>["-]|[^\n\v\f\r "-]+)/gu;

/**
 * Sorts the tokens of a search string. A negation reaches to the next white space: in `-foo-bar` both words are
 * negated, in `- foo` none is.
 * Source: FTSQueryImpl::parse in src/mongo/db/fts/fts_query_impl.cpp of MongoDB 7.0.
 */
class SearchParts {
  words = '';
  negatedWords = '';
  readonly phrases: string[] = [];
  readonly negatedPhrases: string[] = [];
  #isNegated = false;
  #phraseStart: number | undefined;

  add({ index, groups, 0: whole }: RegExpExecArray, search: string): void {
    const token = groups?.token ?? '';
    const isAfterSpace = index === 0 || groups?.space !== '';
    if (token === '-') {
      if (this.#phraseStart === undefined && isAfterSpace) this.#isNegated = true;
    } else if (token === '"') this.#quote(index + whole.length, isAfterSpace, search);
    else this.#word(token, isAfterSpace);
  }

  #quote(end: number, isAfterSpace: boolean, search: string): void {
    if (this.#phraseStart === undefined) {
      if (isAfterSpace) this.#isNegated = false;
      this.#phraseStart = end;
      return;
    }
    const phrase = search.slice(this.#phraseStart, end - 1);
    (this.#isNegated ? this.negatedPhrases : this.phrases).push(phrase);
    this.#phraseStart = undefined;
  }

  #word(word: string, isAfterSpace: boolean): void {
    if (this.#phraseStart !== undefined && this.#isNegated) return;
    if (isAfterSpace) this.#isNegated = false;
    if (this.#isNegated) this.negatedWords += `${word} `;
    else this.words += `${word} `;
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'double';
  if (typeof value !== 'object') return typeof value;
  if (value instanceof Date) return 'date';
  return TYPES_BY_TAG[String((value as { _bsontype?: unknown })._bsontype)] ?? 'object';
}

const TYPES_BY_TAG: Readonly<Record<string, string>> = {
  Int32: 'int',
  Double: 'double',
  Long: 'long',
  Decimal128: 'decimal',
  ObjectId: 'objectId',
  Binary: 'binData',
  Timestamp: 'timestamp',
};
