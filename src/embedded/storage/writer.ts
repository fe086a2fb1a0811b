import { CommandError } from '../errors.ts';
import { Overlay } from './overlay.ts';
import type { Store } from './store.ts';
import { HeldByTransaction, type Entry, type Range, type WritableView } from './view.ts';

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

const nameOf = (tree: number, key: Buffer): string => `${String(tree)}:${key.toString('latin1')}`;

interface Change {
  readonly tree: number;
  readonly key: Buffer;
  readonly value: Buffer | null;
}

/**
 * What all writes that are not in a transaction see and change: the store, and over it what is still on its way to the
 * disk. Readers look at the store itself, so that nobody is shown what a power cut could take back.
 * Commits are LMDB's own: it gathers the changes of a turn and writes them in its thread, one flush for all.
 */
export class Writer implements WritableView {
  readonly #store: Store;
  readonly #held: HeldEntries;
  readonly #pending = new Overlay();
  #turn: Change[] = [];
  #lastWrite: Promise<unknown> = Promise.resolve();
  #settled: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  readonly #beforeCommit: (() => void)[] = [];

  constructor(store: Store, held: HeldEntries) {
    this.#store = store;
    this.#held = held;
  }

  get(tree: number, key: Buffer): Buffer | undefined {
    const change = this.#pending.get(tree, key);
    return change === undefined ? this.#store.get(tree, key) : (change ?? undefined);
  }

  scan(tree: number, range: Range): Entry[] {
    return this.#pending.scan(this.#store, tree, range);
  }

  count(tree: number, from: Buffer, to: Buffer): number {
    return this.#pending.count(this.#store, tree, from, to);
  }

  put(tree: number, key: Buffer, value: Buffer): void {
    this.#note({ tree, key, value });
    this.#lastWrite = this.#store.put(tree, key, value);
  }

  remove(tree: number, key: Buffer): void {
    this.#note({ tree, key, value: null });
    this.#lastWrite = this.#store.remove(tree, key);
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

  #note(change: Change): void {
    if (this.#failure !== undefined) throw this.#refusal(this.#failure);
    if (this.#turn.length === 0) {
      queueMicrotask(() => {
        this.#closeTurn();
      });
    }
    this.#turn.push(change);
    this.#pending.set(change.tree, change.key, change.value);
  }

  #closeTurn(): void {
    if (this.#turn.length === 0) return;
    for (const listener of this.#beforeCommit) listener();
    const changes = this.#turn;
    this.#turn = [];
    const settle = (): void => {
      for (const { tree, key, value } of changes) this.#pending.settle(tree, key, value);
    };
    this.#settled = this.#lastWrite.then(settle, (error: unknown) => {
      // Later writes may have been computed from these: none is accepted until the server starts anew from the disk.
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
      settle();
    });
  }

  #refusal(cause: Error): CommandError {
    return new CommandError('InternalError', `The data directory cannot be written: ${cause.message}`);
  }
}
