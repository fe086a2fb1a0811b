import { decode } from '../bson/codec.ts';
import type { Document } from '../bson/codec.ts';
import type { Collection } from '../catalog/collection.ts';
import { showValue } from '../catalog/show-value.ts';
import { readRecord } from '../catalog/records.ts';
import { CommandError } from '../errors.ts';
import { Query } from '../plan/query.ts';
import { bytesTest } from '../plan/record-source.ts';
import { requestedCollation } from '../query/collation.ts';
import { documentsOf } from '../server/request.ts';
import { namespaceOf, writableOf, type Command, type CommandContext } from './context.ts';
import { writableCollection } from './stored-document.ts';
import { checkDeleteStatement } from './known-fields.ts';
import { filterOf } from './update.ts';
import { runStatements, whenFree, withFirst, type WriteResult } from './write-runner.ts';

export const remove: Command = (context) => {
  const { body, request } = context;
  const namespace = namespaceOf(context);
  const deletes = documentsOf(request, 'deletes');
  const statements = {
    count: deletes.length,
    isOrdered: body.ordered !== false,
    run: (index: number, result: WriteResult) =>
      runDelete(context, namespace, decode(deletes[index] ?? Buffer.alloc(0)), result),
  };
  return runStatements(context, statements, { n: 0 });
};

async function runDelete(
  context: CommandContext,
  namespace: string,
  statement: Document,
  result: WriteResult,
): Promise<void> {
  const { operation, services } = context;
  checkDeleteStatement(statement);
  const limit = limitOf(statement.limit);
  if (limit === 0 && context.txnNumber !== undefined) {
    throw new CommandError('InvalidOptions', 'Cannot use (or request) retryable writes with limit=0');
  }
  const filter = filterOf(statement.q, 'delete.deletes.q');
  const collection = writableCollection(services.catalog, namespace);
  if (collection === undefined) return;
  const view = writableOf(context);
  const { collation, hint } = statement;
  const variables = context.body.let as Document | undefined;
  const search = () =>
    new Query(view, collection, { filter, hint, limit, variables, collation: requestedCollation(collation) });
  if (limit === 1) {
    return withFirst(context, search, (record) => {
      if (record === undefined) return;
      services.records.remove(view, collection, record);
      result.n += 1;
    });
  }
  const query = search();
  while (!query.source.isDone) {
    // One at a time: what is taken away next must still be there and match when its turn comes.
    for (const { recordId } of query.source.pull(128, operation)) {
      await whenFree(context, () => {
        removeOne(context, collection, query, recordId, result);
      });
    }
    if (operation.isSliceOver) await operation.yield();
  }
}

function removeOne(
  context: CommandContext,
  collection: Collection,
  query: Query,
  recordId: number,
  result: WriteResult,
): void {
  const view = writableOf(context);
  const record = readRecord(view, collection, recordId);
  if (record === undefined || !bytesTest(query.matcher)(record.bytes)) return;
  context.services.records.remove(view, collection, record);
  result.n += 1;
}

function limitOf(limit: unknown): number {
  if (limit === 0 || limit === 1) return limit;
  if (limit === undefined)
    throw new CommandError(40414, "BSON field 'delete.deletes.limit' is missing but a required field");
  throw new CommandError('FailedToParse', `The limit field in delete objects must be 0 or 1. Got ${showValue(limit)}`);
}
