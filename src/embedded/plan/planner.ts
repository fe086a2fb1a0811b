import type { Document } from '../bson/codec.ts';
import type { Collection } from '../catalog/collection.ts';
import type { IndexDefinition } from '../catalog/index-definition.ts';
import { CommandError } from '../errors.ts';
import type { Collation } from '../query/collation.ts';
import type { View } from '../storage/view.ts';
import type { TextOptions } from '../text/text-options.ts';
import { textPrefix } from '../text/text-prefix.ts';
import { keyRanges, type AccessPlan, type IndexAccess, type TextSearch } from './access.ts';
import { boundsOf, implies, type IndexBounds } from './bounds.ts';
import { keyLimits, refuseLimits, type GivenLimits } from './key-limits.ts';
import { conjunctionOf, type Conjunction, type Predicate } from './predicates.ts';
import { providedOrder, type ProvidedOrder, type SortFields } from './sort-order.ts';

/** What is to be planned. */
export interface QueryShape {
  readonly filter: Document;
  /** Empty where no order is asked for. */
  readonly sort: SortFields;
  readonly hint: unknown;
  readonly collation: Collation | undefined;
  /** How many documents are wanted at most; 0 for all. */
  readonly limit: number;
  readonly limits?: GivenLimits;
}

/** How a query will be answered. */
export interface QueryPlan {
  readonly access: AccessPlan;
  /** Whether the access yields exactly what the filter asks for, so that no document need be looked at again. */
  readonly isExact: boolean;
  /** Whether the access yields the documents in the order asked for. */
  readonly isSorted: boolean;
  /** The plans that were possible and seemed worse. */
  readonly rejected: readonly { access: AccessPlan; isSorted: boolean }[];
}

interface Candidate {
  readonly access: IndexAccess;
  readonly isExact: boolean;
  readonly isSorted: boolean;
  /** Leading fields that are single values or lists of them. */
  readonly points: number;
  readonly constrained: number;
}

/** Keys looked at to tell candidates apart; beyond that they count as equally large. */
const MOST_ESTIMATED = 400;

export function planQuery(view: View, collection: Collection, shape: QueryShape): QueryPlan {
  const conjunction = conjunctionOf(shape.filter);
  const text = textPlan(collection, shape.filter);
  if (text !== undefined) return { access: text, isExact: false, isSorted: false, rejected: [] };
  const hinted = hintedPlan(collection, shape, conjunction);
  if (hinted !== undefined) return hinted;
  const id = idPlan(collection, shape, conjunction);
  if (id !== undefined) return id;
  const candidates = candidatesFor(collection, shape, conjunction, false);
  const best = choose(view, candidates, shape);
  const union =
    best === undefined || best.constrained === 0 ? unionPlan(view, collection, shape, conjunction) : undefined;
  if (union !== undefined) return union;
  if (best === undefined) return scanPlan(shape);
  const rejected = candidates
    .filter((candidate) => candidate !== best)
    .map(({ access, isSorted }) => ({ access, isSorted }));
  return { access: best.access, isExact: best.isExact, isSorted: best.isSorted, rejected };
}

function scanPlan({ filter, sort }: QueryShape, direction: 1 | -1 = 1): QueryPlan {
  const isExact = Object.keys(filter).length === 0;
  return { access: { kind: 'collection', direction }, isExact, isSorted: sort.length === 0, rejected: [] };
}

/** A single `_id` is found without any planning: the most frequent query there is. */
function idPlan(collection: Collection, shape: QueryShape, conjunction: Conjunction): QueryPlan | undefined {
  const { predicates, hasMore, alternatives } = conjunction;
  const byId = predicates.find(({ path, operator }) => path === '_id' && operator === '$eq');
  if (byId === undefined || !isPlainId(byId) || !isSameCollation(collection.collation, shape.collation))
    return undefined;
  const isExact = predicates.length === 1 && !hasMore && alternatives.length === 0 && !collection.idIndex.hasLongKeys;
  return { access: { kind: 'id', value: byId.value }, isExact, isSorted: true, rejected: [] };
}

function isPlainId({ value, group }: Predicate): boolean {
  return group === undefined && value !== null && !Array.isArray(value) && !(value instanceof RegExp);
}

function candidatesFor(
  collection: Collection,
  shape: QueryShape,
  conjunction: Conjunction,
  isHinted: boolean,
): Candidate[] {
  return collection.indexes.flatMap((index) => {
    if (index.isText || (index.isHidden && !isHinted)) return [];
    return candidateFor(index, shape, conjunction, isHinted) ?? [];
  });
}

