import type { Redis } from 'ioredis';
import { awayLog } from '../observability/away-log.ts';
import type { Logger } from '../observability/logger.ts';
import type { Cache, Cached, CachePolicy, CacheSource, Codec } from './cache.ts';
import { steadyClock, type Clock } from './clock.ts';
import { keepingBy } from './codec.ts';
import { Coherence, EVERYTHING } from './coherence.ts';
import { ageOf, type Lifetime } from './envelope.ts';
import type { Duty } from './duty.ts';
import { Flights } from './flights.ts';
import { Keeper, type KeeperDeps, type Policy, type Reading } from './keeper.ts';
import { RedisLink } from './link.ts';
import { ManyReader } from './many.ts';
import { Memory, type MemoryEntry } from './memory.ts';
import { Pulse } from './pulse.ts';
import { Reader, type ReaderTimes } from './reader.ts';
import { RedisLayer } from './redis-layer.ts';
import { reportOf, type CacheStats } from './report.ts';
import { StatsBook, type Tally } from './stats.ts';
import { timed } from './timed.ts';

export interface CacheOptions {
  /** A connection of the cache's own: it is subscribed on. */
  readonly redis: Redis;
  /** Begins the names of all keys and channels. */
  readonly prefix: string;
  /** What memory may take, in bytes. */
  readonly memoryBytes: number;
  /** Whether a load failed since the database itself is away, so that known values may stand in. */
  readonly isAway: (error: unknown) => boolean;
  readonly logger: Pick<Logger, 'debug' | 'info' | 'warn'>;
  readonly clock?: Clock;
  /** From 0 to 1. */
  readonly random?: () => number;
  /** How long an answer of Redis is waited for, in milliseconds. */
  readonly answerMs?: number;
  readonly times?: ReaderTimes;
}

/** What is to be had ready before anybody asks. */
export interface Warmable {
  readonly key: string;
  readonly load: () => Promise<unknown>;
  readonly policy: CachePolicy;
  readonly codec?: Codec<unknown>;
}

/**
 * Memory, then Redis, then the loader. What expired by time may be shown while it is loaded anew; what was invalidated is never
 * shown again: docs/caching.md has the rules, docs/adr/0012 the reasons. Only `undefined` means "not cached".
 */
export class EnhancedCacheService implements Cache {
  readonly #clock: Clock;
  readonly #coherence: Coherence;
  readonly #stats = new StatsBook();
  readonly #memory: Memory;
  readonly #remote: RedisLayer;
  readonly #flights: Flights;
  readonly #reader: Reader;
  readonly #many: ManyReader;
  readonly #keeper: Keeper;
  readonly #pulse: Pulse;

  constructor(options: CacheOptions) {
    const { redis, prefix, memoryBytes, isAway, logger, clock = steadyClock, random = Math.random } = options;
    this.#clock = clock;
    this.#coherence = new Coherence(clock);
    this.#memory = new Memory(memoryBytes, this.#stats);
    const log = awayLog('the Redis of the cache', logger);
    const { answerMs } = options;
    const link = new RedisLink({ redis, log, clock, ...(answerMs !== undefined && { answerMs }) });
    this.#remote = new RedisLayer(link, prefix, this.#stats.redis, clock);
    this.#flights = new Flights(this.#coherence);
    const onFailure = (error: unknown) => {
      logger.debug({ error }, 'the cache could not do something, and goes on without');
    };
    const shared = { memory: this.#memory, remote: this.#remote, coherence: this.#coherence, stats: this.#stats };
    const deps: KeeperDeps = { ...shared, clock, random, onFailure };
    this.#keeper = new Keeper(deps);
    const readers = { ...deps, flights: this.#flights, isAway, times: options.times ?? {} };
    this.#reader = new Reader(readers);
    this.#many = new ManyReader(readers);
    this.#pulse = new Pulse(this.#remote, this.#coherence, redis);
    this.#remote.onEnded((sequence, ended) => {
      this.#coherence.hear(sequence, ended);
    });
  }

  /** Begins to listen for invalidations. Does not wait for Redis: until it is there, memory is trusted for less than a second. */
  initialize(): void {
    this.#pulse.start();
  }

  /** Asks Redis now, and not only when it is time, whether all invalidations have been heard of. */
  confirm(): Promise<void> {
    return this.#pulse.beat();
  }

