import { decode, decodeTyped, type Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import type { Collection } from '../catalog/collection.ts';
import { documentsOf } from '../server/request.ts';
import { namespaceOf, type Command, type CommandContext } from './context.ts';
import { checkUpdateStatement } from './known-fields.ts';
import { ensureCollection, writableCollection } from './stored-document.ts';
import { idOf, UpdatePlan } from './update-plan.ts';
import { runStatements, whenFree, withFirst, type WriteResult } from './write-runner.ts';

export const update: Command = (context) => {
  const { body, request } = context;
  const namespace = namespaceOf(context);
  const updates = documentsOf(request, 'updates');
  const statements = {
    count: updates.length,
    isOrdered: body.ordered !== false,
    run: (index: number, result: WriteResult) =>
      runUpdate(context, namespace, updates[index] ?? Buffer.alloc(0), index, result),
  };
  return runStatements(context, statements, { n: 0, nModified: 0 });
};

async function runUpdate(
  context: CommandContext,
  namespace: string,
  bytes: Buffer,
  index: number,
  result: WriteResult,
): Promise<void> {
  const statement = decode(bytes);
  checkUpdateStatement(statement);
  const typed = decodeTyped(bytes);
  const isMulti = statement.multi === true;
  if (isMulti && context.txnNumber !== undefined) {
    throw new CommandError('InvalidOptions', 'Cannot use (or request) retryable writes with multi=true');
  }
  const plan = new UpdatePlan(context, {
    filter: filterOf(statement.q, 'update.updates.q'),
    typedFilter: typed.q as Document,
    update: updateOf(typed.u),
    multi: isMulti,
    sort: statement.sort as Document | undefined,
    arrayFilters: typed.arrayFilters as Document[] | undefined,
    collation: statement.collation,
    hint: statement.hint,
    constants: statement.c as Document | undefined,
    variables: context.body.let as Document | undefined,
    bypass: context.body.bypassDocumentValidation === true,
  });
  const { catalog, writer } = context.services;
  const collection =
    statement.upsert === true ? ensureCollection(catalog, writer, namespace) : writableCollection(catalog, namespace);
  if (collection === undefined) return;
  const insert = (): void => {
    if (statement.upsert !== true) return;
    (result.upserted ??= []).push({ index, _id: idOf(plan.insert(collection)) });
    result.n += 1;
  };
  if (!isMulti) await updateOne(context, collection, plan, { result, insert });
  else if ((await updateMany(context, collection, plan, result)) === 0) insert();
}

function updateOne(
  context: CommandContext,
  collection: Collection,
  plan: UpdatePlan,
  { result, insert }: { result: WriteResult; insert: () => void },
): Promise<void> {
  const search = () => plan.query(collection);
  return withFirst(context, search, (record, query) => {
    if (record === undefined) {
      insert();
      return;
    }
    if (plan.apply(collection, query, record) !== undefined) result.nModified = (result.nModified ?? 0) + 1;
    result.n += 1;
  });
}

/** Finds all first: an update that moves a document ahead in the index it was found by must not meet it again. */
async function updateMany(
  context: CommandContext,
  collection: Collection,
  plan: UpdatePlan,
  result: WriteResult,
): Promise<number> {
  const { operation } = context;
  const query = plan.query(collection);
  const recordIds: number[] = [];
  while (!query.source.isDone) {
    for (const { recordId } of query.source.pull(256, operation)) recordIds.push(recordId);
    if (operation.isSliceOver) await operation.yield();
  }
  let matched = 0;
  for (const recordId of recordIds) {
    await whenFree(context, () => {
      const record = plan.reread(collection, query, recordId);
      if (record === undefined) return;
      if (plan.apply(collection, query, record) !== undefined) result.nModified = (result.nModified ?? 0) + 1;
      result.n += 1;
      matched += 1;
    });
    if (operation.isSliceOver) await operation.yield();
  }
  return matched;
}

/** @throws TypeMismatch (14) where a filter is no object */
export function filterOf(value: unknown, field: string): Document {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Document;
  if (value === undefined) throw new CommandError(40414, `BSON field '${field}' is missing but a required field`);
  throw new CommandError(
    'TypeMismatch',
    `BSON field '${field}' is the wrong type '${typeof value}', expected type 'object'`,
  );
}

export function updateOf(value: unknown): Document | Document[] {
  if (typeof value === 'object' && value !== null) return value as Document | Document[];
  throw new CommandError('FailedToParse', 'Update argument must be either an object or an array');
}