function candidateFor(
  index: IndexDefinition,
  shape: QueryShape,
  conjunction: Conjunction,
  isHinted: boolean,
): Candidate | undefined {
  const { predicates } = conjunction;
  const sameCollation = isSameCollation(index.collation, shape.collation);
  const bounds = boundsOf(index, predicates, sameCollation);
  const constrained = bounds.fields.filter(({ isConstrained }) => isConstrained).length;
  const hasSort = shape.sort.length > 0;
  const order = hasSort && sameCollation ? providedOrder(index, bounds, shape.sort) : undefined;
  const isUseful = isSeekable(bounds) || order !== undefined;
  if (!isHinted && !(isUseful && holdsAll(index, predicates, constrained))) return undefined;
  const { direction, isMerged } = order ?? UNORDERED;
  return {
    access: { kind: 'index', index, bounds, direction, isMerged },
    isExact: isAnswered(index, conjunction, bounds.answered),
    isSorted: !hasSort || order !== undefined,
    points: leadingPoints(bounds),
    constrained,
  };
}

const UNORDERED: ProvidedOrder = { direction: 1, isMerged: false };

function isSeekable({ fields }: IndexBounds): boolean {
  return fields[0]?.isConstrained === true;
}

function leadingPoints({ fields }: IndexBounds): number {
  const end = fields.findIndex(
    ({ intervals, isConstrained }) => !isConstrained || !intervals.every(({ isPoint }) => isPoint),
  );
  return end < 0 ? fields.length : end;
}

function isAnswered(
  index: IndexDefinition,
  { predicates, hasMore, alternatives }: Conjunction,
  answered: ReadonlySet<Predicate>,
): boolean {
  if (hasMore || alternatives.length > 0 || index.hasLongKeys) return false;
  const covered =
    index.partial === undefined
      ? answered
      : new Set([...answered, ...predicates.filter((given) => isPartialCondition(index, given))]);
  return predicates.every((predicate) => covered.has(predicate));
}

/** What the partial filter of an index says word for word is true of every document in it. */
function isPartialCondition(index: IndexDefinition, given: Predicate): boolean {
  const limits = conjunctionOf(index.spec.partialFilterExpression ?? {}).predicates;
  return limits.some((limit) => limit.path === given.path && implies([limit], [given]) && implies([given], [limit]));
}

/** Whether no document that the query wants is left out of a sparse or partial index. */
function holdsAll(index: IndexDefinition, predicates: readonly Predicate[], constrained: number): boolean {
  if (index.isSparse && (constrained === 0 || !impliesPresence(index, predicates))) return false;
  const { partialFilterExpression } = index.spec;
  if (partialFilterExpression === undefined) return true;
  const limits = conjunctionOf(partialFilterExpression);
  return !limits.hasMore && limits.alternatives.length === 0 && implies(predicates, limits.predicates);
}

function impliesPresence(index: IndexDefinition, predicates: readonly Predicate[]): boolean {
  return index.paths.some((path) =>
    implies(predicates, [{ path, operator: '$exists', value: true, group: undefined }]),
  );
}

function isSameCollation(a: Collation | undefined, b: Collation | undefined): boolean {
  if (a === undefined || b === undefined) return a === undefined && b === undefined;
  return JSON.stringify(a.spec) === JSON.stringify(b.spec);
}

/** Equality first, then the sort, then ranges; where that leaves doubt, the number of keys decides. */
function choose(view: View, candidates: readonly Candidate[], shape: QueryShape): Candidate | undefined {
  const [first, ...others] = candidates.toSorted(byPromise);
  if (first === undefined || others.every((other) => isDominated(other, first))) return first;
  const costs = [first, ...others]
    .slice(0, 6)
    .map((candidate) => ({ candidate, cost: costOf(view, candidate, shape) }));
  return costs.reduce((best, next) => (next.cost < best.cost ? next : best)).candidate;
}

function byPromise(a: Candidate, b: Candidate): number {
  return (
    b.points - a.points ||
    Number(b.isSorted) - Number(a.isSorted) ||
    b.constrained - a.constrained ||
    Number(b.isExact) - Number(a.isExact)
  );
}

function isDominated(candidate: Candidate, by: Candidate): boolean {
  if (by.access.index.isUnique && by.points === by.access.index.fields.length) return true;
  const isNoBetter = candidate.points <= by.points && candidate.constrained <= by.constrained;
  return isNoBetter && (by.isSorted || !candidate.isSorted) && isSubset(candidate, by);
}

/** Two indexes that begin differently say nothing of each other's size. */
function isSubset(candidate: Candidate, by: Candidate): boolean {
  const paths = new Set(by.access.index.paths.slice(0, by.constrained));
  return (
    candidate.constrained === 0 ||
    candidate.access.index.paths.slice(0, candidate.constrained).every((path) => paths.has(path))
  );
}

