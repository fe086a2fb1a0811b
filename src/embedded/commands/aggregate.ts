import { decode, type Document } from '../bson/codec.ts';
import { Aggregation, type AggregationSpec } from '../aggregate/aggregation.ts';
import { AggregationStream } from '../aggregate/aggregation-stream.ts';
import { knownCount } from '../aggregate/known-count.ts';
import { candidatesOf } from '../aggregate/candidates.ts';
import { CollectionSources } from '../aggregate/collection-sources.ts';
import { DocumentsStream } from '../aggregate/document-stream.ts';
import { compilePipeline, stageContext } from '../aggregate/pipeline.ts';
import { namedStage, type StageContext } from '../aggregate/stage.ts';
import type { Collection } from '../catalog/collection.ts';
import { CommandError } from '../errors.ts';
import type { Verbosity } from '../plan/explain.ts';
import { parseCollation } from '../query/collation.ts';
import { cursorReply, okReply } from '../server/reply.ts';
import { explainAggregation } from './aggregate-explain.ts';
import { ORIGINS } from './aggregate-origins.ts';
import { readAggregate, type AggregateRequest } from './aggregate-request.ts';
import { namespaceOf, viewOf, type Command, type CommandContext } from './context.ts';
import type { DocumentStream } from './cursors.ts';
import { mergeResults } from './merge-output.ts';
import { replaceResults } from './out-output.ts';

/** An aggregation that reads more documents than this runs in a thread of its own. */
const MOST_ON_MAIN_THREAD = 500;

/** Up to so many are quicker read on the main thread, slice by slice, than a thread is started. */
const MOST_WHILE_COLD = 10_000;

export const aggregate: Command = async (context) => {
  const request = readAggregate(context);
  if (context.body.explain === true) return okReply(await explainAggregate(context, 'queryPlanner'));
  const { spec, batchSize, output } = request;
  if (output !== undefined) return writeResults(context, request, output);
  const stream = await open(context, spec);
  return reply(context, spec.namespace, stream, batchSize);
};

export const aggregateCommands: Readonly<Record<string, Command>> = { aggregate };

/** The results of an aggregation, however they are come by. */
async function open(context: CommandContext, spec: AggregationSpec): Promise<DocumentStream> {
  const origin = originOf(context, spec);
  if (origin !== undefined) return new DocumentsStream(origin);
  const { services, transaction, past } = context;
  const deps = { view: viewOf(context), catalog: services.catalog };
  const aggregation = new Aggregation(spec, deps);
  // Such a view only this thread has, and the collection's size is not of its time.
  const isOwnView = transaction !== undefined || past !== undefined;
  const counted = knownCount(aggregation, deps.view, isOwnView);
  if (counted !== undefined) return new DocumentsStream(counted);
  if (isOwnView || aggregation.isQuery) return new AggregationStream(aggregation);
  const candidates = candidatesOf(aggregation, deps.view, MOST_WHILE_COLD);
  if (candidates <= (services.pool.isWarm ? MOST_ON_MAIN_THREAD : MOST_WHILE_COLD)) {
    if (candidates > MOST_ON_MAIN_THREAD) services.pool.warm();
    return new AggregationStream(aggregation);
  }
  const { revision } = services.catalog;
  // The thread reads the catalogue from the store: it has to be there.
  await services.writer.committed();
  return services.pool.open(spec, revision);
}

/** The documents of a pipeline whose first stage brings them. */
function originOf(context: CommandContext, spec: AggregationSpec): Iterable<Document, void> | undefined {
  const [first, ...rest] = spec.pipeline;
  if (first === undefined) return undefined;
  const [name, argument] = namedStage(first);
  const origin = ORIGINS[name];
  if (origin === undefined) return undefined;
  const stage = standaloneContext(context, spec);
  const compiled = compilePipeline(rest, stage);
  return compiled.run(origin(argument, context, spec.namespace, stage));
}

function standaloneContext(context: CommandContext, { collation, variables, now }: AggregationSpec): StageContext {
  const { services, operation, request } = context;
  const check = (): void => {
    operation.check();
  };
  return stageContext({
    database: request.database,
    variables,
    collation: parseCollation(collation),
    now,
    sources: new CollectionSources(viewOf(context), services.catalog, check),
  });
}

