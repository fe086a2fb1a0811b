import { CommandError } from '../errors.ts';
import { LaidOver, Overlay } from './overlay.ts';
import type { Store } from './store.ts';
import { HeldByTransaction, type Entry, type Range, type View, type WritableView } from './view.ts';

/** Who holds an entry until its transaction ends. */
export interface Holder {
  readonly ended: Promise<void>;
}

/** Entries that open transactions have changed. Kept apart from the data: only writers look here. */
export class HeldEntries {
  readonly #holders = new Map<string, Holder>();

  holderOf(tree: number, key: Buffer): Holder | undefined {
    return this.#holders.size === 0 ? undefined : this.#holders.get(nameOf(tree, key));
  }

  hold(tree: number, key: Buffer, holder: Holder): string {
    const name = nameOf(tree, key);
    this.#holders.set(name, holder);
    return name;
  }

  release(names: Iterable<string>): void {
    for (const name of names) this.#holders.delete(name);
  }
}

const ignore = (): void => undefined;

const nameOf = (tree: number, key: Buffer): string => `${String(tree)}:${key.toString('latin1')}`;

/**
 * What is on its way to the disk, over what is there. Two generations, so that what has arrived is forgotten at once
 * rather than entry by entry: the older one goes when its last write is durable, then the younger takes its place.
 * An entry that is remembered longer than needed says what the store says.
 */
class PendingWrites implements View {
  readonly #store: View;
  #old: LaidOver | undefined;
  #young = new Overlay();
  #youngSettled: Promise<void> | undefined;

  constructor(store: View) {
    this.#store = store;
  }

  set(tree: number, key: Buffer, value: Buffer | null): void {
    this.#young.set(tree, key, value);
    // Until its turn is closed: what settles earlier says nothing of it.
    this.#youngSettled = undefined;
  }

  /** @param settled when everything written so far is durable */
  settleWith(settled: Promise<void>): void {
    this.#youngSettled = settled;
    if (this.#old === undefined) this.#rotate();
  }

  get(tree: number, key: Buffer): Buffer | undefined {
    const change = this.#young.get(tree, key);
    return change === undefined ? this.#below().get(tree, key) : (change ?? undefined);
  }

  scan(tree: number, range: Range): Entry[] {
    return this.#young.scan(this.#below(), tree, range);
  }

  count(tree: number, from: Buffer, to: Buffer): number {
    return this.#young.count(this.#below(), tree, from, to);
  }

  #below(): View {
    return this.#old ?? this.#store;
  }

  #rotate(): void {
    const settled = this.#youngSettled;
    if (settled === undefined) return;
    this.#old = new LaidOver(this.#young, this.#store);
    this.#young = new Overlay();
    this.#youngSettled = undefined;
    void settled.then(() => {
      this.#old = undefined;
      this.#rotate();
    });
  }
}

/**
 * What all writes that are not in a transaction see and change: the store, and over it what is still on its way to the
 * disk. Readers look at the store itself, so that nobody is shown what a power cut could take back.
 * Commits are LMDB's own: it gathers the changes of a turn and writes them in its thread, one flush for all.
 */
export class Writer implements WritableView {
  readonly #store: Store;
  readonly #held: HeldEntries;
  readonly #pending: PendingWrites;
  /** Whether something was written since the last turn was closed. */
  #isTurnOpen = false;
  #lastWrite: Promise<unknown> = Promise.resolve();
  #settled: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  readonly #beforeCommit: (() => void)[] = [];

  constructor(store: Store, held: HeldEntries) {
    this.#store = store;
    this.#held = held;
    this.#pending = new PendingWrites(store);
  }

  get(tree: number, key: Buffer): Buffer | undefined {
    return this.#pending.get(tree, key);
  }

  scan(tree: number, range: Range): Entry[] {
    return this.#pending.scan(tree, range);
  }

  count(tree: number, from: Buffer, to: Buffer): number {
    return this.#pending.count(tree, from, to);
  }

  put(tree: number, key: Buffer, value: Buffer): void {
    this.#note(tree, key, value);
    this.#follow(this.#store.put(tree, key, value));
  }

  remove(tree: number, key: Buffer): void {
    this.#note(tree, key, null);
    this.#follow(this.#store.remove(tree, key));
  }

  claim(tree: number, key: Buffer): void {
    const holder = this.#held.holderOf(tree, key);
    if (holder !== undefined) throw new HeldByTransaction(holder.ended);
  }

  whenApplied(effect: () => void): void {
    effect();
  }

  /** Runs before the changes of a turn are closed, to add what sums them up (such as the sizes of collections). */
  onCommit(listener: () => void): void {
    this.#beforeCommit.push(listener);
  }

  /** Settles once everything written so far is durable. */
  async committed(): Promise<void> {
    this.#closeTurn();
    await this.#settled;
    if (this.#failure !== undefined) throw this.#refusal(this.#failure);
  }

  #note(tree: number, key: Buffer, value: Buffer | null): void {
    if (this.#failure !== undefined) throw this.#refusal(this.#failure);
    if (!this.#isTurnOpen) {
      this.#isTurnOpen = true;
      queueMicrotask(() => {
        this.#closeTurn();
      });
    }
    this.#pending.set(tree, key, value);
  }

  #closeTurn(): void {
    if (!this.#isTurnOpen) return;
    for (const listener of this.#beforeCommit) listener();
    this.#isTurnOpen = false;
    this.#settled = this.#lastWrite.then(ignore, ignore);
    this.#pending.settleWith(this.#settled);
  }

  /** LMDB answers the changes of a turn with one promise, seldom with more. */
  #follow(write: Promise<unknown>): void {
    if (write === this.#lastWrite) return;
    this.#lastWrite = write;
    write.catch((error: unknown) => {
      this.#fail(error);
    });
  }

  /** Later writes may have been computed from lost ones: none is accepted until the server starts anew from the disk. */
  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    // LMDB tells the cause by a promise of its own.
    const { commitError } = error as { commitError?: Promise<never> };
    commitError?.catch((cause: unknown) => {
      if (cause instanceof Error) this.#failure = cause;
    });
  }

  #refusal(cause: Error): CommandError {
    return new CommandError(
      'InternalError',
      `The data directory cannot be written: ${cause.message}. Nothing is written any more; make sure that the disk works and has room, then start the server anew`,
    );
  }
}