function costOf(view: View, { access, isExact, isSorted, constrained }: Candidate, { limit }: QueryShape): number {
  const keys = constrained === 0 ? MOST_ESTIMATED : estimate(view, access);
  if (!isSorted) return keys * 2 + 1;
  return isExact && limit > 0 ? Math.min(keys, limit) : keys;
}

/** The number of keys within bounds, counted up to a limit. */
function estimate(view: View, { index, bounds }: IndexAccess): number {
  let keys = 0;
  for (const { from, to } of keyRanges(index, bounds).ranges) {
    keys += view.scan(index.tree, { from, to, reverse: false, limit: MOST_ESTIMATED - keys, keysOnly: true }).length;
    if (keys >= MOST_ESTIMATED) break;
  }
  return keys;
}

/** Each branch of an `$or` by an index of its own, if all of them have one. */
function unionPlan(
  view: View,
  collection: Collection,
  shape: QueryShape,
  { alternatives }: Conjunction,
): QueryPlan | undefined {
  for (const branches of alternatives) {
    const plans = branches.map((filter) =>
      planQuery(view, collection, { ...shape, filter, sort: [], hint: undefined, limit: 0 }),
    );
    if (plans.some(({ access }) => access.kind === 'collection' || access.kind === 'text')) continue;
    const isExact = Object.keys(shape.filter).length === 1 && plans.every((plan) => plan.isExact);
    return {
      access: { kind: 'union', branches: plans.map(({ access }) => access) },
      isExact,
      isSorted: shape.sort.length === 0,
      rejected: [],
    };
  }
  return undefined;
}

function hintedPlan(collection: Collection, shape: QueryShape, conjunction: Conjunction): QueryPlan | undefined {
  const natural = naturalDirection(shape);
  if (natural !== undefined) return { ...scanPlan(shape, natural), isSorted: true };
  if (shape.hint === undefined || isEmptyHint(shape.hint)) {
    if (shape.limits !== undefined) refuseLimits(shape.limits);
    return undefined;
  }
  const index = findHinted(collection, shape.hint);
  const candidate = candidateFor(index, shape, conjunction, true);
  if (candidate === undefined) throw new CommandError('BadValue', 'hint cannot be used for this query');
  const { access, isExact, isSorted } = candidate;
  const limits = shape.limits && keyLimits(index, shape.limits);
  const bounds = limits === undefined ? access.bounds : { ...access.bounds, limits };
  return { access: { ...access, bounds }, isExact, isSorted, rejected: [] };
}

function isEmptyHint(hint: unknown): boolean {
  return typeof hint === 'object' && hint !== null && Object.keys(hint).length === 0;
}

function naturalDirection({ sort, hint }: QueryShape): 1 | -1 | undefined {
  const bySort = sort.find(([path]) => path === '$natural');
  if (bySort !== undefined) return bySort[1];
  const natural = typeof hint === 'object' && hint !== null ? (hint as Document).$natural : undefined;
  if (natural === undefined || sort.length > 0) return undefined;
  return Number(natural) < 0 ? -1 : 1;
}

function findHinted(collection: Collection, hint: unknown): IndexDefinition {
  const wanted = typeof hint === 'string' ? hint : JSON.stringify(hint);
  const index = collection.indexes.find(
    ({ name, spec }) => (typeof hint === 'string' ? name : JSON.stringify(spec.key)) === wanted,
  );
  if (index === undefined) {
    throw new CommandError(
      'BadValue',
      `error processing query: ns=${collection.namespace} planner returned error :: caused by :: hint provided does not correspond to an existing index`,
    );
  }
  return index;
}

function textPlan(collection: Collection, filter: Document): AccessPlan | undefined {
  const search = findText(filter);
  if (search === undefined) return undefined;
  const index = collection.indexes.find(({ isText }) => isText);
  if (index === undefined) throw new CommandError('IndexNotFound', 'text index required for $text query');
  const prefix = textPrefix(index.spec as unknown as TextOptions, filter);
  if (prefix === undefined) {
    throw new CommandError(
      'NoQueryExecutionPlans',
      'error processing query: failed to use text index to satisfy $text query (if text index is compound, are equality predicates given for all prefix fields?)',
    );
  }
  return { kind: 'text', index, search, prefix };
}

/** `$text` counts at the top or in an `$and`; MongoDB allows one. */
function findText(filter: Document): TextSearch | undefined {
  if (filter.$text !== undefined) return filter.$text as TextSearch;
  const all = filter.$and;
  return Array.isArray(all) ? (all as Document[]).map(findText).find((found) => found !== undefined) : undefined;
}
