import { open, type RangeOptions, type RootDatabase, type Transaction } from 'lmdb';
import { CommandError } from '../errors.ts';
import { storedKey, TREE_PREFIX_BYTES } from './tree-key.ts';
import { EMPTY, type Entry, type Range, type View } from './view.ts';

/** Reserved address space, not memory or disk: the file grows with what is in it. */
const MAP_BYTES = 2 ** 40;

export interface StoreOptions {
  /** The LMDB file. */
  readonly path: string;
  /** False where nothing need survive: no flush, and the file goes when the store is closed. */
  readonly durable: boolean;
  readonly readOnly?: boolean;
}

/** The LMDB environment. What it answers is committed and, if the store is durable, on the disk. */
export class Store implements View {
  readonly #database: RootDatabase<Buffer, Buffer>;
  #isClosed = false;

  constructor({ path, durable, readOnly = false }: StoreOptions) {
    this.#database = open<Buffer, Buffer>({
      path,
      keyEncoding: 'binary',
      encoding: 'binary',
      mapSize: MAP_BYTES,
      maxReaders: 512,
      noMemInit: true,
      cache: false,
      readOnly,
      // Off: a commit is then one ordered write, flush, header, so that its promise means "on the disk".
      overlappingSync: false,
      ...(durable ? {} : { noSync: true }),
    });
  }

  /**
   * The open map: LMDB ends the process when it is asked after it was closed.
   * @throws ShutdownInProgress (91)
   */
  get #open(): RootDatabase<Buffer, Buffer> {
    if (this.#isClosed) throw new CommandError('ShutdownInProgress', 'The server is shutting down');
    return this.#database;
  }

  get(tree: number, key: Buffer): Buffer | undefined {
    return this.#open.getBinary(storedKey(tree, key));
  }

  scan(tree: number, range: Range): Entry[] {
    return scan(this.#open, tree, range);
  }

  count(tree: number, from: Buffer, to: Buffer): number {
    return this.#open.getKeysCount({ start: storedKey(tree, from), end: storedKey(tree, to) });
  }

  /** A picture of now that later commits do not touch. Pages it needs cannot be used again until `close`. */
  snapshot(): Snapshot {
    return new Snapshot(() => this.#open);
  }

  /** Enqueues a change; the promise settles once it is durable. All changes of one turn share one commit. */
  put(tree: number, key: Buffer, value: Buffer): Promise<boolean> {
    return this.#open.put(storedKey(tree, key), value);
  }

  remove(tree: number, key: Buffer): Promise<boolean> {
    return this.#open.remove(storedKey(tree, key));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#database.close();
  }
}

export class Snapshot implements View {
  readonly #database: () => RootDatabase<Buffer, Buffer>;
  readonly #transaction: Transaction;

  /** @param database the open map; throws once it is closed */
  constructor(database: () => RootDatabase<Buffer, Buffer>) {
    this.#database = database;
    this.#transaction = database().useReadTransaction();
  }

  get(tree: number, key: Buffer): Buffer | undefined {
    // getBinary takes a transaction too, but its typing has been forgotten.
    return this.#database().get(storedKey(tree, key), { transaction: this.#transaction });
  }

  scan(tree: number, range: Range): Entry[] {
    return scan(this.#database(), tree, range, this.#transaction);
  }

  count(tree: number, from: Buffer, to: Buffer): number {
    const options = { start: storedKey(tree, from), end: storedKey(tree, to), transaction: this.#transaction };
    return this.#database().getKeysCount(options);
  }

  close(): void {
    this.#transaction.done();
  }
}

function scan(
  database: RootDatabase<Buffer, Buffer>,
  tree: number,
  { from, to, reverse, limit, keysOnly }: Range,
  transaction?: Transaction,
): Entry[] {
  const low = storedKey(tree, from);
  const high = storedKey(tree, to);
  const options: RangeOptions = {
    ...(reverse ? { start: high, end: low, exclusiveStart: true, inclusiveEnd: true } : { start: low, end: high }),
    reverse,
    limit,
    ...(transaction && { transaction }),
  };
  const entries: Entry[] = [];
  if (keysOnly === true) {
    for (const key of database.getKeys(options)) entries.push({ key: key.subarray(TREE_PREFIX_BYTES), value: EMPTY });
  } else {
    for (const { key, value } of database.getRange(options)) {
      entries.push({ key: key.subarray(TREE_PREFIX_BYTES), value });
    }
  }
  return entries;
}
