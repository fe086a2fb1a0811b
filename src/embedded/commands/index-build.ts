import { randomUUID } from 'node:crypto';
import type { Collection } from '../catalog/collection.ts';
import type { IndexDefinition, IndexSpec } from '../catalog/index-definition.ts';
import { CommandError } from '../errors.ts';
import { recordIdOf, recordKey } from '../storage/tree-key.ts';
import { EMPTY, HIGHEST } from '../storage/view.ts';
import type { CommandContext, Services } from './context.ts';
import { ended, openTransactions, transactionsOn } from './open-transactions.ts';
import { whenFree } from './write-runner.ts';

const PAGE = 64;
/** Documents between two waits for the disk, which bound what is on its way there. */
const DOCUMENTS_PER_COMMIT = 4_096;

/** Builds that are running, by the index that will be. */
const builds = new WeakMap<IndexDefinition, Promise<void>>();

/** Whether the index is not complete yet; queries do not use it, since such an index is hidden. */
export function isBuilding({ spec }: Pick<IndexDefinition, 'spec'>): boolean {
  return spec.building === true;
}

/** Waits until no index of the collection is being built. Failures are for those who asked for the index. */
export async function buildsEnded({ indexes }: Collection, operation: CommandContext['operation']): Promise<void> {
  for (const index of indexes.filter(isBuilding)) {
    await builds.get(index)?.catch(() => undefined);
    operation.check();
  }
}

/** Removes what a build left behind that the server's end interrupted. Called before the first command. */
export function dropUnfinishedIndexes({ catalog, writer }: Pick<Services, 'catalog' | 'writer'>): void {
  for (const collection of [...catalog.all()]) {
    for (const index of collection.indexes.filter(isBuilding)) catalog.dropIndex(writer, collection, index);
  }
}

/**
 * Builds indexes over the documents of a collection while others read and write it. The indexes are published at once,
 * but hidden from queries, so that each write from now on keeps them; then every document that was there before is added,
 * which repeats nothing where a write came first.
 *
 * @throws DuplicateKey (11000) where documents cannot stand in a unique index together; none of the indexes stays then.
 * IndexBuildAborted (276) where the collection was dropped meanwhile, or before
 */
export async function buildIndexes(
  context: CommandContext,
  collection: Collection,
  specs: readonly IndexSpec[],
): Promise<void> {
  const { catalog, writer } = context.services;
  requirePresence(context.services, collection, []);
  const isEmpty = collection.size.documents === 0 && holdsNothing(context.services, collection);
  const indexes = specs.map((spec) => {
    const index = catalog.newIndex(writer, isEmpty ? spec : { ...spec, hidden: true, building: true });
    catalog.addIndex(writer, collection, index);
    return index;
  });
  if (isEmpty) return;
  const build = fill(context, collection, indexes, specs);
  for (const index of indexes) builds.set(index, build);
  await build;
}

/** Whether no document is there or on its way, in a transaction either. */
function holdsNothing(services: Services, collection: Collection): boolean {
  const first = { from: EMPTY, to: HIGHEST, reverse: false, limit: 1, keysOnly: true };
  return services.writer.scan(collection.tree, first).length === 0 && transactionsOn(services, collection).length === 0;
}

async function fill(
  context: CommandContext,
  collection: Collection,
  indexes: readonly IndexDefinition[],
  specs: readonly IndexSpec[],
): Promise<void> {
  const { catalog, writer } = context.services;
  try {
    // What they wrote before the indexes were published has no entries in them.
    await ended(context, transactionsOn(context.services, collection));
    await addAll(context, collection, indexes);
    // A deletion takes the entry of its key along, also if that belongs to another document which came later: look again.
    if (indexes.some(({ isUnique }) => isUnique)) await addAll(context, collection, indexes);
    // A transaction reads from a picture of the past, in which the indexes are not complete.
    await ended(context, openTransactions(context.services));
    requirePresence(context.services, collection, indexes);
    indexes.forEach((index, position) => {
      index.spec = specs[position] ?? index.spec;
      index.usage.since = new Date();
    });
    catalog.save(writer, collection);
  } catch (error) {
    const left = indexes.filter((index) => collection.indexes.includes(index));
    // First, and whatever becomes of the rest: who waits for a build that has ended would wait for ever.
    collection.indexes = collection.indexes.filter((index) => !left.includes(index));
    // Of a collection that is gone nothing is written: its entry would come back, or stand for one made since.
    const isThere = catalog.get(collection.namespace) === collection;
    for (const index of isThere ? left : []) catalog.dropIndex(writer, collection, index);
    throw buildFailure(collection, error);
  }
}

/** Adds the documents that are there; those that come or change meanwhile get their entries without it. */
async function addAll(
  context: CommandContext,
  collection: Collection,
  indexes: readonly IndexDefinition[],
): Promise<void> {
  const { operation, services } = context;
  const end = collection.nextRecordId;
  let committedId = 1;
  for (let nextId = 1; nextId < end;) {
    nextId = await whenFree(context, () => addPage(services, collection, indexes, nextId, end));
    if (nextId - committedId >= DOCUMENTS_PER_COMMIT) {
      committedId = nextId;
      await services.writer.committed();
    }
    if (operation.isSliceOver) await operation.yield();
  }
}

/**
 * A page again that met a key which a transaction holds repeats nothing.
 * @returns the record id to go on from
 */
function addPage(
  services: Services,
  collection: Collection,
  indexes: readonly IndexDefinition[],
  firstId: number,
  end: number,
): number {
  requirePresence(services, collection, indexes);
  const { writer, records } = services;
  const range = { from: recordKey(firstId), to: recordKey(end), reverse: false, limit: PAGE };
  const page = writer
    .scan(collection.tree, range)
    .map(({ key, value }) => ({ recordId: recordIdOf(key), bytes: value }));
  for (const record of page) for (const index of indexes) records.addTo(writer, collection, index, record);
  return page.length < PAGE ? end : (page.at(-1)?.recordId ?? end) + 1;
}

/** @throws IndexBuildAborted (276) where the collection or an index was dropped meanwhile */
function requirePresence({ catalog }: Services, collection: Collection, indexes: readonly IndexDefinition[]): void {
  const isThere =
    catalog.get(collection.namespace) === collection && indexes.every((index) => collection.indexes.includes(index));
  if (isThere) return;
  throw new CommandError(276, 'collection or index dropped', { codeName: 'IndexBuildAborted' });
}

function buildFailure({ namespace, uuid }: Collection, error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const hex = uuid.toString('hex');
  const shown = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return new CommandError(
    error.code,
    `Index build failed: ${randomUUID()}: Collection ${namespace} ( ${shown} ) :: caused by :: ${error.message}`,
    error.details,
  );
}
