import type { Document } from '../bson/codec.ts';
import type { Collection } from '../catalog/collection.ts';
import type { IndexDefinition, IndexSpec } from '../catalog/index-definition.ts';
import { CommandError, searchNotEnabled } from '../errors.ts';
import { isObject, show, type Fields } from '../query/value-types.ts';
import { okReply } from '../server/reply.ts';
import { EMPTY, HIGHEST } from '../storage/view.ts';
import { requireOnlyTextIndex } from '../text/text-index.ts';
import { missingField, read, refuseUnknownFields } from './arguments.ts';
import { namespaceOf, viewOf, type Command, type CommandContext } from './context.ts';
import { buildIndexes, buildsEnded, isBuilding } from './index-build.ts';
import { findSameIndex, listedSpec } from './index-likeness.ts';
import { normalizeIndex } from './index-spec.ts';
import { listReply } from './listing.ts';
import { refuseHeld } from './open-transactions.ts';
import { ensureCollection } from './stored-document.ts';
import { whenFree } from './write-runner.ts';

/** MongoDB's limit of indexes of one collection. */
const MOST_INDEXES = 64;

const CREATE_FIELDS: ReadonlySet<string> = new Set(['indexes', 'commitQuorum', 'ignoreUnknownIndexOptions', 'v']);

const createIndexes: Command = async (context) => {
  refuseUnknownFields(context, CREATE_FIELDS);
  const { services, body } = context;
  const namespace = namespaceOf(context);
  const given = read(body.indexes, 'array', 'createIndexes.indexes');
  if (given === undefined) throw missingField('createIndexes.indexes');
  if (given.length === 0) throw new CommandError('BadValue', 'Must specify at least one index to create');
  const before = services.catalog.get(namespace);
  refuseView(before);
  const request = {
    ignoresUnknown: read(body.ignoreUnknownIndexOptions, 'bool', 'createIndexes.ignoreUnknownIndexOptions') === true,
  };
  const specs = given.map((index) => normalizeIndex(index, before ?? { options: {} }, request));
  const collection = ensureCollection(services.catalog, services.writer, namespace);
  const numIndexesBefore = readyIndexes(collection).length;
  const missing = await missingIndexes(context, collection, specs);
  if (missing.length === 0) {
    await services.writer.committed();
    const numIndexesAfter = readyIndexes(collection).length;
    return okReply({ numIndexesBefore, numIndexesAfter, ...creation(before), note: 'all indexes already exist' });
  }
  refuseInTransaction(context, collection);
  await buildIndexes(context, collection, missing);
  await services.writer.committed();
  const numIndexesAfter = readyIndexes(collection).length;
  return okReply({ numIndexesBefore, numIndexesAfter, ...creation(before), commitQuorum: 'votingMembers' });
};

function creation(before: Collection | undefined): Document {
  return { createdCollectionAutomatically: before === undefined };
}

function readyIndexes({ indexes }: Collection): IndexDefinition[] {
  return indexes.filter((index) => !isBuilding(index));
}

/** Those that have to be built. One that somebody else is building is waited for, and looked for again. */
async function missingIndexes(
  context: CommandContext,
  collection: Collection,
  specs: readonly IndexSpec[],
): Promise<IndexSpec[]> {
  for (;;) {
    const same = specs.map((spec) => findSameIndex(spec, collection.indexes));
    if (same.some((index) => index !== undefined && isBuilding(index))) {
      await buildsEnded(collection, context.operation);
      continue;
    }
    const missing: IndexSpec[] = [];
    specs.forEach((spec, position) => {
      if (same[position] === undefined && !missing.some((other) => show(other) === show(spec))) missing.push(spec);
    });
    for (const spec of missing) requireRoom(collection, spec, missing);
    return missing;
  }
}

function requireRoom(collection: Collection, spec: IndexSpec, missing: readonly IndexSpec[]): void {
  if (spec.key._fts === 'text') requireOnlyTextIndex(collection.indexes, spec.name);
  if (collection.indexes.length + missing.length > MOST_INDEXES) {
    const message = `add index fails, too many indexes for ${collection.namespace} key:${show(spec.key)}`;
    throw new CommandError('CannotCreateIndex', message);
  }
  if (missing.filter(({ name }) => name === spec.name).length > 1) {
    const message = `An existing index has the same name as the requested index. Requested index: ${show(spec)}`;
    throw new CommandError('IndexKeySpecsConflict', message);
  }
}

/** In a transaction only a collection without documents may get indexes. */
function refuseInTransaction(context: CommandContext, collection: Collection): void {
  if (context.transaction === undefined) return;
  const first = { from: EMPTY, to: HIGHEST, reverse: false, limit: 1, keysOnly: true };
  const views = [viewOf(context), context.services.writer];
  if (views.every((view) => view.scan(collection.tree, first).length === 0)) return;
  throw new CommandError(
    'OperationNotSupportedInTransaction',
    `Cannot create new indexes on existing collection ${collection.namespace} in a multi-document transaction.`,
  );
}

