import { EMPTY, HIGHEST, type WritableView } from '../storage/view.ts';
import { recordIdOf } from '../storage/tree-key.ts';
import type { Collection } from '../catalog/collection.ts';
import type { Records } from '../catalog/records.ts';
import { documentsOf } from '../server/request.ts';
import { namespaceOf, writableOf, type Command } from './context.ts';
import { ensureCollection, storable, validate } from './stored-document.ts';
import { runStatements } from './write-runner.ts';

export const insert: Command = (context) => {
  const { body, request, services } = context;
  const namespace = namespaceOf(context);
  const documents = documentsOf(request, 'documents');
  const view = writableOf(context);
  const bypass = body.bypassDocumentValidation === true;
  const statements = {
    count: documents.length,
    isOrdered: body.ordered !== false,
    run: (index: number, result: { n: number }) => {
      const bytes = storable(documents[index] ?? EMPTY);
      const collection = ensureCollection(services.catalog, services.writer, namespace);
      validate(collection, bytes, { bypass });
      services.records.insert(view, collection, bytes);
      if (collection.isCapped) trimCapped(services.records, view, collection);
      result.n += 1;
      return undefined;
    },
  };
  return runStatements(context, statements, { n: 0 });
};

/** Removes the oldest documents of a capped collection until it is within its limits. */
export function trimCapped(records: Records, view: WritableView, collection: Collection): void {
  const { size, max } = collection.options as { size?: number; max?: number };
  const isOver = (): boolean =>
    collection.size.bytes > (size ?? Infinity) ||
    collection.size.documents > (max === undefined || max === 0 ? Infinity : max);
  while (collection.size.documents > 1 && isOver()) {
    const [oldest] = view.scan(collection.tree, { from: EMPTY, to: HIGHEST, reverse: false, limit: 1 });
    if (oldest === undefined) return;
    records.remove(view, collection, { recordId: recordIdOf(oldest.key), bytes: oldest.value });
  }
}
