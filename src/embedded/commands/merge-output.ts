import { decode, decodeTyped, encode, type Document } from '../bson/codec.ts';
import type { AggregationSpec } from '../aggregate/aggregation.ts';
import { bindingsOf, type Bindings } from '../aggregate/lookup.ts';
import { stageContext } from '../aggregate/pipeline.ts';
import { runStages } from '../aggregate/run-stages.ts';
import { NO_SOURCES } from '../aggregate/sources.ts';
import type { Collection } from '../catalog/collection.ts';
import type { StoredRecord } from '../catalog/records.ts';
import { CommandError } from '../errors.ts';
import { Operation } from '../plan/operation.ts';
import { Query } from '../plan/query.ts';
import { equalValues } from '../bson/order.ts';
import { valueAt } from '../aggregate/document-path.ts';
import { readMerge, type Merge } from './merge-request.ts';
import { writableOf, type CommandContext } from './context.ts';
import type { DocumentStream } from './cursors.ts';
import { forEachResult } from './result-writer.ts';
import { ensureCollection, refuseLong, storable, validate } from './stored-document.ts';
import { whenFree } from './write-runner.ts';

/** Writes results into a collection, each where it belongs by the fields of `on`. */
export async function mergeResults(
  context: CommandContext,
  argument: unknown,
  spec: AggregationSpec,
  open: () => Promise<DocumentStream>,
): Promise<void> {
  const merge = readMerge(argument, context.request.database);
  const { catalog, writer } = context.services;
  const known = catalog.get(merge.namespace);
  if (known?.isView === true) {
    throw new CommandError('CommandNotSupportedOnView', `Namespace ${merge.namespace} is a view, not a collection`);
  }
  requireUniqueIndex(known, merge);
  const stream = await open();
  const target = ensureCollection(catalog, writer, merge.namespace);
  const merging = new Merging(context, target, merge, spec);
  await forEachResult(context, stream, (bytes) =>
    whenFree(context, () => {
      merging.put(bytes);
    }),
  );
}

/** @throws CommandError 51183 where several documents could be meant */
function requireUniqueIndex(collection: Collection | undefined, { on }: Merge): void {
  if (on.length === 1 && on[0] === '_id') return;
  const wanted = [...on].sort().join('\0');
  const isUnique = collection?.indexes.some(
    (index) =>
      index.isUnique && index.partial === undefined && !index.isText && [...index.paths].sort().join('\0') === wanted,
  );
  if (isUnique !== true) {
    throw new CommandError(51183, 'Cannot find index to verify that join fields will be unique');
  }
}

class Merging {
  readonly #context: CommandContext;
  readonly #target: Collection;
  readonly #merge: Merge;
  readonly #spec: AggregationSpec;
  readonly #bypass: boolean;
  readonly #bindings: Bindings;

  constructor(context: CommandContext, target: Collection, merge: Merge, spec: AggregationSpec) {
    this.#context = context;
    this.#target = target;
    this.#merge = merge;
    this.#spec = spec;
    this.#bypass = context.body.bypassDocumentValidation === true;
    const { variables, now } = spec;
    const stage = stageContext({
      database: target.database,
      variables,
      collation: undefined,
      now,
      sources: NO_SOURCES,
    });
    this.#bindings = bindingsOf(merge.variables, stage);
  }

  put(bytes: Buffer): void {
    const document = decode(bytes);
    const record = this.#find(document);
    if (record === undefined) this.#unmatched(bytes);
    else this.#matched(record, bytes, document);
  }

  #find(document: Document): StoredRecord | undefined {
    const { on } = this.#merge;
    const conditions: Document = {};
    for (const path of on) {
      const value = valueAt(document, path.split('.'));
      // A document without an _id is given one.
      if (value === undefined && path === '_id') return undefined;
      if (value === undefined || value === null || Array.isArray(value)) {
        throw new CommandError(51132, "$merge write error: 'on' field cannot be missing, null, undefined or an array");
      }
      conditions[path] = { $eq: value };
    }
    const query = new Query(writableOf(this.#context), this.#target, { filter: conditions, limit: 1 });
    const operation = new Operation(0);
    while (!query.source.isDone) {
      const [found] = query.source.pull(1, operation);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #unmatched(bytes: Buffer): void {
    const { whenNotMatched } = this.#merge;
    if (whenNotMatched === 'discard') return;
    if (whenNotMatched === 'fail') {
      throw new CommandError(
        13113,
        '$merge could not find a matching document in the target collection for at least one document in the source collection',
      );
    }
    this.#insert(bytes);
  }

  #insert(bytes: Buffer): void {
    const stored = storable(bytes);
    validate(this.#target, stored, { bypass: this.#bypass });
    this.#context.services.records.insert(writableOf(this.#context), this.#target, stored);
  }

  #matched(record: StoredRecord, bytes: Buffer, document: Document): void {
    const { whenMatched } = this.#merge;
    if (whenMatched === 'keepExisting') return;
    // The insert fails with the error of the duplicate, as MongoDB's does.
    if (whenMatched === 'fail') this.#insert(bytes);
    else if (whenMatched === 'replace') this.#replace(record, decodeTyped(bytes));
    else if (whenMatched === 'merge') this.#replace(record, { ...decodeTyped(record.bytes), ...decodeTyped(bytes) });
    else this.#replace(record, this.#piped(record, document, whenMatched));
  }

  #piped(record: StoredRecord, document: Document, stages: readonly Document[]): Document {
    const { now, variables } = this.#spec;
    const all = { ...variables, ...this.#bindings.valuesOf(document) };
    return runStages([decode(record.bytes)], stages, { variables: all, now })[0] ?? {};
  }

  #replace(record: StoredRecord, document: Document): void {
    const before = decodeTyped(record.bytes);
    const id = before._id;
    if (document._id !== undefined && !equalValues(document._id, id)) {
      throw new CommandError(
        'ImmutableField',
        "$merge failed to update the matching document, did you attempt to modify the _id or the shard key? :: caused by :: Performing an update on the path '_id' would modify the immutable field '_id'",
      );
    }
    const bytes = encode({ ...{ _id: id }, ...document, _id: id });
    if (bytes.equals(record.bytes)) return;
    refuseLong(bytes);
    validate(this.#target, bytes, { bypass: this.#bypass, before: record.bytes });
    this.#context.services.records.replace(writableOf(this.#context), this.#target, record, bytes, 'all');
  }
}
