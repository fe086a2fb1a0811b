import { checkNamespace } from '../catalog/catalog.ts';
import type { Collection } from '../catalog/collection.ts';
import { CommandError } from '../errors.ts';
import { show } from '../query/value-types.ts';
import { okReply } from '../server/reply.ts';
import { missingField, read, refuseUnknownFields, requireAdmin } from './arguments.ts';
import { collMod } from './coll-mod.ts';
import { collStats } from './collection-stats.ts';
import { namespaceOf, type Command, type CommandContext, type Services } from './context.ts';
import { CREATE_FIELDS, cappedSize, createOptions, hasOptions } from './create-options.ts';
import { buildsEnded, isBuilding } from './index-build.ts';
import { trimCapped } from './insert.ts';
import { listCollections } from './list-collections.ts';
import { refuseHeld } from './open-transactions.ts';
import { validate } from './validate-command.ts';
import { whenFree } from './write-runner.ts';

const create: Command = async (context) => {
  refuseUnknownFields(context, CREATE_FIELDS);
  const { services, request, body, transaction } = context;
  const namespace = namespaceOf(context);
  checkNamespace(namespace);
  const options = createOptions(body, request.database);
  const existing = services.catalog.get(namespace);
  if (existing === undefined) services.catalog.create(services.writer, namespace, options);
  else if (transaction === undefined) requireSame(existing, options);
  else throw new CommandError('NamespaceExists', `Collection already exists. NS: ${namespace}`);
  await services.writer.committed();
  return okReply();
};

function requireSame({ namespace, options, isView }: Collection, asked: Record<string, unknown>): void {
  if (hasOptions(options, asked)) return;
  const isOtherKind = isView !== (asked.viewOn !== undefined);
  throw new CommandError(
    'NamespaceExists',
    isView && isOtherKind
      ? `namespace ${namespace} already exists, but is a view on ${String(options.viewOn)} rather than a collection`
      : `namespace ${namespace} already exists, but with different options: ${show(options)}`,
  );
}

/** Since MongoDB 7.0 it is no error if there is nothing to drop. */
const drop: Command = async (context) => {
  refuseUnknownFields(context, new Set());
  const { services } = context;
  const namespace = namespaceOf(context);
  checkNamespace(namespace);
  const collection = await whenFree(context, () => {
    const found = services.catalog.get(namespace);
    if (found !== undefined) dropCollection(services, found);
    return found;
  });
  if (collection === undefined) return okReply();
  await services.writer.committed();
  return okReply({ ...(collection.isView ? {} : { nIndexesWas: collection.indexes.length }), ns: namespace });
};

/**
 * Takes a collection away, and the cursors over it. The caller waits until that is durable.
 * @throws HeldByTransaction where a transaction that has changed it has to end before
 */
export function dropCollection(services: Services, collection: Collection): void {
  refuseHeld(services, collection);
  const { catalog, writer, cursors } = services;
  catalog.drop(writer, collection);
  cursors.killWhere((cursor) => cursor.namespace === collection.namespace);
}

const RENAME_FIELDS: ReadonlySet<string> = new Set(['to', 'dropTarget', 'stayTemp']);

const renameCollection: Command = async (context) => {
  requireAdmin(context);
  refuseUnknownFields(context, RENAME_FIELDS);
  const { services, operation } = context;
  const fields = renameFields(context);
  const { from, to } = fields;
  await buildsEnded(requireSource(services, from), operation);
  if (from === to) throw new CommandError('IllegalOperation', "Can't rename a collection to itself");
  checkTarget(from, to);
  while (!(await whenFree(context, () => rename(services, fields)))) {
    await buildsEnded(requireSource(services, from), operation);
  }
  await services.writer.committed();
  return okReply();
};

