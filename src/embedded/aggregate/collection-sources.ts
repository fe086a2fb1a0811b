import type { Document } from '../bson/codec.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Collection } from '../catalog/collection.ts';
import { CommandError } from '../errors.ts';
import { Operation } from '../plan/operation.ts';
import { Query, type QuerySpec } from '../plan/query.ts';
import { setTextScore } from '../query/text-scores.ts';
import type { View } from '../storage/view.ts';
import { readDocument } from './read-document.ts';
import type { ResolvedNamespace, Sources } from './sources.ts';

/** MongoDB's limit of views upon views. */
const DEEPEST_VIEW = 20;

/** An operation that goes on for as long as it takes: inside of a stage there is no place to pause. */
class Unsliced extends Operation {
  override get isSliceOver(): boolean {
    return false;
  }
}

/** Reads the collections of a view of the store. */
export class CollectionSources implements Sources {
  readonly #view: View;
  readonly #catalog: Catalog;
  readonly #unsliced = new Unsliced(0);
  readonly #check: () => void;

  /** @param check throws where the command is to end; called between pages */
  constructor(view: View, catalog: Catalog, check: () => void) {
    this.#view = view;
    this.#catalog = catalog;
    this.#check = check;
  }

  *find(namespace: string, spec: QuerySpec): Generator<Document> {
    const collection = this.#catalog.get(namespace);
    if (collection === undefined) return;
    const { source } = new Query(this.#view, collection, spec);
    while (!source.isDone) {
      this.#check();
      for (const { bytes, score } of source.pull(256, this.#unsliced)) {
        const document = readDocument(bytes);
        if (score !== undefined) setTextScore(document, score);
        yield document;
      }
    }
  }

  resolve(namespace: string): ResolvedNamespace {
    const collection = this.#catalog.get(namespace);
    return collection === undefined ? { namespace, pipeline: [] } : resolveView(this.#catalog, collection);
  }

  isIndexed(namespace: string, path: string): boolean {
    const collection = this.#catalog.get(namespace);
    return collection?.indexes.some((index) => servesEquality(index, path)) === true;
  }

  size(namespace: string): number {
    return this.#catalog.get(namespace)?.size.documents ?? 0;
  }
}

function servesEquality(index: Collection['indexes'][number], path: string): boolean {
  return index.paths[0] === path && !index.isSparse && index.partial === undefined && !index.isHidden;
}

/**
 * The collection that a view is made of in the end, and the stages on the way; the collection itself where it is no view.
 * @throws ViewDepthLimitExceeded (165)
 */
export function resolveView(catalog: Catalog, collection: Collection): ResolvedNamespace {
  let current: Collection | undefined = collection;
  let namespace = collection.namespace;
  const pipelines: (readonly Document[])[] = [];
  while (current?.isView === true) {
    if (pipelines.length >= DEEPEST_VIEW) {
      throw new CommandError(
        165,
        `View depth too deep or view cycle detected; maximum depth is ${String(DEEPEST_VIEW)}`,
      );
    }
    pipelines.unshift((current.options.pipeline ?? []) as Document[]);
    namespace = `${current.database}.${String(current.options.viewOn)}`;
    current = catalog.get(namespace);
  }
  return { namespace, pipeline: pipelines.flat() };
}
