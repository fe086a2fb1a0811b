import { Long } from 'bson';
import { decodeTyped, encode, type Document } from '../bson/codec.ts';
import { valuesAt } from '../bson/paths.ts';
import type { Collection } from '../catalog/collection.ts';
import { CommandError } from '../errors.ts';
import type { Collation } from '../query/collation.ts';
import { compileMatcher, type Matcher } from '../query/matcher.ts';
import { compileProjection } from '../query/projection.ts';
import { compileSort, type Sorter } from '../query/sort.ts';
import type { View } from '../storage/view.ts';
import { searchText } from '../text/text-search.ts';
import type { Operation } from './operation.ts';
import { planQuery, type QueryPlan, type QueryShape } from './planner.ts';
import { FilteredSource, SortedSource, type Found, type RecordSource } from './record-source.ts';
import { scanOf, type ScanContext, type ScanCounters } from './scan.ts';

/** A query as commands put it. */
export interface QuerySpec {
  readonly filter: Document;
  readonly sort?: Document | undefined;
  readonly projection?: Document | undefined;
  readonly hint?: unknown;
  /** Undefined for the collection's own, null for none even where it has one. */
  readonly collation?: Collation | null | undefined;
  /** 0 for none. */
  readonly skip?: number;
  /** 0 for all. */
  readonly limit?: number;
  readonly variables?: Document | undefined;
  /** The index key to begin with, and the one to stop before. */
  readonly min?: Document | undefined;
  readonly max?: Document | undefined;
  /** Shows index keys instead of documents. */
  readonly returnKey?: boolean;
  /** Adds the record's number as `$recordId`. */
  readonly showRecordId?: boolean;
}

/** A planned query over one collection, ready to be read from. */
export class Query {
  readonly plan: QueryPlan;
  readonly counters: ScanCounters = { keysExamined: 0, docsExamined: 0 };
  readonly matcher: Matcher;
  readonly sorter: Sorter | undefined;
  readonly spec: QuerySpec;
  readonly collection: Collection;
  /** What strings are compared under. */
  readonly collation: Collation | undefined;
  readonly source: RecordSource;

  constructor(view: View, collection: Collection, spec: QuerySpec) {
    this.spec = spec;
    this.collection = collection;
    const collation = spec.collation === undefined ? collection.collation : (spec.collation ?? undefined);
    this.collation = collation;
    this.matcher = compileMatcher(spec.filter, { collation, variables: spec.variables });
    const sorter = isEmpty(spec.sort) || isNatural(spec.sort) ? undefined : compileSort(spec.sort, collation);
    this.plan = planQuery(view, collection, shapeOf(spec, sorter, collection, collation));
    // A sort by text score is not the index's to give.
    this.sorter = this.plan.isSorted && sorter?.isMeta !== true ? undefined : sorter;
    this.source = this.#sourceOf({ view, collection, counters: this.counters, searchText });
    noteUse(this.plan);
  }

  #sourceOf(context: ScanContext): RecordSource {
    const { skip = 0, limit = 0 } = this.spec;
    const scan = scanOf(this.plan.access, context);
    const matcher = this.plan.isExact ? undefined : this.matcher;
    if (this.sorter === undefined) return new FilteredSource(scan, context, matcher, skip, limit);
    return new SortedSource(new FilteredSource(scan, context, matcher, 0, 0), context, this.sorter, skip, limit);
  }
}

/** Whether the order of insertion is asked for, which is the scan's to give. */
function isNatural(sort: Document | undefined): sort is Document {
  return sort !== undefined && Object.keys(sort).length === 1 && sort.$natural !== undefined;
}

function naturalOrder({ $natural }: Document): Sorter['parts'] {
  if ($natural !== 1 && $natural !== -1) {
    throw new CommandError('BadValue', '$natural sort cannot be set to a value other than -1 or 1.');
  }
  return [{ path: '$natural', direction: $natural }];
}

const CLUSTERED_ORDER: Sorter['parts'] = [{ path: '_id', direction: 1 }];

function isEmpty(document: Document | undefined): document is undefined {
  return document === undefined || Object.keys(document).length === 0;
}

function shapeOf(
  spec: QuerySpec,
  sorter: Sorter | undefined,
  { options }: Collection,
  collation: Collation | undefined,
): QueryShape {
  const { filter, hint, skip = 0, limit = 0 } = spec;
  // A clustered collection lies in the order of its _id, and is read in it where no other is asked for.
  const own = options.clusteredIndex !== undefined && hint === undefined ? CLUSTERED_ORDER : [];
  const parts = isNatural(spec.sort) ? naturalOrder(spec.sort) : (sorter?.parts ?? own);
  const sort = parts.flatMap(({ path, direction }) => (path === undefined ? [] : [[path, direction] as const]));
  const limits = { min: spec.min, max: spec.max };
  return { filter, sort, hint, collation, limit: limit > 0 ? limit + skip : 0, limits };
}

/** Remembers for `$indexStats` which indexes were of use. */
function noteUse({ access }: Pick<QueryPlan, 'access'>): void {
  if (access.kind === 'index' || access.kind === 'text') access.index.usage.operations += 1;
  else if (access.kind === 'union') for (const branch of access.branches) noteUse({ access: branch });
}

/** Turns a stored document into what the client gets. */
export type Project = (found: Found) => Buffer;

/** `undefined` where documents go out as they are stored. */
export function projector(query: Query): Project | undefined {
  const project = query.spec.returnKey === true ? keyProjector(query) : fieldProjector(query);
  if (query.spec.showRecordId !== true) return project;
  return (found) => withRecordId(project?.(found) ?? found.bytes, found.recordId);
}

function withRecordId(bytes: Buffer, recordId: number): Buffer {
  return encode({ ...decodeTyped(bytes), $recordId: Long.fromNumber(recordId) });
}

/** The fields of the index that a document was found by, and nothing where it was found by none. */
function keyProjector({ plan }: Query): Project {
  const paths = plan.access.kind === 'index' ? plan.access.index.paths : [];
  return ({ bytes }) => {
    const document = decodeTyped(bytes);
    return encode(Object.fromEntries(paths.map((path) => [path, valuesAt(document, path)[0] ?? null])));
  };
}

function fieldProjector(query: Query): Project | undefined {
  const { projection, variables } = query.spec;
  if (isEmpty(projection)) return undefined;
  const compiled = compileProjection(projection, {
    variables,
    collation: query.collation,
    matcher: query.matcher,
  });
  return (found) => compiled.applyTo(found.bytes, found.score);
}

/** All that match, one after another; others get their turn in between. */
export async function* recordsOf(query: Query, operation: Operation): AsyncGenerator<Found> {
  while (!query.source.isDone) {
    yield* query.source.pull(256, operation);
    operation.check();
    if (operation.isSliceOver) await operation.yield();
  }
}