  peek<T>(key: string): Cached<T> | undefined {
    const entry = this.#memory.get(key);
    if (entry === undefined) return undefined;
    const now = this.#clock();
    if (now - entry.lifetime.loadedAt >= entry.lifetime.freshMs) return undefined;
    return this.#coherence.verdict(entry, now) === 'current' ? this.#shown<T>(entry, 'hit-l1', now) : undefined;
  }

  fetch<T>(key: string, load: () => Promise<T>, policy: CachePolicy, codec?: Codec<T>): Promise<Cached<T>> {
    const hit = this.peek<T>(key);
    return hit === undefined ? this.#fetch(readingOf(key, load, policy, codec)) : Promise.resolve(hit);
  }

  async getOrSet<T>(key: string, load: () => Promise<T>, policy: CachePolicy | number): Promise<T> {
    const hit = this.peek<T>(key);
    if (hit !== undefined) return hit.value;
    return (await this.#fetch<T>(readingOf(key, load, policyOf(policy)))).value;
  }

  /** What is kept under a key, also while it is out of date but may be shown. */
  async get<T>(key: string, codec?: Codec<T>): Promise<T | undefined> {
    return (await this.getMany<T>([key], codec)).get(key);
  }

  /** With one question to Redis for all that memory does not have. Keys of which there is nothing are left out. */
  async getMany<T>(keys: readonly string[], codec?: Codec<T>): Promise<ReadonlyMap<string, T>> {
    const { values, others } = this.#divide(keys, (key) => this.peek<T>(key) ?? this.#stale<T>(key));
    if (others.length === 0) return values;
    for (const [key, { value, source, savedMs, tallies }] of await this.#many.find(others, keepingBy(codec))) {
      count(tallies, source, savedMs);
      if (value !== undefined) values.set(key, value as T);
    }
    return values;
  }

  /**
   * With one question to Redis and one load for all that neither has.
   * @param load is given the keys to be loaded; what it leaves out has no value, and is left out of the answer
   */
  async getOrSetMany<T>(
    keys: readonly string[],
    load: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>,
    policy: CachePolicy | number | ((key: string) => CachePolicy),
  ): Promise<ReadonlyMap<string, T>> {
    const { values, others, stale } = this.#divide(keys, (key) => this.peek<T>(key) ?? this.#stale<T>(key));
    const reading = (key: string) => {
      const chosen = typeof policy === 'function' ? policy(key) : policyOf(policy);
      return { key, policy: inMilliseconds(chosen), keeping: keepingBy<unknown>(undefined) };
    };
    if (stale.length > 0) this.#many.refresh(stale.map(reading), load);
    if (others.length === 0) return values;
    for (const [key, { value, source, savedMs, tallies }] of await this.#many.read(others.map(reading), load)) {
      count(tallies, source, savedMs);
      if (value !== undefined) values.set(key, value as T);
    }
    return values;
  }

  /** For the next read to find in Redis. Of two at once one is kept, or none. Better is `getOrSet`: it knows when it began to load. */
  async set<T>(key: string, value: T, policy: CachePolicy | number, codec?: Codec<T>): Promise<void> {
    if (value === undefined) return this.delete(key);
    try {
      const keeping = keepingBy<unknown>(codec);
      await this.#keeper.replace({ key, policy: inMilliseconds(policyOf(policy)), keeping }, value);
    } finally {
      this.#coherence.end({ keys: [key] });
    }
  }

  /** @throws like `invalidate` */
  async delete(key: string): Promise<void> {
    this.#coherence.end({ keys: [key] });
    this.#memory.delete(key);
    await this.#remote.remove([key]);
  }

  /**
   * Ends all keys that match: `*` stands for any characters, `?` for one. Goes through all keys, unless all of them match, and
   * ends everything where they are too many for that.
   * @param withinMs how long that may take
   * @throws like `invalidate`
   */
  async deletePattern(pattern: string, withinMs?: number): Promise<void> {
    if (/^\*+$/.test(pattern)) return this.invalidate([EVERYTHING]);
    this.#coherence.end({ pattern });
    this.#memory.deletePattern(pattern);
    try {
      if (!(await this.#remote.removePattern(pattern, withinMs))) await this.invalidate([EVERYTHING]);
    } finally {
      // Whoever read in the meantime may have taken from Redis what was not removed yet.
      this.#coherence.end({ pattern });
    }
  }

  /** @throws like `invalidate` */
  deleteByTag(tag: string): Promise<void> {
    return this.invalidate([tag]);
  }

  async invalidate(tags: readonly string[]): Promise<void> {
    if (tags.length === 0) return;
    this.#coherence.end({ tags });
    await this.#remote.invalidate(tags);
  }

  /** Has a value ready: loads it unless it stays fresh for so long. */
  async warm({ key, load, policy, codec }: Warmable, freshForMs = 0): Promise<void> {
    const entry = this.#memory.get(key);
    const then = this.#clock() + freshForMs;
    if (entry !== undefined && ageOf(entry.lifetime, then) === 'fresh' && this.#isCurrent(entry)) return;
    await this.#reader.ensure(readingOf(key, load, policy, codec), freshForMs);
  }

  /** Something that one process at a time is to do, of all that share the Redis. */
  duty(name: string): Duty {
    return this.#remote.duty(name);
  }

  /** Whether Redis is there, for all that is known. */
  get isUsable(): boolean {
    return this.#remote.isUsable;
  }

  getStats(): CacheStats {
    const isTrusted = this.#remote.isUsable && this.#coherence.isConfirmed;
    return reportOf(this.#stats, this.#memory, { isTrusted, underWay: this.#flights.size });
  }

  /** The connection is not closed: it belongs to whoever made it. */
  close(): void {
    this.#pulse.stop();
    this.#memory.clear();
  }

  async #fetch<T>(reading: Reading): Promise<Cached<T>> {
    const stale = this.#stale<T>(reading.key);
    if (stale !== undefined) {
      this.#reader.refresh(reading);
      return stale;
    }
    this.#stats.memory.misses += 1;
    const { value, source, loadedAt, savedMs, tallies } = await timed(reading, (each) => this.#reader.read(each));
    count(tallies, source, savedMs);
    return { value: value as T, source, ageSeconds: Math.max(0, (this.#clock() - loadedAt) / 1_000) };
  }

  #divide<T>(keys: readonly string[], look: (key: string) => Cached<T> | undefined) {
    const values = new Map<string, T>();
    const [others, stale]: [string[], string[]] = [[], []];
    for (const key of new Set(keys)) {
      const hit = look(key);
      if (hit === undefined) others.push(key);
      else values.set(key, hit.value);
      if (hit?.source === 'stale') stale.push(key);
    }
    this.#stats.memory.misses += others.length;
    return { values, others, stale };
  }

  /** What memory has that is out of date, but not past being shown. */
  #stale<T>(key: string): Cached<T> | undefined {
    const entry = this.#memory.get(key);
    if (entry === undefined || !this.#isCurrent(entry)) return undefined;
    const now = this.#clock();
    return ageOf(entry.lifetime, now) === 'stale' ? this.#shown<T>(entry, 'stale', now) : undefined;
  }

  #isCurrent(entry: MemoryEntry): boolean {
    return this.#coherence.verdict(entry) === 'current';
  }

  #shown<T>(entry: MemoryEntry, source: CacheSource, now: number): Cached<T> {
    entry.reads += 1;
    this.#stats.memory.hits += 1;
    count(entry.tallies, source, entry.lifetime.loadMs);
    return { value: entry.value as T, source, ageSeconds: ageSeconds(entry.lifetime, now) };
  }
}

const COUNTED = { 'hit-l1': 'hits', 'hit-l2': 'hits', miss: 'misses', stale: 'staleServes' } as const;

function count(tallies: readonly Tally[], source: CacheSource, savedMs: number): void {
  for (const tally of tallies) {
    tally[COUNTED[source]] += 1;
    tally.savedMs += savedMs;
  }
}

const ageSeconds = ({ loadedAt }: Lifetime, now: number): number => Math.max(0, (now - loadedAt) / 1_000);

function policyOf(policy: CachePolicy | number): CachePolicy {
  return typeof policy === 'number' ? { freshSeconds: policy, staleSeconds: 0, tags: [] } : policy;
}

function inMilliseconds({ freshSeconds, staleSeconds, tags }: CachePolicy): Policy {
  return { freshMs: freshSeconds * 1_000, staleMs: staleSeconds * 1_000, tags };
}

function readingOf<T>(key: string, load: () => Promise<T>, policy: CachePolicy, codec?: Codec<T>): Reading {
  return { key, load, policy: inMilliseconds(policy), keeping: keepingBy(codec) };
}
