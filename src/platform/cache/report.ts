import type { Memory } from './memory.ts';
import { hitRate, type MemoryTally, type RedisTally, type StatsBook, type Tally } from './stats.ts';

const HOT_KEYS = 20;

export interface CacheStats extends Tally {
  /** In percent of all reads: from memory, from Redis, and out of date. */
  readonly hitRate: number;
  /** Whether memory is trusted beyond a second: Redis answers, and no invalidation was missed. */
  readonly isTrusted: boolean;
  /** Reads under way. */
  readonly underWay: number;
  readonly memory: MemoryTally & { readonly entries: number; readonly bytes: number };
  readonly redis: RedisTally;
  readonly byName: Readonly<Record<string, Readonly<Tally>>>;
  readonly byTag: Readonly<Record<string, Readonly<Tally>>>;
  readonly hotKeys: readonly { readonly key: string; readonly reads: number }[];
  /** The latest keys that left memory without having been read. */
  readonly neverReadKeys: readonly string[];
}

export function reportOf(
  stats: StatsBook,
  memory: Memory,
  state: Pick<CacheStats, 'isTrusted' | 'underWay'>,
): CacheStats {
  return {
    ...stats.total,
    hitRate: hitRate(stats.total),
    ...state,
    memory: { ...stats.memory, entries: memory.size, bytes: memory.bytes },
    redis: { ...stats.redis },
    byName: stats.byName(),
    byTag: stats.byTag(),
    hotKeys: memory.hottest(HOT_KEYS),
    neverReadKeys: [...stats.neverRead],
  };
}
