import type { Document } from '../bson/codec.ts';
import { compileMatcher } from '../query/matcher.ts';
import { okReply } from '../server/reply.ts';
import { read, refuseUnknownFields, requireAdmin } from './arguments.ts';
import { dropCollection } from './collection-commands.ts';
import { collectionSizes, scaleOf } from './collection-stats.ts';
import type { Command, Services } from './context.ts';
import { whenFree } from './write-runner.ts';

/** Databases that every MongoDB has. */
const ALWAYS_THERE = ['admin', 'config', 'local'];

const LIST_FIELDS: ReadonlySet<string> = new Set(['filter', 'nameOnly', 'authorizedDatabases']);

const listDatabases: Command = (context) => {
  requireAdmin(context);
  refuseUnknownFields(context, LIST_FIELDS);
  const { services, body } = context;
  const filter = read(body.filter, 'object', 'listDatabases.filter') ?? {};
  const isNameOnly = read(body.nameOnly, 'bool', 'listDatabases.nameOnly') === true;
  const matcher = compileMatcher(filter);
  const names = [...new Set([...ALWAYS_THERE, ...[...services.catalog.all()].map(({ database }) => database)])];
  const databases = names
    .sort()
    .map((name) => (isNameOnly ? { name } : databaseOf(services, name)))
    .filter((entry) => matcher.test(entry));
  if (isNameOnly) return okReply({ databases });
  const totalSize = databases.reduce((sum, entry) => sum + ('sizeOnDisk' in entry ? entry.sizeOnDisk : 0), 0);
  return okReply({ databases, totalSize, totalSizeMb: Math.floor(totalSize / 1_048_576) });
};

function databaseOf(services: Services, name: string): { name: string; sizeOnDisk: number; empty: boolean } {
  const sizes = services.catalog.of(name).map((collection) => collectionSizes(services, collection));
  const sizeOnDisk = sizes.reduce((sum, { storage, allIndexes }) => sum + storage + allIndexes, 0);
  return { name, sizeOnDisk, empty: false };
}

const dropDatabase: Command = async (context) => {
  refuseUnknownFields(context, new Set());
  const { services, request } = context;
  const collections = services.catalog.of(request.database);
  for (const { namespace } of collections) {
    await whenFree(context, () => {
      const collection = services.catalog.get(namespace);
      if (collection !== undefined) dropCollection(services, collection);
    });
  }
  const prefix = `${request.database}.`;
  services.cursors.killWhere(({ namespace }) => namespace.startsWith(prefix));
  await services.writer.committed();
  return okReply(collections.length === 0 ? {} : { dropped: request.database });
};

const dbStats: Command = (context) => {
  refuseUnknownFields(context, new Set(['scale', 'freeStorage']));
  const { services, request, body } = context;
  const scale = scaleOf('dbStats', body);
  return okReply(databaseStats(services, request.database, scale));
};

function databaseStats(services: Services, database: string, scale: number): Document {
  const all = services.catalog.of(database);
  const collections = all.filter(({ isView }) => !isView);
  const sizes = collections.map((collection) => collectionSizes(services, collection));
  const sum = (pick: (size: (typeof sizes)[number]) => number): number =>
    sizes.reduce((total, size) => total + pick(size), 0);
  const objects = sum(({ documents }) => documents);
  const bytes = sum((size) => size.bytes);
  const storage = sum((size) => size.storage);
  const indexes = sum((size) => size.allIndexes);
  return {
    db: database,
    collections: collections.length,
    views: all.length - collections.length,
    objects,
    avgObjSize: objects === 0 ? 0 : bytes / objects,
    dataSize: bytes / scale,
    storageSize: storage / scale,
    indexes: collections.reduce((total, collection) => total + collection.indexes.length, 0),
    indexSize: indexes / scale,
    totalSize: (storage + indexes) / scale,
    scaleFactor: scale,
  };
}

export const databaseCommands: Readonly<Record<string, Command>> = {
  listDatabases,
  dropDatabase,
  dbStats,
  dbstats: dbStats,
};
