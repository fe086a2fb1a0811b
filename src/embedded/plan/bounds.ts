import type { IndexDefinition } from '../catalog/index-definition.ts';
import { compareValues, typeRank } from '../bson/order.ts';
import { ALL_VALUES, comparison, intersect, point, startsWith, union, type Interval } from './interval.ts';
import type { KeyLimits } from './key-limits.ts';
import type { Predicate } from './predicates.ts';

/** The stretches of one field of an index that a query needs. */
export interface FieldBounds {
  readonly intervals: readonly Interval[];
  /** Whether lying in them is all that the query asks of this field. */
  readonly isExact: boolean;
  readonly isConstrained: boolean;
}

/** What bounds an index gets from a query. */
export interface IndexBounds {
  /** What `min` and `max` leave of all keys. */
  readonly limits?: KeyLimits;
  readonly fields: readonly FieldBounds[];
  /** The predicates that the bounds answer completely. */
  readonly answered: ReadonlySet<Predicate>;
}

interface Admitted {
  readonly intervals: readonly Interval[];
  readonly isExact: boolean;
}

const UNCONSTRAINED: FieldBounds = { intervals: [ALL_VALUES], isExact: true, isConstrained: false };

/** @param sameCollation whether strings in the index are ordered as the query compares them */
export function boundsOf(
  index: IndexDefinition,
  predicates: readonly Predicate[],
  sameCollation: boolean,
): IndexBounds {
  const answered = new Set<Predicate>();
  const fields: FieldBounds[] = [];
  const used: { path: string; groups: ReadonlySet<unknown> }[] = [];
  for (const path of index.paths) {
    const usable = predicates.flatMap((predicate) => {
      const admitted = predicate.path === path ? admittedBy(index, predicate, sameCollation) : undefined;
      return admitted === undefined ? [] : [{ predicate, admitted }];
    });
    const chosen = choose(index, path, usable, used);
    if (chosen.length === 0) {
      fields.push(UNCONSTRAINED);
      continue;
    }
    used.push({ path, groups: new Set(chosen.map(({ predicate }) => predicate.group)) });
    const bounds = combine(chosen.map(({ admitted }) => admitted));
    fields.push(bounds);
    for (const { predicate, admitted } of chosen) {
      if (admitted.isExact && predicate.group === undefined) answered.add(predicate);
    }
  }
  return { fields, answered };
}

interface Usable {
  readonly predicate: Predicate;
  readonly admitted: Admitted;
}

/**
 * On a path through an array each condition may be met by another element, so that bounds of two conditions must not be
 * intersected, nor combined over two fields, unless one `$elemMatch` holds them together.
 */
function choose(
  index: IndexDefinition,
  path: string,
  usable: readonly Usable[],
  used: readonly { path: string; groups: ReadonlySet<unknown> }[],
): readonly Usable[] {
  const array = [...index.arrayPaths].find((prefix) => isPrefix(prefix, path));
  if (array === undefined || usable.length === 0) return usable;
  const sibling = used.find((other) => isPrefix(array, other.path));
  const groupOf = (candidates: readonly Usable[]): readonly Usable[] => {
    const best = candidates.find(({ admitted }) => admitted.intervals.every(({ isPoint }) => isPoint)) ?? candidates[0];
    if (best === undefined) return [];
    const { group } = best.predicate;
    return group === undefined ? [best] : candidates.filter(({ predicate }) => predicate.group === group);
  };
  if (sibling === undefined) return groupOf(usable);
  return groupOf(usable.filter(({ predicate: { group } }) => group !== undefined && sibling.groups.has(group)));
}

function isPrefix(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(`${prefix}.`);
}

function combine(admitted: readonly Admitted[]): FieldBounds {
  let intervals: readonly Interval[] = [ALL_VALUES];
  for (const next of admitted) {
    intervals = intervals.flatMap((a) => next.intervals.flatMap((b) => intersect(a, b) ?? []));
  }
  return { intervals: union(intervals), isExact: admitted.every(({ isExact }) => isExact), isConstrained: true };
}

type Admit = (index: IndexDefinition, value: unknown) => Admitted | undefined;

const exact = (intervals: readonly Interval[]): Admitted => ({ intervals, isExact: true });
const inexact = (intervals: readonly Interval[]): Admitted => ({ intervals, isExact: false });

const admitEqual: Admit = (index, value) => {
  if (value === null || value === undefined) return inexact(union([point(index, undefined), point(index, null)]));
  if (Array.isArray(value) || value instanceof RegExp) return undefined;
  return exact([point(index, value)]);
};

const admitIn: Admit = (index, value) => {
  if (!Array.isArray(value)) return undefined;
  const parts = value.map((item: unknown) =>
    item instanceof RegExp ? admitRegex(index, item) : admitEqual(index, item),
  );
  const known = parts.filter((part) => part !== undefined);
  if (known.length < parts.length) return undefined;
  return {
    intervals: union(known.flatMap(({ intervals }) => intervals)),
    isExact: known.every((part) => part.isExact),
  };
};

const admitComparison =
  (operator: '$gt' | '$gte' | '$lt' | '$lte'): Admit =>
  (index, value) => {
    if (!isOrdered(value)) return undefined;
    return exact([comparison(index, operator, value)]);
  };

const admitRegex: Admit = (index, value) => {
  // An index that folds strings has forgotten what the expression looks at.
  if (!(value instanceof RegExp) || index.collation !== undefined) return undefined;
  const prefix = literalPrefix(value);
  if (prefix === undefined) return inexact([stringsOf(index)]);
  return inexact([startsWith(index, prefix)]);
};

