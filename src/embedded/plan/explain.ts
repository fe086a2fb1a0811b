import type { Document } from '../bson/codec.ts';
import type { AccessPlan, IndexAccess } from './access.ts';
import { showInterval } from './interval.ts';
import { Operation } from './operation.ts';
import type { Query } from './query.ts';

export type Verbosity = 'allPlansExecution' | 'executionStats' | 'queryPlanner';

/** What a query would do, or did: in the shape of MongoDB's `explain`. */
export async function explainQuery(query: Query, verbosity: Verbosity, operation: Operation): Promise<Document> {
  const { plan, collection, spec } = query;
  const winningPlan = stagesOf(query, plan.access, undefined);
  const queryPlanner = {
    namespace: collection.namespace,
    indexFilterSet: false,
    parsedQuery: spec.filter,
    maxIndexedOrSolutionsReached: false,
    maxIndexedAndSolutionsReached: false,
    maxScansToExplodeReached: false,
    winningPlan,
    rejectedPlans: plan.rejected.map(({ access, isSorted }) => wrapped(query, access, isSorted, undefined)),
  };
  if (verbosity === 'queryPlanner') return { explainVersion: '1', queryPlanner };
  const executionStats = await execute(query, operation);
  return { explainVersion: '1', queryPlanner, executionStats };
}

async function execute(query: Query, operation: Operation): Promise<Document> {
  const startedAt = performance.now();
  let nReturned = 0;
  while (!query.source.isDone) {
    nReturned += query.source.pull(256, operation).length;
    if (operation.isSliceOver) await operation.yield();
  }
  const { keysExamined, docsExamined } = query.counters;
  const stats = { nReturned, keysExamined, docsExamined };
  return {
    executionSuccess: true,
    nReturned,
    executionTimeMillis: Math.round(performance.now() - startedAt),
    totalKeysExamined: keysExamined,
    totalDocsExamined: docsExamined,
    executionStages: stagesOf(query, query.plan.access, stats),
  };
}

interface Stats {
  readonly nReturned: number;
  readonly keysExamined: number;
  readonly docsExamined: number;
}

function stagesOf(query: Query, access: AccessPlan, stats: Stats | undefined): Document {
  return wrapped(query, access, query.sorter === undefined, stats);
}

/** The stages from the outermost to the access. */
function wrapped(query: Query, access: AccessPlan, isSorted: boolean, stats: Stats | undefined): Document {
  const { spec } = query;
  const returned = stats && { nReturned: stats.nReturned };
  let stage = accessStage(query, access, stats);
  if (!isSorted)
    stage = {
      stage: 'SORT',
      ...returned,
      sortPattern: spec.sort,
      memLimit: 104_857_600,
      type: 'simple',
      inputStage: stage,
    };
  if ((spec.skip ?? 0) > 0) stage = { stage: 'SKIP', ...returned, skipAmount: spec.skip, inputStage: stage };
  if ((spec.limit ?? 0) > 0) stage = { stage: 'LIMIT', ...returned, limitAmount: spec.limit, inputStage: stage };
  if (spec.projection !== undefined && Object.keys(spec.projection).length > 0) {
    stage = { stage: projectionStage(spec.projection), ...returned, transformBy: spec.projection, inputStage: stage };
  }
  return stage;
}

function projectionStage(projection: Document): string {
  const isSimple = Object.entries(projection).every(
    ([path, value]) => !path.includes('.') && typeof value !== 'object',
  );
  return isSimple ? 'PROJECTION_SIMPLE' : 'PROJECTION_DEFAULT';
}

interface StageParts {
  readonly query: Query;
  /** The filter, where documents are still held against it. */
  readonly filter: Document;
  readonly returned: Document;
  readonly fetched: Document;
  readonly stats: Stats | undefined;
}

type ShowStage<K extends AccessPlan['kind']> = (
  access: Extract<AccessPlan, { kind: K }>,
  parts: StageParts,
) => Document;

