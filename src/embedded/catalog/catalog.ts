import { randomUUID } from 'node:crypto';
import { decode, encode, type Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { CATALOG_TREE, FIRST_FREE_TREE, recordIdOf, SIZES_TREE, TREE_PREFIX_BYTES } from '../storage/tree-key.ts';
import { EMPTY, HIGHEST, type View, type WritableView } from '../storage/view.ts';
import { Collection, type CollectionRecord } from './collection.ts';
import { IndexDefinition, type IndexSpec } from './index-definition.ts';

const COLLECTION_PREFIX = 'c:';
const DROPPED_PREFIX = 'd:';
const NEXT_TREE_KEY = Buffer.from('next-tree');

/** MongoDB's limit of `database.collection` in bytes. */
const LONGEST_NAMESPACE = 255;

/** All collections. Loaded once and kept in memory; each change is written beside the data it belongs to. */
export class Catalog {
  readonly #collections = new Map<string, Collection>();
  #nextTree = FIRST_FREE_TREE;
  readonly #resized = new Set<Collection>();
  /** Goes up with each change of collections or indexes; a reader in another thread loads anew when it has moved. */
  revision = 0;

  /** Reads the stored catalogue. */
  load(view: View): void {
    this.#collections.clear();
    const nextTree = view.get(CATALOG_TREE, NEXT_TREE_KEY);
    if (nextTree !== undefined) this.#nextTree = nextTree.readUInt32BE(0);
    const prefix = Buffer.from(COLLECTION_PREFIX);
    for (const { value } of scanPrefix(view, prefix)) {
      const collection = new Collection(readRecord(value));
      this.#collections.set(collection.namespace, collection);
      const size = view.get(SIZES_TREE, treeName(collection.tree));
      if (size !== undefined) {
        collection.size.documents = size.readDoubleBE(0);
        collection.size.bytes = size.readDoubleBE(8);
      }
      const [last] = view.scan(collection.tree, { from: EMPTY, to: HIGHEST, reverse: true, limit: 1, keysOnly: true });
      if (last !== undefined) collection.nextRecordId = recordIdOf(last.key) + 1;
    }
  }

  get(namespace: string): Collection | undefined {
    return this.#collections.get(namespace);
  }

  /** @throws NamespaceNotFound (26) */
  require(namespace: string): Collection {
    const collection = this.get(namespace);
    if (collection === undefined) throw new CommandError('NamespaceNotFound', `ns does not exist: ${namespace}`);
    return collection;
  }

  all(): IterableIterator<Collection> {
    return this.#collections.values();
  }

  /** The collections of one database, by name. */
  of(database: string): Collection[] {
    const found = [...this.all()].filter((collection) => collection.database === database);
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  create(writer: WritableView, namespace: string, options: Document): Collection {
    checkNamespace(namespace);
    if (this.#collections.has(namespace)) {
      throw new CommandError('NamespaceExists', `Collection ${namespace} already exists.`);
    }
    const idIndex: IndexSpec = {
      v: 2,
      key: { _id: 1 },
      name: '_id_',
      ...(options.collation === undefined ? {} : { collation: options.collation as Document }),
    };
    const collection = new Collection({
      namespace,
      uuid: Buffer.from(randomUUID().replaceAll('-', ''), 'hex'),
      tree: this.#newTree(writer),
      options,
      indexes: [{ tree: this.#newTree(writer), spec: idIndex, arrayPaths: [], hasLongKeys: false }],
    });
    this.#collections.set(namespace, collection);
    this.save(writer, collection);
    return collection;
  }

  /** Takes the collection out of sight at once; its trees are emptied later, by {@link sweep}. */
  drop(writer: WritableView, collection: Collection): void {
    this.#collections.delete(collection.namespace);
    this.#resized.delete(collection);
    writer.remove(CATALOG_TREE, collectionKey(collection.namespace));
    writer.remove(SIZES_TREE, treeName(collection.tree));
    this.#abandon(writer, collection.tree);
    for (const { tree } of collection.indexes) this.#abandon(writer, tree);
    this.revision += 1;
  }

  rename(writer: WritableView, collection: Collection, namespace: string): Collection {
    checkNamespace(namespace);
    this.#collections.delete(collection.namespace);
    writer.remove(CATALOG_TREE, collectionKey(collection.namespace));
    const renamed = new Collection({ ...collection.toRecord(), namespace });
    Object.assign(renamed.size, collection.size);
    renamed.nextRecordId = collection.nextRecordId;
    this.#collections.set(namespace, renamed);
    this.save(writer, renamed);
    return renamed;
  }

  /** Makes the index known as being built: the caller fills its tree, then publishes it by {@link addIndex}. */
  newIndex(writer: WritableView, spec: IndexSpec): IndexDefinition {
    return new IndexDefinition({ tree: this.#newTree(writer), spec, arrayPaths: [], hasLongKeys: false });
  }

  addIndex(writer: WritableView, collection: Collection, index: IndexDefinition): void {
    collection.indexes = [...collection.indexes, index];
    this.save(writer, collection);
  }

  dropIndex(writer: WritableView, collection: Collection, index: IndexDefinition): void {
    collection.indexes = collection.indexes.filter((other) => other !== index);
    this.#abandon(writer, index.tree);
    this.save(writer, collection);
  }

  /** Writes a collection's record after its options or indexes have changed. */
  save(writer: WritableView, collection: Collection): void {
    const record = collection.toRecord();
    writer.put(CATALOG_TREE, collectionKey(collection.namespace), encode(record as unknown as Document));
    this.revision += 1;
  }

  resized(collection: Collection): void {
    this.#resized.add(collection);
  }

  /** Writes the sizes that changed since last time; called once per commit. */
  saveSizes(writer: WritableView): void {
    for (const { tree, size } of this.#resized) {
      const bytes = Buffer.allocUnsafe(16);
      bytes.writeDoubleBE(size.documents, 0);
      bytes.writeDoubleBE(size.bytes, 8);
      writer.put(SIZES_TREE, treeName(tree), bytes);
    }
    this.#resized.clear();
  }

  /**
   * Removes up to `limit` entries of abandoned trees.
   * @returns whether anything was there to remove
   */
  sweep(writer: WritableView, limit: number): boolean {
    const [dropped] = scanPrefix(writer, Buffer.from(DROPPED_PREFIX), 1);
    if (dropped === undefined) return false;
    const tree = dropped.value.readUInt32BE(0);
    const entries = writer.scan(tree, { from: EMPTY, to: HIGHEST, reverse: false, limit, keysOnly: true });
    for (const { key } of entries) writer.remove(tree, key);
    if (entries.length < limit) writer.remove(CATALOG_TREE, dropped.key);
    return true;
  }

  #newTree(writer: WritableView): number {
    const tree = this.#nextTree++;
    const bytes = Buffer.allocUnsafe(TREE_PREFIX_BYTES);
    bytes.writeUInt32BE(this.#nextTree, 0);
    writer.put(CATALOG_TREE, NEXT_TREE_KEY, bytes);
    return tree;
  }

  #abandon(writer: WritableView, tree: number): void {
    writer.put(CATALOG_TREE, Buffer.concat([Buffer.from(DROPPED_PREFIX), treeName(tree)]), treeName(tree));
  }
}

/** @throws InvalidNamespace (73) where MongoDB would not accept the name */
export function checkNamespace(namespace: string): void {
  const dot = namespace.indexOf('.');
  const database = dot < 0 ? namespace : namespace.slice(0, dot);
  const collection = dot < 0 ? '' : namespace.slice(dot + 1);
  if (!isDatabaseName(database) || !isCollectionName(collection))
    throw new CommandError('InvalidNamespace', `Invalid namespace specified '${namespace}'`);
  if (Buffer.byteLength(namespace) > LONGEST_NAMESPACE) {
    const length = String(Buffer.byteLength(namespace));
    throw new CommandError(
      'InvalidNamespace',
      `Fully qualified namespace is too long. Namespace: ${namespace} Max: ${String(LONGEST_NAMESPACE)} Length: ${length}`,
    );
  }
}

function isDatabaseName(name: string): boolean {
  return name !== '' && name.length <= 63 && !/[/\\. "$*<>:|?\0]/.test(name);
}

function isCollectionName(name: string): boolean {
  return name !== '' && !name.startsWith('.') && !name.endsWith('.') && !/[$\0]/.test(name);
}

function collectionKey(namespace: string): Buffer {
  return Buffer.from(COLLECTION_PREFIX + namespace);
}

function treeName(tree: number): Buffer {
  const bytes = Buffer.allocUnsafe(TREE_PREFIX_BYTES);
  bytes.writeUInt32BE(tree, 0);
  return bytes;
}

function readRecord(bytes: Buffer): CollectionRecord {
  const record = decode(bytes) as unknown as CollectionRecord & { uuid: { buffer: Uint8Array } };
  return { ...record, uuid: Buffer.from(record.uuid.buffer) };
}

function scanPrefix(view: View, prefix: Buffer, limit = 1_000_000): { key: Buffer; value: Buffer }[] {
  const to = Buffer.concat([prefix, HIGHEST]);
  return view.scan(CATALOG_TREE, { from: prefix, to, reverse: false, limit });
}
