import { CommandError } from '../errors.ts';
import { Overlay } from '../storage/overlay.ts';
import type { Snapshot, Store } from '../storage/store.ts';
import type { Entry, Range, WritableView } from '../storage/view.ts';
import type { HeldEntries, Holder, Writer } from '../storage/writer.ts';

export type TransactionState = 'open' | 'committed' | 'aborted';

/** The error that tells `withTransaction` to run everything again. */
export function writeConflict(): CommandError {
  return new CommandError(
    'WriteConflict',
    'Caused by :: Write conflict during plan execution and yielding is disabled. :: Please retry your operation or multi-document transaction.',
    { labels: ['TransientTransactionError'] },
  );
}

export interface TransactionDeps {
  readonly store: Store;
  readonly writer: Writer;
  readonly held: HeldEntries;
}

/**
 * An open transaction: a snapshot with an overlay of its own changes. It holds no lock of the store. What it changes it
 * holds by name until it ends, so that the first writer wins: another transaction conflicts at once, a plain write waits.
 */
export class Transaction implements WritableView, Holder {
  readonly ended: Promise<void>;
  readonly startedAt = Date.now();
  state: TransactionState = 'open';
  readonly #deps: TransactionDeps;
  readonly #snapshot: Snapshot;
  readonly #overlay = new Overlay();
  readonly #holds = new Set<string>();
  readonly #effects: (() => void)[] = [];
  #end: () => void = () => undefined;

  constructor(deps: TransactionDeps) {
    this.#deps = deps;
    this.#snapshot = deps.store.snapshot();
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get(tree: number, key: Buffer): Buffer | undefined {
    const snapshot = this.#open();
    const change = this.#overlay.get(tree, key);
    return change === undefined ? snapshot.get(tree, key) : (change ?? undefined);
  }

  scan(tree: number, range: Range): Entry[] {
    return this.#overlay.scan(this.#open(), tree, range);
  }

  count(tree: number, from: Buffer, to: Buffer): number {
    return this.#overlay.count(this.#open(), tree, from, to);
  }

  put(tree: number, key: Buffer, value: Buffer): void {
    this.#overlay.set(tree, key, value);
  }

  remove(tree: number, key: Buffer): void {
    this.#overlay.set(tree, key, null);
  }

  claim(tree: number, key: Buffer): void {
    const holder = this.#deps.held.holderOf(tree, key);
    if (holder === this) return;
    if (holder !== undefined) throw writeConflict();
    const then = this.#open().get(tree, key);
    const now = this.#deps.writer.get(tree, key);
    if (then === undefined ? now !== undefined : now === undefined || !then.equals(now)) throw writeConflict();
    this.#holds.add(this.#deps.held.hold(tree, key, this));
  }

  whenApplied(effect: () => void): void {
    this.#effects.push(effect);
  }

  /** Whether it has changed anything of the tree. */
  hasChanged(tree: number): boolean {
    return this.#overlay.has(tree);
  }

  /** Hands all changes to the writer in one turn, so that they become durable together. */
  commit(): void {
    for (const { tree, key, change } of this.#overlay.changes()) {
      if (change === null) this.#deps.writer.remove(tree, key);
      else this.#deps.writer.put(tree, key, change);
    }
    for (const effect of this.#effects) effect();
    this.#finish('committed');
  }

  abort(): void {
    if (this.state === 'open') this.#finish('aborted');
  }

  /** @throws NoSuchTransaction (251) where it ended while a statement of it was still at work */
  #open(): Snapshot {
    if (this.state === 'open') return this.#snapshot;
    throw new CommandError('NoSuchTransaction', `Transaction has been ${this.state}.`, {
      labels: ['TransientTransactionError'],
    });
  }

  #finish(state: TransactionState): void {
    this.state = state;
    this.#deps.held.release(this.#holds);
    this.#snapshot.close();
    this.#end();
  }
}
