import { Binary } from 'bson';
import { decode, type Document } from '../bson/codec.ts';
import type { Collection } from '../catalog/collection.ts';
import type { IndexDefinition } from '../catalog/index-definition.ts';
import { isUniqueEntry } from '../catalog/records.ts';
import { CommandError } from '../errors.ts';
import type { Operation } from '../plan/operation.ts';
import { okReply } from '../server/reply.ts';
import { RECORD_ID_BYTES, recordIdOf, recordKey, SIZES_TREE } from '../storage/tree-key.ts';
import { EMPTY, HIGHEST, type Entry, type View } from '../storage/view.ts';
import { refuseUnknownFields } from './arguments.ts';
import { namespaceOf, type Command } from './context.ts';
import { isBuilding } from './index-build.ts';

const FIELDS: ReadonlySet<string> = new Set([
  'full',
  'repair',
  'metadata',
  'checkBSONConformance',
  'background',
  'scandata',
]);
const PAGE = 128;
/** More than so many faults are counted, but not named. */
const MOST_NAMED = 100;
const ZERO = Buffer.alloc(1);

/** What was found in one index. */
interface IndexFindings {
  readonly index: IndexDefinition;
  /** Entries that the documents yield and that are there. */
  present: number;
  missing: number;
  extra: number;
  /** Entries in the index. */
  keys: number;
}

interface Findings {
  readonly indexes: readonly IndexFindings[];
  documents: number;
  bytes: number;
  /** Documents that the collection's validator does not accept. */
  unaccepted: number;
  readonly corrupt: number[];
  readonly missing: Document[];
  readonly extra: Document[];
  readonly errors: string[];
}

/** A check of one collection at one moment, while others go on writing to it. */
class Check {
  readonly findings: Findings;
  readonly #view: View;
  readonly #collection: Collection;
  readonly #operation: Operation;

  constructor(view: View, collection: Collection, operation: Operation) {
    this.#view = view;
    this.#collection = collection;
    this.#operation = operation;
    const indexes = collection.indexes.filter((index) => !isBuilding(index));
    this.findings = {
      indexes: indexes.map((index) => ({ index, present: 0, missing: 0, extra: 0, keys: 0 })),
      documents: 0,
      bytes: 0,
      unaccepted: 0,
      corrupt: [],
      missing: [],
      extra: [],
      errors: [],
    };
  }

  async run(): Promise<void> {
    await this.#eachEntry(this.#collection.tree, (entry) => {
      this.#checkDocument(entry);
    });
    for (const found of this.findings.indexes) await this.#checkIndex(found);
    this.#checkSizes();
  }

  #checkDocument({ key, value }: Entry): void {
    const { findings } = this;
    findings.documents += 1;
    findings.bytes += value.length;
    try {
      const document = decode(value);
      if (this.#collection.validator?.matcher.test(document) === false) findings.unaccepted += 1;
      for (const found of findings.indexes) this.#checkEntries(found, document, key);
    } catch {
      findings.corrupt.push(recordIdOf(key));
    }
  }

  #checkEntries(found: IndexFindings, document: Document, recordKeyBytes: Buffer): void {
    const { index } = found;
    for (const key of distinct(index.keysOf(document).keys)) {
      const stored = isUniqueEntry(index) ? key : Buffer.concat([key, recordKeyBytes]);
      const entry = this.#view.get(index.tree, stored);
      if (entry !== undefined && (!isUniqueEntry(index) || entry.equals(recordKeyBytes))) {
        found.present += 1;
        continue;
      }
      found.missing += 1;
      name(this.findings.missing, {
        indexName: index.name,
        recordId: recordIdOf(recordKeyBytes),
        idKey: { _id: document._id },
      });
    }
  }

  /** Where an index has as many entries as were found for the documents, it has no others. */
  async #checkIndex(found: IndexFindings): Promise<void> {
    found.keys = await this.#count(found.index.tree);
    if (found.keys === found.present) return;
    await this.#eachEntry(found.index.tree, (entry) => {
      this.#checkOrigin(found, entry);
    });
  }

  /** Whether the document that an entry points at is there and yields it. */
  #checkOrigin(found: IndexFindings, { key, value }: Entry): void {
    const { index } = found;
    const isUnique = isUniqueEntry(index);
    const recordId = isUnique ? recordIdOf(value) : recordIdOf(key, key.length - RECORD_ID_BYTES);
    const own = isUnique ? key : key.subarray(0, key.length - RECORD_ID_BYTES);
    const bytes = this.#view.get(this.#collection.tree, recordKey(recordId));
    if (bytes !== undefined && index.keysOf(decode(bytes)).keys.some((made) => made.equals(own))) return;
    found.extra += 1;
    name(this.findings.extra, { indexName: index.name, recordId });
  }

  #checkSizes(): void {
    const { findings } = this;
    const kept = this.#view.get(SIZES_TREE, treeName(this.#collection.tree));
    const documents = kept?.readDoubleBE(0) ?? 0;
    const bytes = kept?.readDoubleBE(8) ?? 0;
    if (documents === findings.documents && bytes === findings.bytes) return;
    findings.errors.push(
      `the collection counts ${String(documents)} documents of ${String(bytes)} bytes, but has ${String(findings.documents)} of ${String(findings.bytes)}`,
    );
  }

  async #count(tree: number): Promise<number> {
    let count = 0;
    await this.#eachEntry(tree, () => (count += 1), true);
    return count;
  }

  async #eachEntry(tree: number, visit: (entry: Entry) => void, keysOnly = false): Promise<void> {
    let from: Buffer = EMPTY;
    for (;;) {
      const page = this.#view.scan(tree, { from, to: HIGHEST, reverse: false, limit: PAGE, keysOnly });
      for (const entry of page) visit(entry);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      from = Buffer.concat([last.key, ZERO]);
      this.#operation.check();
      if (this.#operation.isSliceOver) await this.#operation.yield();
    }
  }
}

