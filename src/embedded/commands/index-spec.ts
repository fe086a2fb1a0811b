import type { Document } from '../bson/codec.ts';
import type { Collection } from '../catalog/collection.ts';
import type { IndexSpec } from '../catalog/index-definition.ts';
import { CommandError, notSupported } from '../errors.ts';
import { parseCollation } from '../query/collation.ts';
import { typeNameOf } from '../query/expression-arguments.ts';
import { isObject, numberOf, show, type Fields } from '../query/value-types.ts';
import { normalizeTextIndex } from '../text/text-index.ts';
import { checkExpiry } from './expiry.ts';
import { checkPartialFilter } from './partial-filter.ts';

/** Options that an index may have. Source: index_key_validate.cpp of MongoDB 7.0. */
const OPTIONS: ReadonlySet<string> = new Set([
  '2dsphereVersion',
  'background',
  'bits',
  'bucketSize',
  'coarsestIndexedLevel',
  'collation',
  'default_language',
  'dropDups',
  'expireAfterSeconds',
  'finestIndexedLevel',
  'hidden',
  'key',
  'language_override',
  'max',
  'min',
  'name',
  'ns',
  'partialFilterExpression',
  'prepareUnique',
  'sparse',
  'storageEngine',
  'textIndexVersion',
  'unique',
  'v',
  'weights',
  'wildcardProjection',
]);

const ID_INDEX_OPTIONS: ReadonlySet<string> = new Set(['collation', 'name', 'v', 'key', 'ns']);

/** Left out of what is stored. */
const FORGOTTEN: ReadonlySet<string> = new Set(['ns', 'dropDups', 'v', 'key', 'name', 'unique', 'hidden', 'collation']);

/** Kinds of index that only a real MongoDB has. */
const UNSUPPORTED_KINDS: ReadonlyMap<string, string> = new Map([
  ['hashed', 'A hashed index'],
  ['2d', 'A 2d index'],
  ['2dsphere', 'A 2dsphere index'],
  ['wildcard', 'A wildcard index'],
]);

const LARGEST_KEY_PATTERN_BYTES = 2_048;

const refused = (message: string): CommandError => new CommandError('CannotCreateIndex', message);

/** What is asked for of `createIndexes`, besides the indexes. */
export interface IndexRequest {
  /** Options that no index has are left out instead of refused. */
  readonly ignoresUnknown: boolean;
}

/**
 * An index as it is stored and listed, of what `createIndexes` was given.
 * @throws CommandError as MongoDB refuses what is no index, or none that this server can keep
 */
export function normalizeIndex(
  given: unknown,
  collection: Pick<Collection, 'options'>,
  request: IndexRequest,
): IndexSpec {
  if (!isObject(given)) throw new CommandError('TypeMismatch', "The elements of the 'indexes' array must be objects");
  const spec = withKnownOptions(given, request);
  for (const [option, check] of Object.entries(CHECKS)) if (spec[option] !== undefined) check(spec[option], option);
  const { key, name } = spec;
  if (key === undefined) throw required('key');
  if (name === undefined) throw required('name');
  checkKeyPattern(key as Fields);
  checkName(name as string);
  if (isIdKey(key as Fields)) return idIndex(spec, collection);
  checkCombination(spec);
  const normal: IndexSpec = {
    v: 2,
    key: key as IndexSpec['key'],
    name: name as string,
    ...truths(spec, ['unique', 'hidden']),
    ...Object.fromEntries(Object.entries(spec).filter(([option]) => !FORGOTTEN.has(option))),
    ...collationOf(spec, collection),
  };
  return isText(key as Fields) ? normalizeTextIndex(withoutInheritedCollation(normal, spec)) : normal;
}

function withKnownOptions(given: Fields, { ignoresUnknown }: IndexRequest): Fields {
  const known = Object.entries(given).filter(([name]) => {
    if (OPTIONS.has(name)) return true;
    if (ignoresUnknown) return false;
    const message = `The field '${name}' is not valid for an index specification. Specification: ${show(given)}`;
    throw new CommandError('InvalidIndexSpecificationOption', message);
  });
  return Object.fromEntries(known);
}