function refuseView(collection: Collection | undefined): void {
  if (collection?.isView !== true) return;
  throw new CommandError('CommandNotSupportedOnView', `Namespace ${collection.namespace} is a view, not a collection`);
}

const listIndexes: Command = (context) => {
  refuseUnknownFields(context, new Set(['cursor', 'includeBuildUUIDs', 'includeIndexBuildInfo']));
  const namespace = namespaceOf(context);
  const collection = context.services.catalog.get(namespace);
  refuseView(collection);
  if (collection === undefined) throw new CommandError('NamespaceNotFound', `ns does not exist: ${namespace}`);
  return listReply(
    context,
    namespace,
    readyIndexes(collection).map((index) => shownIndex(collection, index)),
  );
};

/** An index as `listIndexes` shows it. */
export function shownIndex(collection: Collection, index: IndexDefinition): Document {
  const clustered = collection.options.clusteredIndex as Document | undefined;
  if (clustered === undefined || index !== collection.idIndex) return { ...listedSpec(index.spec) };
  const { v, key, name } = clustered;
  return { v, key, name, unique: true, clustered: true };
}

const dropIndexes: Command = async (context) => {
  refuseUnknownFields(context, new Set(['index']));
  const { services, body } = context;
  const namespace = namespaceOf(context);
  const { index } = body;
  if (index === undefined) throw missingField('dropIndexes.index');
  const nIndexesWas = await whenFree(context, () => {
    const collection = services.catalog.get(namespace);
    refuseView(collection);
    if (collection === undefined) throw new CommandError('NamespaceNotFound', `ns not found ${namespace}`);
    const dropped = chosenIndexes(collection, index);
    refuseHeld(services, collection);
    const { length } = readyIndexes(collection);
    for (const chosen of dropped) services.catalog.dropIndex(services.writer, collection, chosen);
    return length;
  });
  await services.writer.committed();
  const msg = index === '*' ? { msg: 'non-_id indexes dropped for collection' } : {};
  return okReply({ nIndexesWas, ...msg });
};

function chosenIndexes(collection: Collection, index: unknown): readonly IndexDefinition[] {
  if (index === '*') return collection.indexes.slice(1);
  if (typeof index === 'string') return [byName(collection, index)];
  if (Array.isArray(index)) return [...new Set(index.map((name) => byName(collection, name, index)))];
  if (isObject(index)) return [byKey(collection, index)];
  throw new CommandError(
    'TypeMismatch',
    "BSON field 'dropIndexes.index' is the wrong type, expected types '[string, object, array]'",
  );
}

function byName(collection: Collection, name: unknown, list?: readonly unknown[]): IndexDefinition {
  if (typeof name !== 'string') {
    const message = `dropIndexes ${collection.namespace} failed to drop multiple indexes ${show(list)}: index name must be a string`;
    throw new CommandError('TypeMismatch', message);
  }
  const found = collection.indexes.find((index) => index.name === name);
  if (found === undefined) throw new CommandError('IndexNotFound', `index not found with name [${name}]`);
  return droppable(collection, found);
}

function byKey(collection: Collection, key: Fields): IndexDefinition {
  const wanted = show(key);
  const [found, other] = collection.indexes.filter(
    ({ spec }) => show(spec.key) === wanted || show(textKeyOf(spec)) === wanted,
  );
  if (found === undefined) throw new CommandError('IndexNotFound', `can't find index with key: ${wanted}`);
  if (other !== undefined) {
    throw new CommandError(
      181,
      `2 indexes found for key: ${wanted}, identify by name instead. Conflicting indexes: ${show(found.spec)}, ${show(other.spec)}`,
      { codeName: 'AmbiguousIndexKeyPattern' },
    );
  }
  return droppable(collection, found);
}

/** The key of a text index as it was asked for. */
function textKeyOf({ key, weights }: IndexSpec): unknown {
  if (key._fts !== 'text') return undefined;
  return Object.fromEntries(
    Object.entries(key).flatMap(([path, kind]) => {
      if (path === '_ftsx') return [];
      return path === '_fts' ? Object.keys(weights as Fields).map((name) => [name, 'text']) : [[path, kind]];
    }),
  );
}

function droppable(collection: Collection, index: IndexDefinition): IndexDefinition {
  if (index === collection.idIndex) throw new CommandError('InvalidOptions', 'cannot drop _id index');
  return index;
}

const refuseSearchIndexes: Command = ({ request }) => {
  throw searchNotEnabled(`The command ${request.name}`);
};

export const indexCommands: Readonly<Record<string, Command>> = {
  createIndexes,
  listIndexes,
  dropIndexes,
  deleteIndexes: dropIndexes,
  createSearchIndexes: refuseSearchIndexes,
  updateSearchIndex: refuseSearchIndexes,
  dropSearchIndex: refuseSearchIndexes,
};
