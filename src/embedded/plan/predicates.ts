import type { Document } from '../bson/codec.ts';

/** One condition on one path, as far as an index could answer it. */
export interface Predicate {
  readonly path: string;
  readonly operator: string;
  readonly value: unknown;
  /** Set where it comes out of an `$elemMatch`: all of one group speak of the same array element. */
  readonly group: Document | undefined;
}

/** A filter taken apart: all of `predicates` and one of each of `alternatives` hold. */
export interface Conjunction {
  readonly predicates: readonly Predicate[];
  readonly alternatives: readonly (readonly Document[])[];
  /** Whether the filter says more than that. */
  readonly hasMore: boolean;
}

interface Parts {
  predicates: Predicate[];
  alternatives: (readonly Document[])[];
  hasMore: boolean;
}

/** Takes a filter apart into what indexes can answer and whether something is left. */
export function conjunctionOf(filter: Document): Conjunction {
  const parts: Parts = { predicates: [], alternatives: [], hasMore: false };
  addFilter(filter, parts);
  return parts;
}

function addFilter(filter: Document, parts: Parts): void {
  for (const [name, value] of Object.entries(filter)) {
    const logical = LOGICAL[name];
    if (logical !== undefined) logical(value, parts);
    else if (name.startsWith('$')) parts.hasMore = true;
    else addCondition(name, value, undefined, parts);
  }
}

const LOGICAL: Readonly<Record<string, (value: unknown, parts: Parts) => void>> = {
  $and: (value, parts) => {
    for (const filter of value as Document[]) addFilter(filter, parts);
  },
  $or: (value, parts) => {
    const branches = value as Document[];
    if (branches.length === 1 && branches[0] !== undefined) addFilter(branches[0], parts);
    else parts.alternatives.push(branches);
  },
  $comment: () => undefined,
};

function addCondition(path: string, value: unknown, group: Document | undefined, parts: Parts): void {
  if (!isOperators(value)) {
    const operator = value instanceof RegExp || isBsonRegExp(value) ? '$regex' : '$eq';
    parts.predicates.push({ path, operator, value, group });
    return;
  }
  for (const [operator, operand] of Object.entries(value)) {
    if (operator === '$elemMatch') addElemMatch(path, operand as Document, parts);
    else if (operator === '$regex') parts.predicates.push({ path, operator, value: regexOf(value), group });
    else if (operator !== '$options') parts.predicates.push({ path, operator, value: operand, group });
  }
}

/** An `$elemMatch` is never answered by bounds alone, but each of its conditions gives bounds. */
function addElemMatch(path: string, operand: Document, parts: Parts): void {
  parts.hasMore = true;
  if (isOperators(operand)) {
    for (const [operator, value] of Object.entries(operand)) {
      parts.predicates.push({ path, operator, value, group: operand });
    }
    return;
  }
  for (const [name, value] of Object.entries(operand)) {
    if (!name.startsWith('$')) addCondition(`${path}.${name}`, value, operand, parts);
  }
}

/** Whether a value is an object of operators rather than a value to be equal to. */
export function isOperators(value: unknown): value is Document {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || '_bsontype' in value) return false;
  for (const name in value) return name.startsWith('$') && !name.startsWith('$ref') && !name.startsWith('$id');
  return false;
}

function isBsonRegExp(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '_bsontype' in value && value._bsontype === 'BSONRegExp';
}

function regexOf(condition: Document): unknown {
  const { $regex, $options } = condition;
  if (typeof $regex !== 'string') return $options === undefined ? $regex : undefined;
  try {
    return new RegExp($regex, typeof $options === 'string' ? $options.replaceAll(/[^imsu]/g, '') : '');
  } catch {
    // The matcher will say what is wrong with it.
    return undefined;
  }
}
