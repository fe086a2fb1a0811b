import {
  Types,
  type Aggregate,
  type AnyBulkWriteOperation,
  type ClientSession,
  type Connection,
  type HydratedDocument,
  type Model,
  type PopulateOptions,
  type Query,
  type QueryFilter,
  type Schema,
} from 'mongoose';
import type { Scope, SystemScope } from '../../shared/scope.ts';
import { currentTrace } from '../observability/trace.ts';
import { scopePipeline, type Joinable } from './joins.ts';
import { demandConnection } from './pulse.ts';
import { filterFor, ScopeError, type ScopeFilter, type ScopeFilters } from './scope-filter.ts';

/** Options of every database operation: whose data, and in which transaction. */
export interface Access {
  readonly scope: Scope;
  readonly session?: ClientSession;
}

/** What the platform does for itself, for no tenant in particular. */
export const asSystem = (reason: string, session?: ClientSession): Access & { readonly scope: SystemScope } => ({
  scope: { kind: 'system', reason },
  ...(session !== undefined && { session }),
});

/** What rows are wanted of a list. */
export interface RowsWanted {
  readonly fields: Readonly<Record<string, 0 | 1>>;
  readonly sort: Readonly<Record<string, -1 | 1>>;
  readonly limit: number;
}

/** Reads without a query of Mongoose's, which costs as much as all that the driver does. */
export interface RowReads<T> {
  /** Rows as they lie, without what a schema adds. The filter is cast as usual, and the scope's added. */
  findRows<Row>(filter: QueryFilter<T>, wanted: RowsWanted, access: Access): Promise<Row[]>;
}

export interface ScopedOptions {
  readonly scopes: ScopeFilters;
  /** The only collections that an aggregation or a populate may reach from here; their own filters apply there. */
  readonly joins: () => readonly Joinable[];
}

const READS = ['countDocuments', 'distinct', 'find', 'findOne'] as const;
const WRITES = ['deleteMany', 'deleteOne', 'findOneAndDelete', 'findOneAndUpdate', 'updateMany', 'updateOne'] as const;

/** Mongoose plugin: adds the scope's filter to each operation of a model and throws where there is no scope. */
export function scoped(schema: Schema, { scopes, joins }: ScopedOptions): void {
  const read = (options: unknown): ScopeFilter => filterFor(scopes, scopeOf(options));
  const write = (options: unknown): ScopeFilter => {
    const scope = scopeOf(options);
    if (scope.kind === 'public') throw new ScopeError('The public scope only reads');
    return filterFor(scopes, scope);
  };

  schema.pre([...READS], function (this: Query<unknown, unknown>) {
    this.and([read(this.getOptions())]);
    limit(this, this.model.db);
    scopePopulate(this, schema, joins);
  });
  schema.pre([...WRITES], function (this: Query<unknown, unknown>) {
    const filter = write(this.getOptions());
    refuseMove(this.getUpdate(), filter);
    this.and([filter]);
    limit(this, this.model.db);
  });
  schema.pre('aggregate', function (this: Aggregate<unknown>) {
    const options = this.options as Batched & Partial<Access>;
    const stages = this.pipeline();
    stages.splice(0, Infinity, ...scopePipeline(stages, scopeOf(options), read(options), joins()));
    limit(this, this.model().db);
    // Mongoose tells the server so of the first batch alone: the second would bring all that is left, up to 16 MB.
    if (options.cursor?.batchSize !== undefined) options.batchSize = options.cursor.batchSize;
  });
  schema.pre('save', function (this: HydratedDocument<unknown>, options) {
    // A loaded document is saved by its id alone: whose it is would not be asked again.
    if (!this.isNew) throw new ScopeError('Loaded documents are not saved: update by a condition');
    demandConnection(this.db);
    this.set(ownership(write(options), (key) => this.get(key) as unknown));
  });
  schema.pre('bulkWrite', function (operations: AnyBulkWriteOperation[], options) {
    const filter = write(options);
    demandConnection(this.db);
    for (const operation of operations) scopeBulk(operation, filter);
  });

  schema.static('findRows', async function (this: Model<unknown>, ...asked: Parameters<RowReads<unknown>['findRows']>) {
    const [filter, { fields, ...wanted }, access] = asked;
    const own = read(access);
    demandConnection(this.db);
    const { session } = access;
    const options = { ...wanted, projection: fields, maxTimeMS: allowedMs(this.db), ...(session && { session }) };
    const cast = this.find().cast(this, filter) as object;
    return this.collection.find({ $and: [cast, own] }, options).toArray();
  });

  // A replacement could carry a document over to another tenant; the others hand their hooks nothing to filter by.
  schema.pre(['replaceOne', 'findOneAndReplace', 'estimatedDocumentCount'], refuse);
  schema.pre('insertMany', refuse);
}

