import type { Document } from '../bson/codec.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { CommandError } from '../errors.ts';
import type { Operation } from '../plan/operation.ts';
import { Query } from '../plan/query.ts';
import { parseCollation } from '../query/collation.ts';
import { requiredFields } from '../query/dependencies.ts';
import type { View } from '../storage/view.ts';
import { CollectionSources, resolveView } from './collection-sources.ts';
import { splitHead, type Head } from './head.ts';
import { checkStages, compilePipeline, stageContext } from './pipeline.ts';
import type { CompiledPipeline } from './pipeline-run.ts';
import type { StageContext } from './stage.ts';

/** An aggregation as a command puts it, in values that BSON can carry into another thread. */
export interface AggregationSpec {
  readonly namespace: string;
  readonly pipeline: readonly Document[];
  readonly variables: Document;
  readonly collation?: Document | undefined;
  readonly hint?: unknown;
  readonly now: Date;
}

/** What an aggregation reads from. */
export interface AggregationDeps {
  readonly view: View;
  readonly catalog: Catalog;
}

/** An aggregation over a collection, planned: the query that finds its input and the stages that its documents go through. */
export class Aggregation {
  /** Missing where there is no such collection. */
  readonly query: Query | undefined;
  readonly head: Head;
  readonly context: StageContext;
  readonly compiled: CompiledPipeline;
  /** Top-level fields that the stages read. */
  readonly fields: ReadonlySet<string> | 'all';
  /** Whether the query alone gives the result, so that no document need be decoded. */
  readonly isQuery: boolean;
  /** The command at work on it, which may change from batch to batch. */
  operation: Operation | undefined;

  readonly #spec: AggregationSpec;
  readonly #deps: AggregationDeps;

  /** @throws CommandError in MongoDB's words for what is no pipeline */
  constructor(spec: AggregationSpec, deps: AggregationDeps) {
    const { view, catalog } = deps;
    this.#spec = spec;
    this.#deps = deps;
    checkStages(spec.pipeline);
    const named = catalog.get(spec.namespace);
    const { namespace, pipeline } =
      named === undefined ? { namespace: spec.namespace, pipeline: [] } : resolveView(catalog, named);
    const collection = catalog.get(namespace);
    const head = splitHead(pipeline.length === 0 ? spec.pipeline : [...pipeline, ...spec.pipeline]);
    const projection = flagsOf(head.rest);
    const collation = collationOf(spec, named?.collation ?? collection?.collation);
    const { variables, now } = spec;
    const check = (): void => {
      this.operation?.check();
    };
    this.context = stageContext({
      database: spec.namespace.slice(0, spec.namespace.indexOf('.')),
      variables,
      collation,
      now,
      sources: new CollectionSources(view, catalog, check),
    });
    this.head = head;
    this.compiled = compilePipeline(head.rest, this.context);
    this.isQuery = head.rest.length === 0 || projection !== undefined;
    this.fields = this.isQuery ? 'all' : requiredFields(head.rest);
    const { filter, sort, skip, limit } = head;
    // Whose collation counts is settled here, the simple one included.
    const query = { filter, sort, skip, limit, projection, hint: spec.hint, collation: collation ?? null, variables };
    this.query = collection && new Query(view, collection, query);
  }

  /** The same aggregation, to be run once more. */
  again(): Aggregation {
    return new Aggregation(this.#spec, this.#deps);
  }
}

function collationOf(
  { collation }: AggregationSpec,
  inherited: ReturnType<typeof parseCollation>,
): ReturnType<typeof parseCollation> {
  return collation === undefined ? inherited : parseCollation(collation);
}

/** The projection of a pipeline that consists of a `$project` which only keeps or drops fields: a find knows that as well. */
function flagsOf(stages: readonly Document[]): Document | undefined {
  const projection = stages.length === 1 ? stages[0]?.$project : undefined;
  if (typeof projection !== 'object' || projection === null) return undefined;
  const entries = Object.entries(projection);
  const isFlags = entries.every(
    ([path, value]) => (typeof value === 'number' || typeof value === 'boolean') && !path.includes('$'),
  );
  return isFlags && entries.length > 0 ? (projection as Document) : undefined;
}

/** @throws CommandError where the result is longer than a document may be */
export function refuseLongResult(bytes: Buffer): Buffer {
  if (bytes.length <= 16 * 1_024 * 1_024 + 16 * 1_024) return bytes;
  throw new CommandError(
    'BSONObjectTooLarge',
    `BSONObj size: ${String(bytes.length)} is invalid. Size must be between 0 and 16793600(16MB)`,
  );
}
