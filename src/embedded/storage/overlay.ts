import { EMPTY, type Entry, type Range, type View } from './view.ts';

/** `null` stands for a removal. */
type Change = Buffer | null;

/** Changes of one tree, found by key and, once somebody scans, in order. */
class TreeChanges {
  readonly byKey = new Map<string, Change>();
  readonly #keys: string[] = [];
  #isSorted = true;

  set(key: string, change: Change): void {
    if (!this.byKey.has(key)) {
      this.#keys.push(key);
      this.#isSorted = false;
    }
    this.byKey.set(key, change);
  }

  /** Keys in byte order: Latin-1 strings compare as their bytes do. */
  sorted(): readonly string[] {
    // A few new ones behind many in order are sorted in linear time.
    if (!this.#isSorted) this.#keys.sort(compareStrings);
    this.#isSorted = true;
    return this.#keys;
  }

  between(from: string, to: string): readonly string[] {
    const keys = this.sorted();
    return keys.slice(lowerBound(keys, from), lowerBound(keys, to));
  }
}

/** Changes that lie over a view without being in it yet: of writes on their way to disk, or of an open transaction. */
export class Overlay {
  readonly #trees = new Map<number, TreeChanges>();

  set(tree: number, key: Buffer, change: Change): void {
    let changes = this.#trees.get(tree);
    if (changes === undefined) this.#trees.set(tree, (changes = new TreeChanges()));
    changes.set(key.toString('latin1'), change);
  }

  /** The change of an entry; `undefined` where it has none. */
  get(tree: number, key: Buffer): Change | undefined {
    const changes = this.#trees.get(tree);
    return changes === undefined ? undefined : changes.byKey.get(key.toString('latin1'));
  }

  has(tree: number): boolean {
    return this.#trees.has(tree);
  }

  *changes(): Generator<{ tree: number; key: Buffer; change: Change }> {
    for (const [tree, { byKey }] of this.#trees) {
      for (const [key, change] of byKey) yield { tree, key: Buffer.from(key, 'latin1'), change };
    }
  }

  /** What `below` answers, with these changes laid over it. */
  scan(below: View, tree: number, range: Range): Entry[] {
    const changes = this.#trees.get(tree);
    if (changes === undefined) return below.scan(tree, range);
    const names = changes.between(range.from.toString('latin1'), range.to.toString('latin1'));
    if (names.length === 0) return below.scan(tree, range);
    return merge(below, tree, range, changes.byKey, range.reverse ? names.toReversed() : names);
  }

  count(below: View, tree: number, from: Buffer, to: Buffer): number {
    const changes = this.#trees.get(tree);
    let total = below.count(tree, from, to);
    if (changes === undefined) return total;
    for (const name of changes.between(from.toString('latin1'), to.toString('latin1'))) {
      const before = below.get(tree, Buffer.from(name, 'latin1')) !== undefined;
      const after = changes.byKey.get(name) !== null;
      total += Number(after) - Number(before);
    }
    return total;
  }
}

/** An overlay and what it lies over, as one view. */
export class LaidOver implements View {
  readonly #overlay: Overlay;
  readonly #below: View;

  constructor(overlay: Overlay, below: View) {
    this.#overlay = overlay;
    this.#below = below;
  }

  get(tree: number, key: Buffer): Buffer | undefined {
    const change = this.#overlay.get(tree, key);
    return change === undefined ? this.#below.get(tree, key) : (change ?? undefined);
  }

  scan(tree: number, range: Range): Entry[] {
    return this.#overlay.scan(this.#below, tree, range);
  }

  count(tree: number, from: Buffer, to: Buffer): number {
    return this.#overlay.count(this.#below, tree, from, to);
  }
}

function merge(
  below: View,
  tree: number,
  range: Range,
  changes: ReadonlyMap<string, Change>,
  names: readonly string[],
): Entry[] {
  // Removals shorten what lies below, so that much more of it is read.
  const wanted = range.limit + names.length;
  const base = below.scan(tree, { ...range, limit: wanted });
  const result: Entry[] = [];
  const pending = new PendingChanges(names, changes, range, result);
  for (const entry of base) {
    const name = entry.key.toString('latin1');
    pending.takeBefore(name);
    if (!pending.takeAt(name)) result.push(entry);
  }
  // A full page from below may continue before the remaining changes: they belong to a later page.
  if (base.length < wanted) pending.takeRest();
  return result.length > range.limit ? result.slice(0, range.limit) : result;
}

/** Changes in the order of the scan, taken into the result as it passes them. */
class PendingChanges {
  readonly #names: readonly string[];
  readonly #changes: ReadonlyMap<string, Change>;
  readonly #range: Range;
  readonly #result: Entry[];
  #next = 0;

  constructor(names: readonly string[], changes: ReadonlyMap<string, Change>, range: Range, result: Entry[]) {
    this.#names = names;
    this.#changes = changes;
    this.#range = range;
    this.#result = result;
  }

  takeBefore(name: string): void {
    for (let next = this.#names[this.#next]; next !== undefined; next = this.#names[this.#next]) {
      if (this.#range.reverse ? next <= name : next >= name) return;
      this.#take(next);
    }
  }

  /** @returns whether the entry of this name is changed, and so not as it lies below */
  takeAt(name: string): boolean {
    if (this.#names[this.#next] !== name) return false;
    this.#take(name);
    return true;
  }

  takeRest(): void {
    for (let next = this.#names[this.#next]; next !== undefined; next = this.#names[this.#next]) this.#take(next);
  }

  #take(name: string): void {
    this.#next += 1;
    const value = this.#changes.get(name);
    if (!value) return;
    this.#result.push({ key: Buffer.from(name, 'latin1'), value: this.#range.keysOnly === true ? EMPTY : value });
  }
}

function compareStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