function refuse(): never {
  throw new ScopeError('Not available on a scoped model');
}

function scopeOf(options: unknown): Scope {
  const { scope } = (options ?? {}) as Partial<Access>;
  if (scope === undefined) throw new ScopeError('A database operation was started without a scope');
  return scope;
}

/** The members of a filter that say whose a document is. Others, such as a state, may change in its life. */
const owners = (filter: ScopeFilter): readonly [string, Types.ObjectId][] =>
  Object.entries(filter).filter((entry): entry is [string, Types.ObjectId] => entry[1] instanceof Types.ObjectId);

/** What is to be set on a new document, so that it belongs to the scope that writes it. */
function ownership(filter: ScopeFilter, given: (key: string) => unknown): ScopeFilter {
  const owned = owners(filter);
  for (const [key, owner] of owned) {
    const present = given(key);
    if (present !== undefined && !owner.equals(present as Types.ObjectId)) {
      throw new ScopeError(`The document's ${key} is not that of the scope`);
    }
  }
  return Object.fromEntries(owned);
}

function scopeBulk(operation: AnyBulkWriteOperation, filter: ScopeFilter): void {
  if ('replaceOne' in operation) refuse();
  for (const write of Object.values(operation) as { document?: object; filter?: object; update?: unknown }[]) {
    refuseMove(write.update, filter);
    const { document } = write;
    if (document === undefined) write.filter = { $and: [write.filter ?? {}, filter] };
    else
      Object.assign(
        document,
        ownership(filter, (key) => (document as Record<string, unknown>)[key]),
      );
  }
}

/** No update may hand a document over to another owner. */
function refuseMove(update: unknown, filter: ScopeFilter): void {
  const owned = new Set(owners(filter).map(([key]) => key));
  const stages = (Array.isArray(update) ? update : [update ?? {}]) as Record<string, unknown>[];
  for (const [operator, body] of stages.flatMap((stage) => Object.entries(stage))) {
    if (operator === '$replaceRoot' || operator === '$replaceWith') refuse();
    const named = operator.startsWith('$') ? namesIn(body) : [operator];
    const moved = named.find((path) => owned.has(path.split('.', 1)[0] ?? ''));
    if (moved !== undefined) throw new ScopeError(`${moved} says whose the document is and does not change`);
  }
}

// $unset takes a name or a list of them in a pipeline, $rename gives new names as values.
function namesIn(body: unknown): string[] {
  if (typeof body === 'string') return [body];
  if (Array.isArray(body)) return body.map(String);
  return Object.entries(body ?? {}).flatMap(([key, value]) => (typeof value === 'string' ? [key, value] : [key]));
}

function scopePopulate(query: Query<unknown, unknown>, schema: Schema, joins: ScopedOptions['joins']): void {
  const { populate = {} } = query.mongooseOptions() as unknown as {
    populate?: Record<string, PopulateOptions>;
  };
  const options = query.getOptions();
  const access = { scope: scopeOf(options), ...(options.session != null && { session: options.session }) };
  for (const [path, join] of Object.entries(populate)) {
    const { ref } = (schema.path(path) as { options?: { ref?: unknown } } | undefined)?.options ?? {};
    const known = joins().some(({ name }) => name === ref);
    if (!known || join.model !== undefined) throw new ScopeError(`${path} is not among the joins of this model`);
    join.options = { ...join.options, ...access };
  }
}

interface Batched {
  batchSize?: number;
  readonly cursor?: { readonly batchSize?: number };
}

const OPERATION_MS = 5_000;

interface Limited {
  readonly options: { maxTimeMS?: number };
}

/** Ends the operation when nobody waits for it any more, and in any case. */
function limit(operation: unknown, connection: Connection): void {
  demandConnection(connection);
  const { options } = operation as Limited;
  options.maxTimeMS ??= allowedMs(connection);
}

function allowedMs(connection: Connection): number {
  const mostMs = (connection.get('maxTimeMS') as number | undefined) ?? OPERATION_MS;
  const leftMs = (currentTrace()?.deadlineAt ?? Infinity) - Date.now();
  return Math.max(1, Math.floor(Math.min(mostMs, leftMs)));
}