/** Answers with the first documents and, if there are more, a cursor for the rest. */
async function reply(
  { services, session, transaction, operation }: CommandContext,
  namespace: string,
  stream: DocumentStream,
  batchSize: number,
  isSingle = false,
): Promise<Buffer> {
  const documents = batchSize === 0 ? [] : await stream.next(batchSize, operation);
  const isOpen = !stream.isDone && !isSingle;
  if (!isOpen) {
    stream.close?.();
    return cursorReply({ id: 0n, namespace, batchName: 'firstBatch', documents });
  }
  const { id } = services.cursors.open({
    namespace,
    stream,
    sessionId: session?.id,
    transaction,
    isTailable: false,
    awaitsData: false,
    noTimeout: false,
  });
  return cursorReply({ id, namespace, batchName: 'firstBatch', documents });
}

async function writeResults(
  context: CommandContext,
  { spec }: AggregateRequest,
  [name, argument]: readonly [name: '$merge' | '$out', argument: unknown],
): Promise<Buffer> {
  if (context.transaction !== undefined) {
    throw new CommandError('OperationNotSupportedInTransaction', `${name} is not supported in a transaction`);
  }
  const write = name === '$out' ? replaceResults : mergeResults;
  await write(context, argument, spec, () => open(context, spec));
  return cursorReply({ id: 0n, namespace: spec.namespace, batchName: 'firstBatch', documents: [] });
}

/** What `explain` says of an aggregation. */
export async function explainAggregate(context: CommandContext, verbosity: Verbosity): Promise<Document> {
  const { spec, output } = readAggregate(context, true);
  const [first] = spec.pipeline;
  if (first !== undefined && Object.hasOwn(ORIGINS, namedStage(first)[0])) {
    return { explainVersion: '1', stages: [...spec.pipeline] };
  }
  const aggregation = new Aggregation(spec, { view: viewOf(context), catalog: context.services.catalog });
  const explained = await explainAggregation(aggregation, verbosity, context.operation);
  if (output === undefined) return explained;
  const stages = (explained.stages ?? [{ $cursor: explained }]) as Document[];
  return { explainVersion: '1', stages: [...stages, { [output[0]]: output[1] }] };
}

/** A find on a view, given as stages. */
export async function aggregateView(
  context: CommandContext,
  collection: Collection,
  pipeline: readonly Document[],
): Promise<Buffer> {
  const { body } = context;
  const spec = viewSpec(context, collection, pipeline);
  const stream = new AggregationStream(
    new Aggregation(spec, { view: viewOf(context), catalog: context.services.catalog }),
  );
  const size = Number(body.batchSize ?? 101);
  return reply(context, namespaceOf(context), stream, size, body.singleBatch === true);
}

function viewSpec(
  { body }: CommandContext,
  { namespace, collation }: Collection,
  pipeline: readonly Document[],
): AggregationSpec {
  const given = body.collation as Document | undefined;
  if (given !== undefined && JSON.stringify(parseCollation(given)?.spec) !== JSON.stringify(collation?.spec)) {
    throw new CommandError('OptionNotSupportedOnView', "Cannot override a view's default collation");
  }
  const variables = (body.let ?? {}) as Document;
  return { namespace, pipeline, variables, hint: body.hint, now: new Date() };
}

async function viewDocuments(
  context: CommandContext,
  collection: Collection,
  pipeline: readonly Document[],
): Promise<Document[]> {
  const spec = viewSpec(context, collection, pipeline);
  const stream = await open(context, spec);
  const documents: Document[] = [];
  while (!stream.isDone) {
    for (const bytes of await stream.next(Infinity, context.operation)) documents.push(decode(bytes));
  }
  return documents;
}

/** A count on a view. */
export async function countView(context: CommandContext, collection: Collection): Promise<Buffer> {
  const { query, skip, limit } = context.body;
  const stages: Document[] = [{ $match: query ?? {} }];
  if (Number(skip ?? 0) > 0) stages.push({ $skip: skip });
  if (Number(limit ?? 0) !== 0) stages.push({ $limit: Math.abs(Number(limit)) });
  const [counted] = await viewDocuments(context, collection, [...stages, { $count: 'n' }]);
  return okReply({ n: counted?.n ?? 0 });
}

/** A distinct on a view. */
export async function distinctView(context: CommandContext, collection: Collection, key: string): Promise<Buffer> {
  const names = key.split('.');
  // Arrays on the way to the field are passed through, and so are those at its end.
  const unwinds = names.map((_name, index) => ({
    $unwind: { path: `$${names.slice(0, index + 1).join('.')}`, preserveNullAndEmptyArrays: true },
  }));
  const stages = [
    { $match: context.body.query ?? {} },
    ...unwinds,
    { $group: { _id: null, values: { $addToSet: `$${key}` } } },
  ];
  const [found] = await viewDocuments(context, collection, stages);
  return okReply({ values: found?.values ?? [] });
}