/** @returns false where an index is being built, as one may have been begun while a transaction was waited for */
function rename(services: Services, { from, to, dropsTarget }: ReturnType<typeof renameFields>): boolean {
  const source = requireSource(services, from);
  refuseHeld(services, source);
  if (source.indexes.some(isBuilding)) return false;
  const target = services.catalog.get(to);
  if (target?.isView === true) {
    throw new CommandError('NamespaceExists', `a view already exists with that name: ${to}`);
  }
  if (target !== undefined && !dropsTarget) throw new CommandError('NamespaceExists', 'target namespace exists');
  if (target !== undefined) dropCollection(services, target);
  services.catalog.rename(services.writer, source, to);
  services.cursors.killWhere((cursor) => cursor.namespace === from);
  return true;
}

function renameFields({ body }: Pick<CommandContext, 'body'>): { from: string; to: string; dropsTarget: boolean } {
  const from = read(body.renameCollection, 'string', 'renameCollection.renameCollection');
  const to = read(body.to, 'string', 'renameCollection.to');
  const { dropTarget } = body;
  if (from === undefined) throw missingField('renameCollection.renameCollection');
  if (to === undefined) throw missingField('renameCollection.to');
  return { from, to, dropsTarget: read(dropTarget, 'bool', 'renameCollection.dropTarget') === true };
}

function requireSource({ catalog }: Services, namespace: string): Collection {
  if (!namespace.includes('.')) {
    throw new CommandError('InvalidNamespace', `Invalid source namespace: ${namespace}`);
  }
  const source = catalog.get(namespace);
  if (source === undefined) {
    throw new CommandError('NamespaceNotFound', `Source collection ${namespace} does not exist`);
  }
  if (source.isView) throw new CommandError('CommandNotSupportedOnView', `cannot rename view: ${namespace}`);
  return source;
}

function checkTarget(from: string, to: string): void {
  try {
    checkNamespace(to);
  } catch {
    throw new CommandError('InvalidNamespace', `Invalid target namespace: ${to}`);
  }
  if (isSystem(from) || isSystem(to)) {
    throw new CommandError('IllegalOperation', `error with target namespace: cannot rename a system collection`);
  }
}

function isSystem(namespace: string): boolean {
  return namespace.slice(namespace.indexOf('.') + 1).startsWith('system.');
}

/** All indexes but the one on `_id` are dropped, as MongoDB does; the oldest documents go where there is no room for all. */
const convertToCapped: Command = async (context) => {
  refuseUnknownFields(context, new Set(['size']));
  const { services, operation, body } = context;
  const namespace = namespaceOf(context);
  const size = read(body.size, 'number', 'convertToCapped.size');
  if (size === undefined || size <= 0) {
    throw new CommandError('InvalidOptions', 'Capped collection size must be greater than zero');
  }
  await buildsEnded(cappable(services, namespace), operation);
  await whenFree(context, () => {
    // What was waited for may have been dropped, and its entry must not come back.
    const collection = cappable(services, namespace);
    refuseHeld(services, collection);
    for (const index of collection.indexes.slice(1)) services.catalog.dropIndex(services.writer, collection, index);
    collection.options = { ...collection.options, capped: true, size: cappedSize(size) };
    services.catalog.save(services.writer, collection);
    trimCapped(services.records, services.writer, collection);
  });
  services.cursors.killWhere((cursor) => cursor.namespace === namespace);
  await services.writer.committed();
  return okReply();
};

function cappable({ catalog }: Services, namespace: string): Collection {
  const collection = catalog.get(namespace);
  if (collection === undefined) {
    throw new CommandError('NamespaceNotFound', `source collection ${namespace} does not exist`);
  }
  if (collection.isView)
    throw new CommandError('CommandNotSupportedOnView', `cannot convert a view to a capped collection: ${namespace}`);
  return collection;
}

export const collectionCommands: Readonly<Record<string, Command>> = {
  create,
  drop,
  renameCollection,
  convertToCapped,
  collMod,
  collStats,
  listCollections,
  validate,
};
