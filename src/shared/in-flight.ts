/**
 * A set of what is under way, in the order of its coming: much is added, and soon taken out again.
 *
 * A `Set` or `Map` moves to a new table every few dozen additions, and the table it leaves goes on holding what was in it, and
 * the new one. Once one of them has grown old, all that was ever under way after it lives until the whole heap is collected:
 * 50 kB of each list that is read from the database, and two such collections a second. An array leaves nothing behind. To add
 * or take out something is a look at the others, which is cheap for hundreds.
 */
export class InFlight<T> implements Iterable<T> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: T): this {
    if (!this.#items.includes(item)) this.#items.push(item);
    return this;
  }

  some(matches: (item: T) => boolean): boolean {
    return this.#items.some(matches);
  }

  /** Takes one out. @returns whether it was in */
  delete(item: T): boolean {
    return this.#takeAt(this.#items.indexOf(item)) !== undefined;
  }

  /** Takes out the first that matches. */
  take(matches: (item: T) => boolean): T | undefined {
    return this.#takeAt(this.#items.findIndex(matches));
  }

  clear(): void {
    this.#items.length = 0;
  }

  /** Of those that are in now: they may be taken out meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#items].values();
  }

  #takeAt(index: number): T | undefined {
    return index === -1 ? undefined : this.#items.splice(index, 1)[0];
  }
}