type Check = (value: unknown, option: string) => void;

function ofType(type: string, accepts: (value: unknown) => boolean): Check {
  return (value, option) => {
    if (accepts(value)) return;
    const article = /^[aeiou]/.test(type) ? 'an' : 'a';
    const message = `The field '${option}' must be ${article} ${type}, but got ${typeNameOf(value)}`;
    throw new CommandError('TypeMismatch', message);
  };
}

const truth: Check = (value, option) => {
  if (typeof value === 'boolean' || numberOf(value) !== undefined) return;
  throw new CommandError(
    'TypeMismatch',
    `The field '${option}' has value ${option}: ${show(value)}, which is not convertible to bool`,
  );
};

const isString = (value: unknown): boolean => typeof value === 'string';
const isNumber = (value: unknown): boolean => numberOf(value) !== undefined;

const CHECKS: Readonly<Record<string, Check>> = {
  key: ofType('object', isObject),
  name: ofType('string', isString),
  hidden: ofType('bool', (value) => typeof value === 'boolean'),
  v: (value, option) => {
    ofType('number', isNumber)(value, option);
    const version = numberOf(value);
    if (version !== 1 && version !== 2)
      throw refused(`Invalid index specification; cannot create an index with v=${String(version)}`);
  },
  collation: (value, option) => {
    ofType('object', isObject)(value, option);
    if (Object.keys(value as Fields).length > 0) return;
    throw new CommandError('BadValue', `The field '${option}' cannot be an empty object.`);
  },
  partialFilterExpression: (value, option) => {
    ofType('object', isObject)(value, option);
    checkPartialFilter(value as Fields);
  },
  wildcardProjection: (_value, option) => {
    throw new CommandError('BadValue', `The field '${option}' is only allowed in 'wildcard' indexes`);
  },
  weights: ofType('object', (value) => isObject(value) || isString(value)),
  background: truth,
  unique: truth,
  sparse: truth,
  dropDups: truth,
  prepareUnique: truth,
  default_language: ofType('string', isString),
  language_override: ofType('string', isString),
  textIndexVersion: ofType('number', isNumber),
  storageEngine: ofType('object', isObject),
};

function required(option: string): CommandError {
  return new CommandError('FailedToParse', `The '${option}' field is a required property of an index specification`);
}

function checkName(name: string): void {
  if (name.includes('\0')) throw refused('index name cannot contain NUL bytes');
  if (name === '') throw refused('index name cannot be empty');
  if (name === '*') throw new CommandError('BadValue', "The index name '*' is not valid.");
}

function checkKeyPattern(key: Fields): void {
  const entries = Object.entries(key);
  if (entries.length === 0) throw refused('Index keys cannot be empty.');
  if (entries.reduce((bytes, [path]) => bytes + Buffer.byteLength(path) + 6, 5) > LARGEST_KEY_PATTERN_BYTES) {
    throw refused('Index key pattern too large.');
  }
  const kind = entries.map(([, value]) => value).find(isString) as string | undefined;
  checkKind(key, kind);
  for (const [path, value] of entries) {
    checkKeyValue(value, kind);
    if (path !== '$**' || value !== 'text') checkKeyPath(path);
  }
}

function checkKind(key: Fields, kind: string | undefined): void {
  const isWildcard = Object.entries(key).some(([path, value]) => /(^|\.)\$\*\*$/.test(path) && value !== 'text');
  const unsupported = UNSUPPORTED_KINDS.get(isWildcard ? 'wildcard' : (kind ?? ''));
  if (unsupported !== undefined) throw notSupported(unsupported, 'CannotCreateIndex');
  if (kind === 'geoHaystack') throw refused('GeoHaystack indexes cannot be created in version 5.0 and above');
  if (kind === '') throw refused('Values in the index key pattern cannot be empty strings');
  if (kind !== undefined && kind !== 'text') throw refused(`Unknown index plugin '${kind}'`);
}

