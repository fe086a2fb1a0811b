import type { Timestamp } from 'bson';
import { CommandError } from '../errors.ts';
import { clusterTime } from '../server/cluster-time.ts';
import type { Snapshot, Store } from '../storage/store.ts';
import type { Entry, Range, View } from '../storage/view.ts';

/** How long a picture can be asked for, MongoDB's `minSnapshotHistoryWindowInSeconds` in milliseconds. */
const HISTORY_MS = 300_000;

/** Each keeps pages of the store from being used again. */
const MOST_KEPT = 64;

/** What the data was at a point of time, for reads with the concern "snapshot". */
export class PastView implements View {
  readonly at: Timestamp;
  readonly takenAt = Date.now();
  readonly #snapshot: Snapshot;
  #isClosed = false;

  constructor(at: Timestamp, snapshot: Snapshot) {
    this.at = at;
    this.#snapshot = snapshot;
  }

  get(tree: number, key: Buffer): Buffer | undefined {
    return this.#open().get(tree, key);
  }

  scan(tree: number, range: Range): Entry[] {
    return this.#open().scan(tree, range);
  }

  count(tree: number, from: Buffer, to: Buffer): number {
    return this.#open().count(tree, from, to);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#snapshot.close();
  }

  #open(): Snapshot {
    if (this.#isClosed) throw tooOld();
    return this.#snapshot;
  }
}

/** The pictures that sessions go on reading from. */
export class PastViews {
  readonly #store: Store;
  readonly #views = new Map<bigint, PastView>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** A picture of now. */
  take(): PastView {
    const at = clusterTime.now;
    // What is written from here on is later than the picture.
    clusterTime.tick();
    const view = new PastView(at, this.#store.snapshot());
    this.#views.set(at.toBigInt(), view);
    const [oldest] = this.#views.values();
    if (this.#views.size > MOST_KEPT && oldest !== undefined) this.#close(oldest);
    return view;
  }

  /** @throws SnapshotTooOld (239) where the picture is no longer, or never was, kept */
  at(time: Timestamp): PastView {
    const view = this.#views.get(time.toBigInt());
    if (view === undefined) throw tooOld();
    return view;
  }

  expire(now = Date.now()): void {
    for (const view of this.#views.values()) if (now - view.takenAt > HISTORY_MS) this.#close(view);
  }

  close(): void {
    for (const view of this.#views.values()) this.#close(view);
  }

  #close(view: PastView): void {
    view.close();
    this.#views.delete(view.at.toBigInt());
  }
}

function tooOld(): CommandError {
  return new CommandError('SnapshotTooOld', 'Read timestamp is older than the oldest available timestamp.');
}
