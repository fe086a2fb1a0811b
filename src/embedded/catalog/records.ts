import { decode, decodeFields, type Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { EMPTY, HIGHEST, type View, type WritableView } from '../storage/view.ts';
import { RECORD_ID_BYTES, recordIdOf, recordKey } from '../storage/tree-key.ts';
import { showValue } from './show-value.ts';
import type { Catalog } from './catalog.ts';
import type { Collection } from './collection.ts';
import type { DocumentKeys, IndexDefinition } from './index-definition.ts';

/** A stored document and where it lies. */
export interface StoredRecord {
  readonly recordId: number;
  readonly bytes: Buffer;
}

/**
 * Writes of single documents with all their index entries. Every check comes before the first change, so that a
 * refused document leaves nothing behind.
 */
export class Records {
  readonly #catalog: Catalog;
  /** What is learnt of an index holds whether or not the transaction commits that taught it. */
  readonly #writer: WritableView;

  constructor(catalog: Catalog, writer: WritableView) {
    this.#catalog = catalog;
    this.#writer = writer;
  }

  /** @throws DuplicateKey (11000) with `keyPattern` and `keyValue` */
  insert(view: WritableView, collection: Collection, bytes: Buffer): StoredRecord {
    this.#requireWritable(view, collection);
    const document = readFor(collection.indexes, bytes);
    const entries = collection.indexes.map((index) => ({ index, made: index.keysOf(document) }));
    for (const { index, made } of entries) this.#refuseDuplicates(view, collection, index, made, undefined);
    const recordId = collection.nextRecordId++;
    const key = recordKey(recordId);
    view.claim(collection.tree, key);
    view.put(collection.tree, key, bytes);
    for (const { index, made } of entries) {
      this.#learn(collection, index, made);
      for (const entry of made.keys) putEntry(view, index, entry, key);
    }
    this.#resize(view, collection, 1, bytes.length);
    return { recordId, bytes };
  }

  /** @param touched top-level fields that differ, so that only the indexes on them are looked at */
  replace(
    view: WritableView,
    collection: Collection,
    before: StoredRecord,
    bytes: Buffer,
    touched: ReadonlySet<string> | 'all',
  ): void {
    this.#requireWritable(view, collection);
    const key = recordKey(before.recordId);
    view.claim(collection.tree, key);
    const indexes = collection.indexes.filter((index) => isTouched(index, touched));
    const was = readFor(indexes, before.bytes);
    const will = readFor(indexes, bytes);
    const changes = indexes.map((index) => ({ index, old: index.keysOf(was), made: index.keysOf(will) }));
    for (const { index, old, made } of changes) {
      this.#refuseDuplicates(view, collection, index, made, before.recordId);
      claimUnique(view, index, old);
    }
    view.put(collection.tree, key, bytes);
    for (const { index, old, made } of changes) {
      this.#learn(collection, index, made);
      for (const entry of without(old.keys, made.keys)) removeEntry(view, index, entry, key);
      for (const entry of without(made.keys, old.keys)) putEntry(view, index, entry, key);
    }
    this.#resize(view, collection, 0, bytes.length - before.bytes.length);
  }

  remove(view: WritableView, collection: Collection, { recordId, bytes }: StoredRecord): void {
    this.#requireWritable(view, collection);
    const key = recordKey(recordId);
    view.claim(collection.tree, key);
    const document = readFor(collection.indexes, bytes);
    const entries = collection.indexes.map((index) => ({ index, made: index.keysOf(document) }));
    for (const { index, made } of entries) claimUnique(view, index, made);
    for (const { index, made } of entries) for (const entry of made.keys) removeEntry(view, index, entry, key);
    view.remove(collection.tree, key);
    this.#resize(view, collection, -1, -bytes.length);
  }

  /** Adds the entries of one document to an index that is being built. */
  addTo(view: WritableView, collection: Collection, index: IndexDefinition, { recordId, bytes }: StoredRecord): void {
    const made = index.keysOf(readFor([index], bytes));
    this.#refuseDuplicates(view, collection, index, made, recordId);
    this.#learn(collection, index, made);
    for (const entry of made.keys) putEntry(view, index, entry, recordKey(recordId));
  }

  /**
   * @throws QueryPlanKilled (175) where the collection was dropped or renamed since the command began,
   * OperationNotSupportedInTransaction (263)
   */
  #requireWritable(view: WritableView, { namespace, tree, isCapped }: Collection): void {
    if (this.#catalog.get(namespace)?.tree !== tree) {
      throw new CommandError('QueryPlanKilled', `collection dropped or renamed: ${namespace}`);
    }
    if (isCapped && view !== this.#writer) {
      throw new CommandError(
        'OperationNotSupportedInTransaction',
        `Collection '${namespace}' is a capped collection. Writes in transactions are not allowed on capped collections.`,
      );
    }
  }

  #refuseDuplicates(
    view: WritableView,
    collection: Collection,
    index: IndexDefinition,
    made: DocumentKeys,
    self: number | undefined,
  ): void {
    if (!isUniqueEntry(index)) return;
    made.keys.forEach((key, position) => {
      view.claim(index.tree, key);
      const found = view.get(index.tree, key);
      if (found === undefined || recordIdOf(found) === self) return;
      throw duplicateKey(collection, index, made.tuples[position] ?? []);
    });
  }

  #learn(collection: Collection, index: IndexDefinition, made: DocumentKeys): void {
    const isNews =
      (made.hasLongKeys && !index.hasLongKeys) || made.arrayPaths.some((path) => !index.arrayPaths.has(path));
    if (!isNews) return;
    index.hasLongKeys ||= made.hasLongKeys;
    index.arrayPaths = new Set([...index.arrayPaths, ...made.arrayPaths]);
    if (collection.indexes.includes(index)) this.#catalog.save(this.#writer, collection);
  }

  #resize(view: WritableView, collection: Collection, documents: number, bytes: number): void {
    view.whenApplied(() => {
      collection.size.documents += documents;
      collection.size.bytes += bytes;
      this.#catalog.resized(collection);
    });
  }
}

