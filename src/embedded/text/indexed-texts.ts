import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { findLanguage, type Language } from './languages.ts';
import type { TextOptions } from './text-options.ts';

/** A string of a document that a text index covers. */
export interface IndexedText {
  readonly text: string;
  readonly language: Language;
  readonly weight: number;
}

const WILDCARD = '$**';
const DEFAULT_WEIGHT = 1;

/**
 * The strings of a document that a text index covers: those at its paths, in embedded documents and arrays as well,
 * and with `$**` all. Each document on the way may name the language of what it holds.
 *
 * @throws 17261 where the language is no string, 17262 where it is unknown
 */
export function indexedTexts(document: Document, options: TextOptions): IndexedText[] {
  const texts: IndexedText[] = [];
  new Walk(options, texts).enterDocument(document, '', defaultLanguage(options));
  return texts;
}

/** The language of an index; it was checked when the index was made. */
export function defaultLanguage({ default_language: name }: TextOptions): Language {
  const language = findLanguage(name);
  if (language === undefined) throw new CommandError('BadValue', `unsupported language: "${name}"`);
  return language;
}

class Walk {
  readonly #weights: ReadonlyMap<string, number>;
  /** Every path on the way to one with a weight. */
  readonly #ancestors: ReadonlySet<string>;
  readonly #isWildcard: boolean;
  readonly #languageField: string;
  readonly #texts: IndexedText[];

  constructor({ weights, language_override: languageField }: TextOptions, texts: IndexedText[]) {
    this.#weights = new Map(Object.entries(weights).filter(([path]) => path !== WILDCARD));
    this.#ancestors = new Set([...this.#weights.keys()].flatMap(ancestorsOf));
    this.#isWildcard = WILDCARD in weights;
    this.#languageField = languageField;
    this.#texts = texts;
  }

  enterDocument(document: Document, parent: string, inherited: Language): void {
    const language = this.#languageOf(document, inherited);
    for (const [name, value] of Object.entries(document)) {
      if (this.#isWildcard && name === this.#languageField) continue;
      this.#visit(value, parent === '' ? name : `${parent}.${name}`, language, false);
    }
  }

  #visit(value: unknown, path: string, language: Language, isInArray: boolean): void {
    if (typeof value === 'string') this.#add(value, path, language);
    else if (Array.isArray(value)) this.#enterArray(value, path, language, isInArray);
    else if (this.#leadsOn(path) && isPlainDocument(value)) this.enterDocument(value, path, language);
  }

  #add(text: string, path: string, language: Language): void {
    const weight = this.#weights.get(path) ?? (this.#isWildcard ? DEFAULT_WEIGHT : undefined);
    if (weight !== undefined) this.#texts.push({ text, language, weight });
  }

  #enterArray(array: readonly unknown[], path: string, language: Language, isInArray: boolean): void {
    if (isInArray && !this.#isWildcard) return;
    if (!this.#leadsOn(path) && !this.#weights.has(path)) return;
    for (const element of array) this.#visit(element, path, language, true);
  }

  #leadsOn(path: string): boolean {
    return this.#isWildcard || this.#ancestors.has(path);
  }

  #languageOf(document: Document, inherited: Language): Language {
    const name: unknown = document[this.#languageField];
    if (name === undefined) return inherited;
    if (typeof name !== 'string') {
      throw new CommandError(17261, 'found language override field in document with non-string type');
    }
    const language = findLanguage(name);
    if (language === undefined) throw new CommandError(17262, `language override unsupported: ${name}`);
    return language;
  }
}

function ancestorsOf(path: string): string[] {
  const names = path.split('.');
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join('.'));
}

function isPlainDocument(value: unknown): value is Document {
  return (
    typeof value === 'object' &&
    value !== null &&
    !('_bsontype' in value) &&
    !(value instanceof Date) &&
    !(value instanceof RegExp) &&
    !(value instanceof Uint8Array)
  );
}
