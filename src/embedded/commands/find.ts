import type { Document } from '../bson/codec.ts';
import type { Collection } from '../catalog/collection.ts';
import { CommandError } from '../errors.ts';
import type { Batch } from '../aggregate/batch.ts';
import { BatchedStream } from '../aggregate/batched-stream.ts';
import type { Operation } from '../plan/operation.ts';
import { projector, Query, type Project } from '../plan/query.ts';
import type { Found } from '../plan/record-source.ts';
import { requestedCollation } from '../query/collation.ts';
import { cursorReply } from '../server/reply.ts';
import { aggregateView } from './aggregate.ts';
import { collectionOf, namespaceOf, viewOf, type Command, type CommandContext } from './context.ts';
import { type DocumentStream } from './cursors.ts';
import { tailStream } from './tailable.ts';
import { filterOf } from './update.ts';

const DEFAULT_FIRST_BATCH = 101;

/** Documents of a query, as they are stored or projected. */
export class FindStream extends BatchedStream implements DocumentStream {
  readonly #query: Query;
  readonly #project: Project | undefined;
  /** Read already, and kept for the next batch because this one was full. */
  #waiting: readonly Found[] = [];

  constructor(query: Query) {
    super();
    this.#query = query;
    this.#project = projector(query);
  }

  override get isDone(): boolean {
    return this.#waiting.length === 0 && this.#query.source.isDone;
  }

  protected override advance(batch: Batch, operation: Operation): void {
    const found =
      this.#waiting.length > 0 ? this.#waiting : this.#query.source.pull(Math.min(batch.room, 256), operation);
    const taken = this.#take(batch, found);
    this.#waiting = found.slice(taken);
  }

  #take(batch: Batch, found: readonly Found[]): number {
    let taken = 0;
    for (const record of found) {
      if (!batch.add(this.#project === undefined ? record.bytes : this.#project(record))) break;
      taken += 1;
    }
    return taken;
  }
}

export const find: Command = (context) => {
  const { body } = context;
  const namespace = namespaceOf(context);
  const collection = collectionOf(context);
  if (collection?.isView === true) return aggregateView(context, collection, viewPipeline(body));
  const query = collection && queryOf(context, collection);
  if (query === undefined) {
    filterOf(body.filter ?? {}, 'find.filter');
    return cursorReply({ id: 0n, namespace, batchName: 'firstBatch', documents: [] });
  }
  const isTailable = body.tailable === true;
  const stream = isTailable ? tailStream(context, query) : new FindStream(query);
  return firstBatch(context, namespace, stream, {
    batchSize: sizeOf(body.batchSize, 'batchSize') ?? DEFAULT_FIRST_BATCH,
    isSingle: body.singleBatch === true,
    isTailable,
  });
};

interface FirstBatch {
  readonly batchSize: number;
  readonly isSingle: boolean;
  readonly isTailable: boolean;
}

/** Answers with the first documents and, if there are more, a cursor for the rest. */
export function firstBatch(
  context: CommandContext,
  namespace: string,
  stream: DocumentStream,
  options: FirstBatch,
): Buffer | Promise<Buffer> {
  const reply = (documents: readonly Buffer[]): Buffer => {
    const isOpen = !options.isSingle && (options.isTailable || !stream.isDone);
    if (!isOpen) stream.close?.();
    const id = isOpen ? openCursor(context, namespace, stream, options.isTailable) : 0n;
    return cursorReply({ id, namespace, batchName: 'firstBatch', documents });
  };
  const documents = options.batchSize === 0 ? [] : stream.next(options.batchSize, context.operation);
  return documents instanceof Promise ? documents.then(reply) : reply(documents);
}

function openCursor(
  { services, session, transaction, body }: CommandContext,
  namespace: string,
  stream: DocumentStream,
  isTailable: boolean,
): bigint {
  return services.cursors.open({
    namespace,
    stream,
    sessionId: session?.id,
    transaction,
    isTailable,
    awaitsData: body.awaitData === true,
    noTimeout: body.noCursorTimeout === true,
  }).id;
}

/** The query that a find's body describes. */
export function queryOf(context: CommandContext, collection: Collection): Query {
  const { body } = context;
  return new Query(viewOf(context), collection, {
    filter: filterOf(body.filter ?? {}, 'find.filter'),
    sort: body.sort as Document | undefined,
    projection: body.projection as Document | undefined,
    hint: body.hint,
    collation: requestedCollation(body.collation),
    skip: sizeOf(body.skip, 'skip') ?? 0,
    limit: Math.abs(Number(body.limit ?? 0)),
    variables: body.let as Document | undefined,
    min: limitOf(body.min, 'min'),
    max: limitOf(body.max, 'max'),
    returnKey: body.returnKey === true,
    showRecordId: body.showRecordId === true,
  });
}

/** An empty one is none. */
function limitOf(value: unknown, field: string): Document | undefined {
  const limit = value === undefined ? {} : filterOf(value, `find.${field}`);
  return Object.keys(limit).length === 0 ? undefined : limit;
}

/** @throws BadValue (2) where it is negative, TypeMismatch (14) where it is no number */
export function sizeOf(value: unknown, field: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const size = Number(value);
  if (Number.isNaN(size)) {
    throw new CommandError(
      'TypeMismatch',
      `BSON field 'FindCommandRequest.${field}' is the wrong type, expected type 'number'`,
    );
  }
  if (size < 0)
    throw new CommandError(51024, `BSON field '${field}' value must be >= 0, actual value '${String(size)}'`);
  return size;
}

/** What a find on a view comes to. */
function viewPipeline({ filter, sort, skip, limit, projection }: Document): Document[] {
  const stages: [string, unknown][] = [
    ['$match', filter],
    ['$sort', sort],
    ['$skip', skip],
    ['$limit', limit === 0 ? undefined : limit],
    ['$project', projection],
  ];
  return stages.flatMap(([name, value]) => (isGiven(value) ? [{ [name]: value }] : []));
}

function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === 0) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