/** Reads a document by record id. */
export function readRecord(view: View, collection: Collection, recordId: number): StoredRecord | undefined {
  const bytes = view.get(collection.tree, recordKey(recordId));
  return bytes === undefined ? undefined : { recordId, bytes };
}

/** The record ids that stand under an exact key: at most one in a unique index. */
export function recordIdsAt(view: View, index: IndexDefinition, key: Buffer, limit: number): number[] {
  if (isUniqueEntry(index)) {
    const found = view.get(index.tree, key);
    return found === undefined ? [] : [recordIdOf(found)];
  }
  const range = { from: key, to: Buffer.concat([key, HIGHEST, HIGHEST]), reverse: false, limit, keysOnly: true };
  return view.scan(index.tree, range).map((entry) => recordIdOf(entry.key, entry.key.length - RECORD_ID_BYTES));
}

/** Unique indexes (and `_id`) hold the record id as the value; others at the end of the key. */
export function isUniqueEntry(index: IndexDefinition): boolean {
  return index.isUnique || index.name === '_id_';
}

/** The keys of `keys` that are not among `others`. */
function without(keys: readonly Buffer[], others: readonly Buffer[]): readonly Buffer[] {
  if (others.length === 0) return keys;
  if (keys.length === 1 && others.length === 1) return keys[0]?.equals(others[0] ?? EMPTY) === true ? [] : keys;
  const known = new Set(others.map((key) => key.toString('latin1')));
  return keys.filter((key) => !known.has(key.toString('latin1')));
}

/** Nobody else may take these keys as free before it is certain that they are. */
function claimUnique(view: WritableView, index: IndexDefinition, { keys }: DocumentKeys): void {
  if (isUniqueEntry(index)) for (const key of keys) view.claim(index.tree, key);
}

function putEntry(view: WritableView, index: IndexDefinition, entry: Buffer, record: Buffer): void {
  if (isUniqueEntry(index)) view.put(index.tree, entry, record);
  else view.put(index.tree, Buffer.concat([entry, record]), EMPTY);
}

function removeEntry(view: WritableView, index: IndexDefinition, entry: Buffer, record: Buffer): void {
  view.remove(index.tree, isUniqueEntry(index) ? entry : Buffer.concat([entry, record]));
}

function readFor(indexes: readonly IndexDefinition[], bytes: Buffer): Document {
  const wanted = new Set<string>();
  for (const { topLevelFields } of indexes) {
    if (topLevelFields === 'all') return decode(bytes);
    for (const field of topLevelFields) wanted.add(field);
  }
  return decodeFields(bytes, wanted);
}

function isTouched({ topLevelFields }: IndexDefinition, touched: ReadonlySet<string> | 'all'): boolean {
  if (touched === 'all' || topLevelFields === 'all') return true;
  for (const field of topLevelFields) if (touched.has(field)) return true;
  return false;
}

function duplicateKey(collection: Collection, index: IndexDefinition, values: readonly unknown[]): CommandError {
  const keyPattern = index.spec.key;
  const keyValue = Object.fromEntries(index.paths.map((path, position) => [path, values[position] ?? null]));
  const shown = Object.entries(keyValue).map(([path, value]) => `${path}: ${showValue(value)}`);
  return new CommandError(
    'DuplicateKey',
    `E11000 duplicate key error collection: ${collection.namespace} index: ${index.name} dup key: { ${shown.join(', ')} }`,
    { keyPattern, keyValue },
  );
}
