import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import type { CompiledUpdate } from './compile.ts';
import { formatField } from './format.ts';
import { compareFieldNames } from './path.ts';
import { checkIdValue } from './storage-rules.ts';
import { arrayIndex, bsonTag, getField, isDocument, setOwnField } from './values.ts';

/** Values that a query demands of paths. */
type Equalities = Map<string, unknown>;

const NOT_EXACT_VALUE_FIELD = 111;

function isRegularExpression(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof RegExp || bsonTag(value) === 'BSONRegExp';
}

function contradiction(message: string): CommandError {
  return new CommandError('NotSingleValueField', `cannot infer query fields to set, ${message}`);
}

function addEquality(equalities: Equalities, path: string, value: unknown): void {
  if (equalities.has(path)) throw contradiction(`path '${path}' is matched twice`);
  for (const other of equalities.keys()) {
    if (path.startsWith(`${other}.`) || other.startsWith(`${path}.`)) {
      throw contradiction(`both paths '${path}' and '${other}' are matched`);
    }
  }
  equalities.set(path, value);
}

/** `{$in: [x]}` asks for x; `{$in: [/x/]}` doesn't. */
function addOnlyMember(equalities: Equalities, path: string, members: unknown): void {
  if (!Array.isArray(members) || members.length !== 1) return;
  const member: unknown = members[0];
  if (!isRegularExpression(member)) addEquality(equalities, path, member);
}

const isElementCondition = (value: unknown): boolean =>
  isRegularExpression(value) || (isDocument(value) && Object.hasOwn(value, '$elemMatch'));

type OperatorReader = (equalities: Equalities, path: string, operand: unknown) => void;

const OPERATORS: Readonly<Record<string, OperatorReader>> = {
  $eq: addEquality,
  $in: addOnlyMember,
  $all: (equalities, path, members) => {
    if (!Array.isArray(members)) return;
    for (const member of members as unknown[]) {
      if (!isElementCondition(member)) addEquality(equalities, path, member);
    }
  },
};

function isOperators(value: unknown): value is Document {
  if (!isDocument(value)) return false;
  const first = Object.keys(value)[0];
  return first?.startsWith('$') === true && first !== '$ref' && first !== '$id' && first !== '$db';
}

function readField(equalities: Equalities, path: string, condition: unknown): void {
  if (!isOperators(condition)) {
    if (!isRegularExpression(condition)) addEquality(equalities, path, condition);
    return;
  }
  for (const operator of Object.keys(condition)) {
    const reader = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
    reader?.(equalities, path, getField(condition, operator));
  }
}

function readFilter(equalities: Equalities, filter: Document): void {
  for (const name of Object.keys(filter)) {
    const value = getField(filter, name);
    if (name === '$expr') {
      throw new CommandError('QueryFeatureNotAllowed', '$expr is not allowed in the query predicate for an upsert');
    }
    if (name.startsWith('$')) readBranches(equalities, name, value);
    else readField(equalities, name, value);
  }
}

/** All branches of `$and` must hold, and so must the only one of `$or`. */
function readBranches(equalities: Equalities, operator: string, value: unknown): void {
  const branches: readonly unknown[] = Array.isArray(value) ? value : [];
  if (operator !== '$and' && !(operator === '$or' && branches.length === 1)) return;
  for (const branch of branches) if (isDocument(branch)) readFilter(equalities, branch);
}

function setAtPath(document: Document, path: string, value: unknown): void {
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  let current = document;
  for (const [index, part] of parts.entries()) {
    const existing = getField(current, part);
    if (existing === undefined) {
      const created: Document = {};
      setOwnField(current, part, created);
      current = created;
    } else if (isDocument(existing)) {
      current = existing;
    } else {
      const field = parts[index + 1] ?? last;
      throw new CommandError(
        'PathNotViable',
        `Cannot create field '${field}' in element {${formatField(part, existing)}}`,
      );
    }
  }
  setOwnField(current, last, value);
}

/** Replacements take nothing but `_id` from the query. */
function idOnly(equalities: Equalities): Equalities {
  for (const path of equalities.keys()) {
    if (!path.startsWith('_id.')) continue;
    throw new CommandError(
      NOT_EXACT_VALUE_FIELD,
      `field at '_id' must be exactly specified, field at sub-path '${path}'found`,
    );
  }
  return new Map([...equalities].filter(([path]) => path === '_id'));
}

/** Paths in the order in which MongoDB adds them: sorted, a number part by its value where both are numbers. */
function comparePaths(left: string, right: string): number {
  return arrayIndex(left) !== undefined && arrayIndex(right) !== undefined
    ? compareFieldNames(left, right)
    : Number(left > right) - Number(left < right);
}

function documentFromFilter(filter: Document, compiled: CompiledUpdate): Document {
  const all: Equalities = new Map();
  readFilter(all, filter);
  const equalities = compiled.kind === 'replacement' ? idOnly(all) : all;
  const document: Document = {};
  for (const path of [...equalities.keys()].sort(comparePaths)) setAtPath(document, path, equalities.get(path));
  return document;
}

function withIdFirst(document: Document, idFactory: () => unknown): Document {
  const _id = Object.hasOwn(document, '_id') ? document._id : idFactory();
  return { _id, ...document };
}

/**
 * The document that an upsert inserts where its filter matches none: what the filter demands to be equal, then the update,
 * `_id` in front.
 * @param filter in the typed form
 * @param idFactory makes an `_id` where neither filter nor update gives one
 * @throws NotSingleValueField where the filter demands two values of one path, and what the update throws
 */
export function upsertDocument(filter: Document, compiled: CompiledUpdate, idFactory: () => unknown): Document {
  const seed = documentFromFilter(filter, compiled);
  const { document } = compiled.apply(seed, { isInsert: true });
  const complete = withIdFirst(document, idFactory);
  checkIdValue(complete._id);
  return complete;
}
