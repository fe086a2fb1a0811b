import { ObjectId } from 'bson';
import { decode, decodeTyped, documentOf, encode, rawField, rawValues, type Document } from '../bson/codec.ts';
import type { Collection } from '../catalog/collection.ts';
import { readRecord, type StoredRecord } from '../catalog/records.ts';
import { runStages } from '../aggregate/run-stages.ts';
import { Query } from '../plan/query.ts';
import { bytesTest } from '../plan/record-source.ts';
import { parseCollation, requestedCollation } from '../query/collation.ts';
import { compileMatcher } from '../query/matcher.ts';
import { compileUpdate, upsertDocument, type CompiledUpdate } from '../update/index.ts';
import type { CommandContext } from './context.ts';
import { writableOf } from './context.ts';
import { refuseGrown, storable, validate } from './stored-document.ts';
import { candidatesFor } from './write-runner.ts';

/** An update as `update` and `findAndModify` put it. */
export interface UpdateSpec {
  readonly filter: Document;
  /** The filter in the typed form: an upsert inserts its values. */
  readonly typedFilter: Document;
  readonly update: Document | Document[];
  readonly multi: boolean;
  readonly sort?: Document | undefined;
  readonly arrayFilters?: readonly Document[] | undefined;
  readonly collation?: unknown;
  readonly hint?: unknown;
  readonly constants?: Document | undefined;
  readonly variables?: Document | undefined;
  readonly bypass: boolean;
}

/** One update statement, compiled, and how it is carried out on a collection. */
export class UpdatePlan {
  readonly #context: CommandContext;
  readonly #spec: UpdateSpec;
  readonly #update: CompiledUpdate;

  constructor(context: CommandContext, spec: UpdateSpec) {
    this.#context = context;
    this.#spec = spec;
    const collation = spec.collation === undefined ? undefined : parseCollation(spec.collation);
    const variables = { ...spec.variables, ...spec.constants };
    this.#update = compileUpdate(spec.update, {
      ...(spec.arrayFilters && { arrayFilters: spec.arrayFilters }),
      ...(spec.constants && { variables: spec.constants }),
      matcher: (filter) => {
        const matcher = compileMatcher(filter, { collation });
        return (document) => matcher.test(document);
      },
      runPipeline: (document, stages) => runStages([decode(encode(document))], stages, { variables })[0] ?? {},
      isReplacementAllowed: true,
      multi: spec.multi,
      now: new Date(),
    });
  }

  /** The query that finds what is to be updated. */
  query(collection: Collection): Query {
    const { filter, sort, hint, collation, multi, variables } = this.#spec;
    return new Query(writableOf(this.#context), collection, {
      filter,
      sort,
      hint,
      collation: requestedCollation(collation),
      limit: multi ? 0 : candidatesFor(sort),
      variables,
    });
  }

  /** @returns the document as it is now, or `undefined` if that is no change */
  apply(collection: Collection, query: Query, record: StoredRecord): Buffer | undefined {
    const { services } = this.#context;
    const positional = query.matcher.positionOf(decode(record.bytes));
    const { document, modified } = this.#update.apply(decodeTyped(record.bytes), {
      isInsert: false,
      ...(positional === undefined ? {} : { positional }),
    });
    if (!modified) return undefined;
    const bytes = encodeChanged(record.bytes, document, this.#update.touched);
    refuseGrown(bytes);
    validate(collection, bytes, { bypass: this.#spec.bypass, before: record.bytes });
    services.records.replace(writableOf(this.#context), collection, record, bytes, this.#update.touched);
    return bytes;
  }

  /** Inserts what an upsert that found nothing asks for. */
  insert(collection: Collection): Buffer {
    const document = upsertDocument(this.#spec.typedFilter, this.#update, () => new ObjectId());
    const bytes = storable(encode(document));
    validate(collection, bytes, { bypass: this.#spec.bypass });
    this.#context.services.records.insert(writableOf(this.#context), collection, bytes);
    return bytes;
  }

  /** Reads the record again: whether it still is there and still matches. */
  reread(collection: Collection, query: Query, recordId: number): StoredRecord | undefined {
    const record = readRecord(writableOf(this.#context), collection, recordId);
    return record !== undefined && bytesTest(query.matcher)(record.bytes) ? record : undefined;
  }
}

/** Encodes only what the update may have touched; all else keeps its very bytes, and its place. */
function encodeChanged(before: Buffer, document: Document, touched: ReadonlySet<string> | 'all'): Buffer {
  if (touched === 'all') return encode(document);
  const changed = Object.entries(document).filter(([name]) => touched.has(name));
  const fresh = new Map(
    rawValues(encode(Object.fromEntries(changed))).map((element) => [element.name, element] as const),
  );
  const elements = rawValues(before).flatMap((element) => {
    if (!touched.has(element.name)) return [element];
    const changedElement = fresh.get(element.name);
    fresh.delete(element.name);
    return changedElement === undefined ? [] : [changedElement];
  });
  return documentOf([...elements, ...fresh.values()]);
}

/** The `_id` of a stored document. */
export function idOf(bytes: Buffer): unknown {
  return rawField(bytes, '_id') === undefined ? null : decodeTyped(bytes)._id;
}