function checkKeyValue(value: unknown, kind: string | undefined): void {
  const number = numberOf(value);
  if (number !== undefined) {
    if (Number.isNaN(number)) throw refused('Values in the index key pattern cannot be NaN.');
    if (number === 0) throw refused('Values in the index key pattern cannot be 0.');
    return;
  }
  if (typeof value !== 'string') {
    throw refused(
      `Values in v:2 index key pattern cannot be of type ${typeNameOf(value)}. Only numbers > 0, numbers < 0, and strings are allowed.`,
    );
  }
  if (value !== kind) throw refused("Can't use more than one index plugin for a single index.");
}

function checkKeyPath(path: string): void {
  if (path === '') throw refused('Index keys cannot be an empty field.');
  for (const [position, part] of path.split('.').entries()) {
    if (part === '') throw refused('Index keys cannot contain an empty field.');
    const isReference = position > 0 && ['$db', '$id', '$ref'].includes(part);
    if (part.startsWith('$') && !isReference) {
      throw refused("Index key contains an illegal field name: field name starts with '$'.");
    }
  }
}

function isIdKey(key: Fields): boolean {
  return Object.keys(key).length === 1 && numberOf(key._id) === 1;
}

function isText(key: Fields): boolean {
  return Object.values(key).includes('text');
}

/** The index on `_id` exists already, and may be asked for as it is only. */
function idIndex(spec: Fields, collection: Pick<Collection, 'options'>): IndexSpec {
  if (spec.hidden !== undefined) throw new CommandError('BadValue', "can't hide _id index");
  for (const option of Object.keys(spec)) {
    if (ID_INDEX_OPTIONS.has(option)) continue;
    const message = `The field '${option}' is not valid for an _id index specification. Specification: ${show(spec)}`;
    throw new CommandError('InvalidIndexSpecificationOption', message);
  }
  return { v: 2, key: { _id: 1 }, name: '_id_', ...collationOf(spec, collection) };
}

function checkCombination(spec: Fields): void {
  const { key, sparse, partialFilterExpression, expireAfterSeconds, weights } = spec;
  if (partialFilterExpression !== undefined && isTrue(sparse)) {
    throw refused('cannot mix "partialFilterExpression" and "sparse" options');
  }
  if (weights !== undefined && !isText(key as Fields)) {
    throw refused(
      `Invalid index specification ${show(spec)}; the field 'weights' can only be specified with text indexes`,
    );
  }
  if (isTrue(spec.prepareUnique)) throw notSupported("The option 'prepareUnique'", 'CannotCreateIndex');
  if (expireAfterSeconds === undefined) return;
  try {
    checkExpiry(expireAfterSeconds);
  } catch (error) {
    if (error instanceof CommandError) throw refused(`${error.message}. Index spec: ${show(spec)}`);
    throw error;
  }
  if (Object.keys(key as Fields).length > 1) {
    throw refused(
      `TTL indexes are single-field indexes, compound indexes do not support TTL. Index spec: ${show(spec)}`,
    );
  }
}

function isTrue(value: unknown): boolean {
  return value === true || (numberOf(value) ?? 0) !== 0;
}

function truths(spec: Fields, options: readonly string[]): Fields {
  return Object.fromEntries(options.filter((option) => isTrue(spec[option])).map((option) => [option, true]));
}

/** The index's own collation, else the collection's. The simple one is shown as none. */
function collationOf({ collation }: Fields, { options }: Pick<Collection, 'options'>): { collation?: Document } {
  const parsed = parseCollation(collation ?? options.collation);
  return parsed === undefined ? {} : { collation: parsed.spec };
}

/** Text indexes keep to the simple collation: one that was only inherited does not count. */
function withoutInheritedCollation(normal: IndexSpec, { collation }: Fields): IndexSpec {
  if (collation !== undefined) return normal;
  return Object.fromEntries(Object.entries(normal).filter(([name]) => name !== 'collation')) as unknown as IndexSpec;
}
