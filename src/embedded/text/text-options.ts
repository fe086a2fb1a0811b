import { CommandError } from '../errors.ts';
import { findLanguage } from './languages.ts';

/** What an index specification holds of a text index. */
export interface TextOptions {
  /** `_fts: 'text', _ftsx: 1`, and fields of other kinds before and after. */
  readonly key: Readonly<Record<string, number | string>>;
  /** The fields that are searched; `$**` stands for all. */
  readonly weights: Readonly<Record<string, number>>;
  readonly default_language: string;
  /** The field in which a document names its language. */
  readonly language_override: string;
  readonly textIndexVersion: number;
}

/** A text index as `listIndexes` shows it. */
export interface TextIndexSpec extends TextOptions {
  readonly v: number;
  readonly name: string;
  readonly [option: string]: unknown;
}

interface RequestedIndex {
  readonly v: number;
  readonly key: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly [option: string]: unknown;
}

const TEXT = 'text';
const WILDCARD = '$**';
const WEIGHT_LIMIT = 100_000;
const CURRENT_VERSION = 3;
const OPTIONS = new Set(['weights', 'default_language', 'language_override', 'textIndexVersion']);

/**
 * A text index as it is stored and listed, of what `createIndexes` was given: text fields become `_fts` and `_ftsx`,
 * their weights are filled in, and so are the other options. One that already has this form stays as it is.
 *
 * @throws CannotCreateIndex where MongoDB would refuse the index
 */
export function normalizeTextIndex(spec: RequestedIndex): TextIndexSpec {
  if (spec.unique === true) throw refused("Index type 'text' does not support the unique option");
  const collation = spec.collation as { locale?: unknown } | undefined;
  if (collation !== undefined && collation.locale !== 'simple') {
    throw refused("Index type 'text' does not support collation");
  }
  const others = Object.fromEntries(Object.entries(spec).filter(([name]) => !OPTIONS.has(name)));
  return {
    ...others,
    v: spec.v,
    key: storedKey(spec.key),
    name: spec.name,
    weights: weightsOf(spec),
    default_language: languageOf(spec.default_language),
    language_override: overrideOf(spec.language_override),
    textIndexVersion: versionOf(spec.textIndexVersion),
  };
}

/**
 * A collection has one text index at most.
 *
 * @throws IndexOptionsConflict where another than `name` exists
 */
export function requireOnlyTextIndex(
  existing: Iterable<{ readonly name: string; readonly isText: boolean }>,
  name: string,
): void {
  for (const index of existing) {
    if (!index.isText || index.name === name) continue;
    throw new CommandError(
      'IndexOptionsConflict',
      `only one text index per collection allowed, found existing text index "${index.name}"`,
    );
  }
}

function storedKey(key: Readonly<Record<string, unknown>>): Record<string, number | string> {
  const stored: Record<string, number | string> = {};
  let isPastText = false;
  let wasText = false;
  for (const [path, kind] of Object.entries(key)) {
    const isText = kind === TEXT || path === '_ftsx';
    if (isText && isPastText) throw refused("'text' fields in index must all be adjacent");
    if (wasText && !isText) isPastText = true;
    wasText = isText;
    if (isText) {
      stored._fts = TEXT;
      stored._ftsx = 1;
    } else stored[path] = directionOf(path, kind);
  }
  return stored;
}

function directionOf(path: string, kind: unknown): number {
  if (path === '_fts') throw refused('text index with reserved fields _fts/_ftsx not allowed');
  const direction = Number(kind);
  if (direction !== 1 && direction !== -1) {
    throw refused('expected value 1 or -1 for non-text key in compound index');
  }
  return direction;
}

function weightsOf({ key, weights = {} }: RequestedIndex): Record<string, number> {
  const found = new Map<string, number>();
  for (const [path, kind] of Object.entries(key)) if (kind === TEXT && path !== '_fts') found.set(path, 1);
  for (const [path, weight] of Object.entries(givenWeights(weights))) found.set(path, weightOf(weight));
  if (found.size === 0) throw refused("text index option 'weights' must specify fields or the wildcard");
  for (const path of found.keys()) checkPath(path);
  // Listed by the bytes of their names, as MongoDB keeps them.
  const sorted = [...found].sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  return Object.fromEntries(sorted);
}

function givenWeights(weights: unknown): object {
  if (weights === WILDCARD) return { [WILDCARD]: 1 };
  if (typeof weights === 'object' && weights !== null) return weights;
  throw refused("text index option 'weights' must be an object");
}

function weightOf(value: unknown): number {
  const weight = Math.trunc(Number(value));
  if (typeof value === 'string' || Number.isNaN(weight)) throw refused('weight for text index needs numeric type');
  if (weight <= 0 || weight >= WEIGHT_LIMIT) {
    throw refused(
      `text index weight must be in the exclusive interval (0,${String(WEIGHT_LIMIT)}) but found: ${String(weight)}`,
    );
  }
  return weight;
}

function checkPath(path: string): void {
  if (path === WILDCARD) return;
  if (path === '') throw refused('weight cannot be on an empty field');
  for (const name of path.split('.')) {
    if (name === '') throw refused('weight cannot have empty path component');
    if (name.startsWith('$')) throw refused('weight cannot have path component with $ prefix');
  }
}

function languageOf(name: unknown = 'english'): string {
  if (typeof name !== 'string') throw refused('default_language needs a string type');
  if (findLanguage(name) === undefined) throw refused('default_language is not valid');
  return name;
}

function overrideOf(field: unknown = 'language'): string {
  if (typeof field !== 'string' || field === '' || field.startsWith('$') || field.includes('.')) {
    throw refused('language_override is not valid');
  }
  return field;
}

function versionOf(value: unknown = CURRENT_VERSION): number {
  const version = Number(value);
  if (typeof value === 'string' || Number.isNaN(version)) {
    throw refused("text index option 'textIndexVersion' must be a number");
  }
  if (version !== 2 && version !== CURRENT_VERSION) throw refused(`bad textIndexVersion: ${String(version)}`);
  return version;
}

function refused(reason: string): CommandError {
  return new CommandError('CannotCreateIndex', reason);
}
