import type { Document } from '../bson/codec.ts';
import type { Collection } from '../catalog/collection.ts';
import type { IndexDefinition } from '../catalog/index-definition.ts';
import { CommandError } from '../errors.ts';
import { okReply } from '../server/reply.ts';
import { EMPTY, HIGHEST } from '../storage/view.ts';
import { read, refuseUnknownFields } from './arguments.ts';
import { namespaceOf, type Command, type Services } from './context.ts';

const PAGE_BYTES = 4_096;
/** Keys that stand for all of an index when its size is told. */
const SAMPLED_KEYS = 64;
/** What LMDB keeps beside an entry's key and value: a header and the prefix of its tree. */
const BYTES_BESIDE_ENTRY = 14;

/** What a collection takes up, in bytes: on the disk an estimate, since LMDB counts pages for all collections together. */
export interface CollectionSizes {
  readonly documents: number;
  readonly bytes: number;
  readonly storage: number;
  readonly indexes: Readonly<Record<string, number>>;
  readonly allIndexes: number;
}

export function collectionSizes({ store }: Pick<Services, 'store'>, collection: Collection): CollectionSizes {
  const { documents, bytes } = collection.size;
  const all = collection.indexes.map((index) => [index.name, indexBytes(store, index, documents)] as const);
  return {
    documents,
    bytes,
    storage: pages(bytes + documents * BYTES_BESIDE_ENTRY),
    indexes: Object.fromEntries(all),
    allIndexes: all.reduce((sum, [, size]) => sum + size, 0),
  };
}

function indexBytes(store: Services['store'], { tree }: IndexDefinition, documents: number): number {
  const sample = store.scan(tree, { from: EMPTY, to: HIGHEST, reverse: false, limit: SAMPLED_KEYS, keysOnly: true });
  const keyBytes = sample.reduce((sum, { key }) => sum + key.length + BYTES_BESIDE_ENTRY, 0);
  return pages(sample.length < SAMPLED_KEYS ? keyBytes : (keyBytes / sample.length) * documents);
}

function pages(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / PAGE_BYTES)) * PAGE_BYTES;
}

/** What `collStats` says of a collection; also the `storageStats` of `$collStats`. */
export function collectionStats(
  services: Pick<Services, 'store'>,
  collection: Collection | undefined,
  scale: number,
): Document {
  const scaled = (bytes: number): number => Math.floor(bytes / scale);
  if (collection === undefined) return { ...NOTHING, scaleFactor: scale };
  const { documents, bytes, storage, indexes, allIndexes } = collectionSizes(services, collection);
  const { options } = collection;
  return {
    size: scaled(bytes),
    count: documents,
    ...(documents > 0 ? { avgObjSize: Math.floor(bytes / documents) } : {}),
    numOrphanDocs: 0,
    storageSize: scaled(storage),
    freeStorageSize: 0,
    capped: collection.isCapped,
    ...(collection.isCapped ? { max: options.max ?? 0, maxSize: scaled(Number(options.size)) } : {}),
    nindexes: collection.indexes.length,
    indexBuilds: [],
    totalIndexSize: scaled(allIndexes),
    totalSize: scaled(storage + allIndexes),
    indexSizes: Object.fromEntries(Object.entries(indexes).map(([name, size]) => [name, scaled(size)])),
    scaleFactor: scale,
  };
}

/** What MongoDB answers for a collection that is not there. */
const NOTHING: Document = {
  size: 0,
  count: 0,
  numOrphanDocs: 0,
  storageSize: 0,
  totalSize: 0,
  nindexes: 0,
  totalIndexSize: 0,
  indexDetails: {},
  indexSizes: {},
};

export const collStats: Command = (context) => {
  refuseUnknownFields(context, new Set(['scale']));
  const { services, body } = context;
  const namespace = namespaceOf(context);
  const collection = services.catalog.get(namespace);
  if (collection?.isView === true) {
    throw new CommandError('CommandNotSupportedOnView', `Namespace ${namespace} is a view, not a collection`);
  }
  return okReply({ ns: namespace, ...collectionStats(services, collection, scaleOf('collStats', body)) });
};

/** The divisor of sizes that a command asks for. */
export function scaleOf(command: string, body: Document): number {
  const scale = read(body.scale, 'number', `${command}.scale`) ?? 1;
  if (scale >= 1) return Math.floor(scale);
  throw new CommandError(51024, `BSON field 'scale' value must be >= 1, actual value '${String(scale)}'`);
}
