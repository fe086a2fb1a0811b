import type { Document } from '../bson/codec.ts';
import type { QuerySpec } from '../plan/query.ts';

/** Where a pipeline reads other collections than its own. */
export interface Sources {
  /** Documents of a collection, one after another; none where there is no such collection. */
  find(namespace: string, spec: QuerySpec): Iterable<Document>;
  /** The collection and the stages that a view stands for; the namespace itself and no stages where it is none. */
  resolve(namespace: string): ResolvedNamespace;
  /** Whether equality on the path is answered by an index. */
  isIndexed(namespace: string, path: string): boolean;
  /** Number of documents, as far as it is known. */
  size(namespace: string): number;
}

export interface ResolvedNamespace {
  readonly namespace: string;
  readonly pipeline: readonly Document[];
}

/** For pipelines that may read nothing but what they are given. */
export const NO_SOURCES: Sources = {
  find: () => [],
  resolve: (namespace) => ({ namespace, pipeline: [] }),
  isIndexed: () => false,
  size: () => 0,
};