const admitExists: Admit = (index, value) => {
  if (value === false || value === 0) return inexact(union([point(index, undefined), point(index, null)]));
  return inexact([ALL_VALUES]);
};

const admitNotEqual: Admit = (index, value) => {
  const equal = admitEqual(index, value);
  return equal === undefined ? undefined : inexact(complement(equal.intervals));
};

const admitNotIn: Admit = (index, value) => {
  const among = admitIn(index, value);
  return among?.intervals.every(({ isPoint }) => isPoint) === true ? inexact(complement(among.intervals)) : undefined;
};

const admitAll: Admit = (index, value) => {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const [first] = value as unknown[];
  return typeof first === 'object' && first !== null && '$elemMatch' in first
    ? undefined
    : relax(admitEqual(index, first));
};

const relax = (admitted: Admitted | undefined): Admitted | undefined => admitted && inexact(admitted.intervals);

const ADMITTED: Readonly<Record<string, Admit>> = {
  $eq: admitEqual,
  $in: admitIn,
  $gt: admitComparison('$gt'),
  $gte: admitComparison('$gte'),
  $lt: admitComparison('$lt'),
  $lte: admitComparison('$lte'),
  $regex: admitRegex,
  $exists: admitExists,
  $ne: admitNotEqual,
  $nin: admitNotIn,
  $all: admitAll,
};

function admittedBy(
  index: IndexDefinition,
  { operator, value }: Predicate,
  sameCollation: boolean,
): Admitted | undefined {
  if (!sameCollation && holdsStrings(value)) return undefined;
  return ADMITTED[operator]?.(index, value);
}

/** Values with a `<` that stays inside their own type and needs no second look. */
function isOrdered(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isNaN(value);
  if (typeof value === 'string' || typeof value === 'boolean' || value instanceof Date) return true;
  const kind = typeof value === 'object' && value !== null && '_bsontype' in value ? value._bsontype : '';
  return ['ObjectId', 'Long', 'Int32', 'Double', 'Decimal128', 'Timestamp'].includes(String(kind));
}

/** Whether the value's order depends on a collation. */
function holdsStrings(value: unknown): boolean {
  if (typeof value === 'string') return true;
  if (typeof value !== 'object' || value === null || value instanceof Date || '_bsontype' in value) return false;
  return Object.values(value).some(holdsStrings);
}

/** The text every match starts with, where the expression is anchored and starts with plain characters. */
function literalPrefix({ source, flags }: RegExp): string | undefined {
  if (!source.startsWith('^') || /[im]/.test(flags) || hasAlternative(source)) return undefined;
  const [plain = ''] = /^[^\\.*+?()[\]{}|^$]*/.exec(source.slice(1)) ?? [];
  const next = source.charAt(1 + plain.length);
  const prefix = '*?{'.includes(next) && next !== '' ? plain.slice(0, -1) : plain;
  return prefix === '' ? undefined : prefix;
}

const hasAlternative = (source: string): boolean => source.includes('|');

function stringsOf(index: IndexDefinition): Interval {
  return comparison(index, '$gte', '');
}

/** All values outside of the given ones, which are in order. */
function complement(intervals: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  let low = ALL_VALUES.low;
  for (const interval of intervals) {
    result.push({ low, high: { ...interval.low, inclusive: !interval.low.inclusive }, isPoint: false });
    low = { ...interval.high, inclusive: !interval.high.inclusive };
  }
  result.push({ low, high: ALL_VALUES.high, isPoint: false });
  return result.filter((interval) => Buffer.compare(interval.low.bytes, interval.high.bytes) < 0);
}

/** Whether the documents that satisfy `predicates` are all in an index limited to those that satisfy `limits`. */
export function implies(predicates: readonly Predicate[], limits: readonly Predicate[]): boolean {
  return limits.every((limit) =>
    predicates.some((predicate) => predicate.path === limit.path && impliesOne(predicate, limit)),
  );
}

function impliesOne(given: Predicate, limit: Predicate): boolean {
  if (limit.operator === '$exists') return limit.value !== false && excludesMissing(given);
  if (limit.operator === '$in') return subset(given.operator === '$eq' ? [given.value] : given.value, limit.value);
  const order = compareValues(given.value, limit.value);
  if (given.operator === limit.operator && order === 0) return true;
  // A comparison speaks of values of its operand's own type.
  if (typeRank(given.value) !== typeRank(limit.value)) return false;
  return IMPLICATIONS[limit.operator]?.(given.operator, order) ?? false;
}

function excludesMissing({ operator, value }: Predicate): boolean {
  if (!EXISTENCE.has(operator) || value === null) return false;
  return operator === '$exists' ? value !== false : !(Array.isArray(value) && value.includes(null));
}

const EXISTENCE: ReadonlySet<string> = new Set([
  '$eq',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$in',
  '$regex',
  '$exists',
  '$all',
]);

const IMPLICATIONS: Readonly<Record<string, (operator: string, order: number) => boolean>> = {
  $gt: (operator, order) =>
    (order > 0 && ['$eq', '$gt', '$gte'].includes(operator)) || (order === 0 && operator === '$gt'),
  $gte: (operator, order) => order >= 0 && ['$eq', '$gt', '$gte'].includes(operator),
  $lt: (operator, order) =>
    (order < 0 && ['$eq', '$lt', '$lte'].includes(operator)) || (order === 0 && operator === '$lt'),
  $lte: (operator, order) => order <= 0 && ['$eq', '$lt', '$lte'].includes(operator),
};

function subset(values: unknown, of: unknown): boolean {
  if (!Array.isArray(values) || !Array.isArray(of)) return false;
  return values.every((value: unknown) => of.some((other) => compareValues(value, other) === 0));
}
