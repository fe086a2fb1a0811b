import { decodeTyped, type Document } from '../bson/codec.ts';
import type { Collection } from '../catalog/collection.ts';
import { CommandError } from '../errors.ts';
import { Query } from '../plan/query.ts';
import { requestedCollation } from '../query/collation.ts';
import { compileProjection } from '../query/projection.ts';
import { okReply } from '../server/reply.ts';
import { namespaceOf, writableOf, type Command, type CommandContext } from './context.ts';
import { ensureCollection, writableCollection } from './stored-document.ts';
import { filterOf, updateOf } from './update.ts';
import { idOf, UpdatePlan } from './update-plan.ts';
import { candidatesFor, whenFree, withFirst } from './write-runner.ts';

interface Outcome {
  readonly value: Buffer | undefined;
  readonly lastErrorObject: Document;
  readonly query: Query | undefined;
}

export const findAndModify: Command = async (context) => {
  const { services, session, txnNumber, transaction } = context;
  if (session !== undefined && txnNumber !== undefined) {
    const earlier = services.retryable.find(session.id, txnNumber);
    if (earlier !== undefined) return okReply(earlier.result);
  }
  checkOptions(context.body);
  if (txnNumber !== undefined) services.failPoints.takeStatement(context.request);
  const outcome = await whenFree(context, () =>
    context.body.remove === true ? removeOne(context) : updateOne(context),
  );
  const result = { lastErrorObject: outcome.lastErrorObject, value: shown(context, outcome) };
  if (session !== undefined && txnNumber !== undefined)
    services.retryable.save(session.id, txnNumber, { done: 1, result });
  if (transaction === undefined) await services.writer.committed();
  return okReply(result);
};

function checkOptions({ remove, update, new: isNew, upsert, arrayFilters, fields }: Document): void {
  // Refused before anything is changed.
  if (fields !== undefined) compileProjection(fields as Document);
  if (remove !== true) {
    if (update === undefined)
      throw new CommandError('FailedToParse', 'Either an update or remove=true must be specified');
    return;
  }
  if (update !== undefined) throw new CommandError('FailedToParse', 'Cannot specify both an update and remove=true');
  if (upsert === true) throw new CommandError('FailedToParse', 'Cannot specify both upsert=true and remove=true');
  if (isNew === true)
    throw new CommandError(
      'FailedToParse',
      "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
    );
  if (arrayFilters !== undefined)
    throw new CommandError('FailedToParse', 'Cannot specify arrayFilters and remove=true');
}

async function removeOne(context: CommandContext): Promise<Outcome> {
  const { services } = context;
  const collection = writableCollection(services.catalog, namespaceOf(context));
  if (collection === undefined) return { value: undefined, lastErrorObject: { n: 0 }, query: undefined };
  const search = () => plainQuery(context, collection);
  return withFirst(context, search, (record, query) => {
    if (record === undefined) return { value: undefined, lastErrorObject: { n: 0 }, query };
    services.records.remove(writableOf(context), collection, record);
    return { value: record.bytes, lastErrorObject: { n: 1 }, query };
  });
}

function plainQuery(context: CommandContext, collection: Collection): Query {
  const { body } = context;
  return new Query(writableOf(context), collection, {
    filter: filterOf(body.query ?? {}, 'findAndModify.query'),
    sort: body.sort as Document | undefined,
    hint: body.hint,
    collation: requestedCollation(body.collation),
    variables: body.let as Document | undefined,
    limit: candidatesFor(body.sort as Document | undefined),
  });
}

async function updateOne(context: CommandContext): Promise<Outcome> {
  const { body, services } = context;
  const namespace = namespaceOf(context);
  const plan = updatePlanOf(context);
  const isUpsert = body.upsert === true;
  const collection = isUpsert
    ? ensureCollection(services.catalog, services.writer, namespace)
    : writableCollection(services.catalog, namespace);
  if (collection === undefined) return nothingFound(undefined);
  const search = () => plan.query(collection);
  return withFirst(context, search, (record, query) => {
    if (record !== undefined) {
      const after = plan.apply(collection, query, record) ?? record.bytes;
      const value = body.new === true ? after : record.bytes;
      return { value, lastErrorObject: { n: 1, updatedExisting: true }, query };
    }
    if (!isUpsert) return nothingFound(query);
    const inserted = plan.insert(collection);
    const lastErrorObject = { n: 1, updatedExisting: false, upserted: idOf(inserted) };
    return { value: body.new === true ? inserted : undefined, lastErrorObject, query };
  });
}

function nothingFound(query: Query | undefined): Outcome {
  return { value: undefined, lastErrorObject: { n: 0, updatedExisting: false }, query };
}

function updatePlanOf(context: CommandContext): UpdatePlan {
  const { body, request } = context;
  const typed = decodeTyped(request.rawBody);
  return new UpdatePlan(context, {
    filter: filterOf(body.query ?? {}, 'findAndModify.query'),
    typedFilter: (typed.query ?? {}) as Document,
    update: updateOf(typed.update),
    multi: false,
    sort: body.sort as Document | undefined,
    arrayFilters: typed.arrayFilters as Document[] | undefined,
    collation: body.collation,
    hint: body.hint,
    variables: body.let as Document | undefined,
    bypass: body.bypassDocumentValidation === true,
  });
}

/** The value as `fields` asks for it, in types as they are stored. */
function shown({ body }: CommandContext, { value, query }: Outcome): unknown {
  if (value === undefined) return null;
  const fields = body.fields as Document | undefined;
  if (fields === undefined || Object.keys(fields).length === 0) return decodeTyped(value);
  return decodeTyped(compileProjection(fields, { matcher: query?.matcher }).applyTo(value));
}
