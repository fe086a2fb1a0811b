import { LRUCache } from 'lru-cache';
import { nameOf } from './keys.ts';

const MAX_NAMES = 500;
const MAX_TAGS = 2_000;
const MAX_NEVER_READ = 100;

/** What is counted of one kind of value, or of one tag. */
export interface Tally {
  hits: number;
  misses: number;
  staleServes: number;
  loads: number;
  failedLoads: number;
  loadMs: number;
  /** What the loads would have taken that hits made needless. */
  savedMs: number;
  /** Values that left memory without having been read once. */
  neverRead: number;
}

export interface RedisTally {
  hits: number;
  misses: number;
  failures: number;
  bytesRead: number;
  bytesWritten: number;
}

export interface MemoryTally {
  hits: number;
  misses: number;
  evictions: number;
}

/** Counts what becomes of reads. Bounded: the names and tags longest unseen are forgotten. */
export class StatsBook {
  readonly total = newTally();
  readonly memory: MemoryTally = { hits: 0, misses: 0, evictions: 0 };
  readonly redis: RedisTally = { hits: 0, misses: 0, failures: 0, bytesRead: 0, bytesWritten: 0 };
  readonly #names = new LRUCache<string, Tally>({ max: MAX_NAMES });
  readonly #tags = new LRUCache<string, Tally>({ max: MAX_TAGS });
  readonly #neverRead: string[] = [];

  /** All tallies that a value counts in. */
  of(key: string, tags: readonly string[]): readonly Tally[] {
    return [this.total, tallyOf(this.#names, nameOf(key)), ...tags.map((tag) => tallyOf(this.#tags, tag))];
  }

  /** The latest keys that were loaded for nothing. */
  get neverRead(): readonly string[] {
    return this.#neverRead;
  }

  noteNeverRead(key: string, tallies: readonly Tally[]): void {
    for (const tally of tallies) tally.neverRead += 1;
    this.#neverRead.push(key);
    if (this.#neverRead.length > MAX_NEVER_READ) this.#neverRead.shift();
  }

  byName(): Readonly<Record<string, Readonly<Tally>>> {
    return Object.fromEntries(this.#names.entries());
  }

  byTag(): Readonly<Record<string, Readonly<Tally>>> {
    return Object.fromEntries(this.#tags.entries());
  }
}

/** In percent. */
export function hitRate({ hits, staleServes, misses }: Tally): number {
  const reads = hits + staleServes + misses;
  return reads === 0 ? 0 : ((hits + staleServes) / reads) * 100;
}

function newTally(): Tally {
  return { hits: 0, misses: 0, staleServes: 0, loads: 0, failedLoads: 0, loadMs: 0, savedMs: 0, neverRead: 0 };
}

function tallyOf(tallies: LRUCache<string, Tally>, name: string): Tally {
  const known = tallies.get(name);
  if (known !== undefined) return known;
  const made = newTally();
  tallies.set(name, made);
  return made;
}