const STAGES: { readonly [K in AccessPlan['kind']]: ShowStage<K> } = {
  collection: ({ direction }, { filter, returned, fetched }) => ({
    stage: 'COLLSCAN',
    ...filter,
    ...returned,
    direction: shownDirection(direction),
    ...fetched,
  }),
  id: (_, { filter, returned, fetched, stats }) => ({
    stage: 'IDHACK',
    ...filter,
    ...returned,
    indexName: '_id_',
    ...fetched,
    ...(stats && { keysExamined: stats.keysExamined }),
  }),
  index: (access, { filter, returned, fetched, stats }) => ({
    stage: 'FETCH',
    ...filter,
    ...returned,
    ...fetched,
    inputStage: indexStage(access, stats),
  }),
  text: (access, { filter, stats }) => textStage(access, filter, stats),
  union: ({ branches }, { query, filter, returned, fetched }) => ({
    stage: 'FETCH',
    ...filter,
    ...returned,
    ...fetched,
    inputStage: unionStage(query, branches),
  }),
  nothing: (_, { returned }) => ({ stage: 'EOF', ...returned }),
};

function accessStage(query: Query, access: AccessPlan, stats: Stats | undefined): Document {
  const show = STAGES[access.kind] as ShowStage<AccessPlan['kind']>;
  return show(access, {
    query,
    filter: query.plan.isExact ? {} : { filter: query.spec.filter },
    returned: stats === undefined ? {} : { nReturned: stats.nReturned },
    fetched: stats === undefined ? {} : { docsExamined: stats.docsExamined },
    stats,
  });
}

function indexStage(access: IndexAccess, stats: Stats | undefined): Document {
  const { index, bounds, direction, isMerged } = access;
  const sign = (position: number): 1 | -1 => ((index.directions[position] ?? 1) * direction === 1 ? 1 : -1);
  const indexBounds = Object.fromEntries(
    index.paths.map((path, position) => {
      const intervals = bounds.fields[position]?.intervals ?? [];
      const ordered = sign(position) === 1 ? intervals : intervals.toReversed();
      return [path, ordered.map((interval) => showInterval(interval, sign(position)))];
    }),
  );
  const scan = {
    stage: 'IXSCAN',
    ...(stats && { nReturned: stats.docsExamined }),
    keyPattern: index.spec.key,
    indexName: index.name,
    ...(index.spec.collation === undefined ? {} : { collation: index.spec.collation }),
    isMultiKey: index.arrayPaths.size > 0,
    multiKeyPaths: Object.fromEntries(index.paths.map((path) => [path, arraysOn(index.arrayPaths, path)])),
    isUnique: index.isUnique,
    isSparse: index.isSparse,
    isPartial: index.partial !== undefined,
    indexVersion: 2,
    direction: shownDirection(direction),
    indexBounds,
    ...(stats && { keysExamined: stats.keysExamined }),
  };
  return isMerged ? { stage: 'SORT_MERGE', inputStage: scan } : scan;
}

function arraysOn(arrayPaths: ReadonlySet<string>, path: string): string[] {
  return [...arrayPaths].filter((prefix) => path === prefix || path.startsWith(`${prefix}.`));
}

function textStage(
  access: Extract<AccessPlan, { kind: 'text' }>,
  filter: Document,
  stats: Stats | undefined,
): Document {
  return {
    stage: 'TEXT_MATCH',
    ...filter,
    ...(stats && { nReturned: stats.nReturned }),
    indexPrefix: {},
    indexName: access.index.name,
    parsedTextQuery: { search: access.search.$search },
    ...(stats && { keysExamined: stats.keysExamined, docsExamined: stats.docsExamined }),
  };
}

function unionStage(query: Query, branches: readonly AccessPlan[]): Document {
  const inputStages = branches.map((branch) => {
    const stage = accessStage(query, branch, undefined);
    return (stage.inputStage as Document | undefined) ?? stage;
  });
  return { stage: 'OR', inputStages };
}

const shownDirection = (direction: 1 | -1): string => (direction === 1 ? 'forward' : 'backward');
