import { Schema, type Connection, type Model, type SchemaDefinition } from 'mongoose';
import { decodedOnce } from './decode-once.ts';
import type { IndexDeclaration, IndexedCollection } from './indexes.ts';
import type { Joinable } from './joins.ts';
import { bounded } from './pulse.ts';
import { ScopeError, type ScopeFilters } from './scope-filter.ts';
import { scoped, type RowReads } from './scoped.ts';

/**
 * The operations of a model that its scope's filter reaches. Mongoose's others (`collection`, `watch`, `insertMany`,
 * `replaceOne`, documents made by `new`) go around it and are not there.
 */
export type ScopedModel<T> = Pick<
  Model<T>,
  | 'aggregate'
  | 'bulkWrite'
  | 'countDocuments'
  | 'create'
  | 'deleteMany'
  | 'deleteOne'
  | 'distinct'
  | 'exists'
  | 'find'
  | 'findOne'
  | 'findOneAndDelete'
  | 'findOneAndUpdate'
  | 'modelName'
  | 'schema'
  | 'updateMany'
  | 'updateOne'
> &
  RowReads<T>;

export interface CollectionDeclaration<T> {
  /** Name of the model. */
  readonly name: string;
  /** Name in the database. */
  readonly collection: string;
  /** The stored shape as Mongoose checks it; `T` is the same, written by hand. */
  readonly fields: SchemaDefinition<T>;
  readonly scopes: ScopeFilters;
  readonly indexes: readonly IndexDeclaration[];
  /** The collections that reads may join: a function, since two may join each other. */
  readonly joins?: () => readonly Joinable[];
}

/** A collection as migrations and reviews see it, whatever it holds. */
export interface DeclaredCollection extends Joinable, IndexedCollection {
  /** The collection over a connection. Cheap: asked twice, it gives the same model. */
  on(connection: Connection): unknown;
}

/** One collection of the database, before there is a connection to it. */
export interface StoredCollection<T> extends DeclaredCollection {
  on(connection: Connection): ScopedModel<T>;
}

/** Declares a collection: its shape, who may touch it, and its indexes, each beside the read it serves. */
export function storedCollection<T>(declaration: CollectionDeclaration<T>): StoredCollection<T> {
  const { name, collection, fields, scopes, indexes, joins = () => [] } = declaration;
  const schema = new Schema(fields, {
    autoIndex: false,
    autoCreate: false,
    bufferCommands: false,
    strict: 'throw',
    strictQuery: 'throw',
    versionKey: false,
    minimize: false,
  });
  schema.plugin(scoped as (schema: Schema, options: unknown) => void, { scopes, joins });
  return {
    name,
    collection,
    scopes,
    indexes,
    on(connection) {
      const known = connection.models[name] ?? closed(bounded(decodedOnce(connection.model(name, schema, collection))));
      return known as unknown as ScopedModel<T>;
    },
  };
}

/** Closes at run time, too, what the type leaves out and no hook of Mongoose sees. */
function closed<M extends object>(model: M): M {
  const refuse = (): never => {
    throw new ScopeError('Not available on a scoped model');
  };
  return Object.assign(model, { watch: refuse, bulkSave: refuse, createCollection: refuse, syncIndexes: refuse });
}