function name(list: Document[], fault: Document): void {
  if (list.length < MOST_NAMED) list.push(fault);
}

function distinct(keys: readonly Buffer[]): Buffer[] {
  if (keys.length < 2) return [...keys];
  return [...new Map(keys.map((key) => [key.toString('latin1'), key])).values()];
}

function treeName(tree: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(tree, 0);
  return bytes;
}

/** Compares the documents of a collection with its indexes and its counters, at one moment. */
export const validate: Command = async (context) => {
  refuseUnknownFields(context, FIELDS);
  const { services, operation } = context;
  const namespace = namespaceOf(context);
  const collection = services.catalog.get(namespace);
  if (collection === undefined) {
    throw new CommandError('NamespaceNotFound', `Collection '${namespace}' does not exist to validate.`);
  }
  if (collection.isView) throw new CommandError('CommandNotSupportedOnView', `Cannot validate a view`);
  await services.writer.committed();
  const snapshot = services.store.snapshot();
  try {
    const check = new Check(snapshot, collection, operation);
    await check.run();
    return okReply(report(collection, check.findings));
  } finally {
    snapshot.close();
  }
};

function report({ namespace, uuid }: Collection, found: Findings): Document {
  const errors = [...found.errors, ...indexErrors(found)];
  if (found.corrupt.length > 0) errors.push('Detected one or more invalid documents');
  const warnings =
    found.unaccepted > 0 ? ["Detected one or more documents not compliant with the collection's schema."] : [];
  return {
    ns: namespace,
    uuid: new Binary(uuid, Binary.SUBTYPE_UUID),
    nInvalidDocuments: found.corrupt.length,
    nNonCompliantDocuments: found.unaccepted,
    nrecords: found.documents,
    nIndexes: found.indexes.length,
    keysPerIndex: Object.fromEntries(found.indexes.map(({ index, keys }) => [index.name, keys])),
    indexDetails: Object.fromEntries(found.indexes.map((details) => [details.index.name, { valid: isSound(details) }])),
    valid: errors.length === 0,
    repaired: false,
    warnings,
    errors,
    extraIndexEntries: found.extra,
    missingIndexEntries: found.missing,
    corruptRecords: found.corrupt,
  };
}

function isSound({ missing, extra }: IndexFindings): boolean {
  return missing === 0 && extra === 0;
}

function indexErrors({ indexes }: Findings): string[] {
  return indexes
    .filter((found) => !isSound(found))
    .map(
      ({ index, missing, extra }) =>
        `index '${index.name}' misses ${String(missing)} entries and has ${String(extra)} too many`,
    );
}
