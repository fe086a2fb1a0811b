import { LRUCache } from 'lru-cache';
import type { Dated } from './coherence.ts';
import type { Lifetime } from './envelope.ts';
import { matchesGlob } from './glob.ts';
import type { StatsBook, Tally } from './stats.ts';
import { weighText } from './weigh.ts';

export interface MemoryEntry extends Dated {
  readonly value: unknown;
  readonly lifetime: Lifetime;
  /** What the value alone takes. */
  readonly bytes: number;
  readonly tallies: readonly Tally[];
  /** Since this value came. */
  reads: number;
  /** Those of the values it took the place of. */
  readonly readsBefore: number;
}

export type NewEntry = Omit<MemoryEntry, 'reads' | 'readsBefore'>;

// Measured: the entry's objects, and its places in the Map and the lists of lru-cache.
const ENTRY_BYTES = 560;

/** The first layer: values in this process, bounded by what they take. */
export class Memory {
  readonly #entries: LRUCache<string, MemoryEntry>;

  constructor(maxBytes: number, stats: StatsBook) {
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      // What would push out a large part of all others is not kept.
      maxEntrySize: Math.ceil(maxBytes / 8),
      sizeCalculation: ({ key, bytes }) => ENTRY_BYTES + weighText(key) + bytes,
      dispose: ({ key, reads, tallies }, _key, reason) => {
        if (reason === 'evict') stats.memory.evictions += 1;
        if (reads === 0) stats.noteNeverRead(key, tallies);
      },
    });
  }

  get(key: string): MemoryEntry | undefined {
    return this.#entries.get(key);
  }

  /** Unless there is one already whose load began later. */
  put(entry: NewEntry): void {
    const known = this.#entries.peek(entry.key);
    if (known !== undefined && known.moment.order >= entry.moment.order) return;
    const readsBefore = known === undefined ? 0 : known.readsBefore + known.reads;
    this.#entries.set(entry.key, { ...entry, reads: 0, readsBefore });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  deletePattern(pattern: string): void {
    for (const key of this.#entries.keys()) if (matchesGlob(pattern, key)) this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  /** Those read most, of those kept. */
  hottest(count: number): readonly { readonly key: string; readonly reads: number }[] {
    const hottest: { key: string; reads: number }[] = [];
    for (const { key, reads: latest, readsBefore } of this.#entries.values()) {
      const reads = readsBefore + latest;
      if (hottest.length === count && reads <= (hottest.at(-1)?.reads ?? 0)) continue;
      hottest.push({ key, reads });
      hottest.sort((a, b) => b.reads - a.reads);
      hottest.length = Math.min(count, hottest.length);
    }
    return hottest;
  }
}
