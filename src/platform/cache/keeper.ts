import { HOUR_MS } from '../../shared/time.ts';
import type { Clock } from './clock.ts';
import type { Keeping, Kept } from './codec.ts';
import type { Coherence, Moment } from './coherence.ts';
import type { Lifetime } from './envelope.ts';
import type { Outcome } from './flights.ts';
import type { Found } from './looked.ts';
import type { Memory, NewEntry } from './memory.ts';
import type { RedisLayer, Turn } from './redis-layer.ts';
import type { StatsBook, Tally } from './stats.ts';

/** A policy in milliseconds. */
export interface Policy {
  readonly freshMs: number;
  readonly staleMs: number;
  readonly tags: readonly string[];
}

/** One read: what is wanted, where it comes from, and how it is kept. */
export interface Reading {
  readonly key: string;
  readonly policy: Policy;
  readonly load: () => Promise<unknown>;
  readonly keeping: Keeping<unknown>;
}

export interface KeeperDeps {
  readonly memory: Memory;
  readonly remote: RedisLayer;
  readonly coherence: Coherence;
  readonly stats: StatsBook;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Told what failed in the background, where nobody waits for it, or what a load makes up for. */
  readonly onFailure: (error: unknown) => void;
}

/** Kept past all times, to be shown when the database is away or slow. */
export const GRACE_MS = HOUR_MS;
/** Lives are up to so much shorter than declared, so that what was loaded together does not end together. */
const JITTER = 0.1;

/** Puts values where later reads find them. */
export class Keeper {
  readonly #deps: KeeperDeps;

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
  }

  /**
   * What Redis had, into memory.
   * @param moment before it was looked up
   * @returns undefined where it cannot be read: it is to be loaded then, and is overwritten
   */
  adopt({ key, keeping }: Pick<Reading, 'key' | 'keeping'>, moment: Moment, found: Found): Outcome | undefined {
    const read = this.#read(keeping, found);
    if (read === undefined) return undefined;
    const { value, bytes } = read;
    const { lifetime, tags } = found;
    const tallies = this.#remember({ key, tags, moment, value, lifetime, bytes });
    return { value, source: 'hit-l2', loadedAt: lifetime.loadedAt, savedMs: lifetime.loadMs, tallies };
  }

  #read(keeping: Reading['keeping'], found: Found): Kept<unknown> | undefined {
    try {
      return keeping.read(found.payload());
    } catch (error) {
      this.#deps.onFailure(error);
      return undefined;
    }
  }

  /**
   * What was loaded, into memory and, in the background, into Redis.
   * @param moment before the load began
   * @param turn if Redis gave one
   */
  keep(reading: Omit<Reading, 'load'>, moment: Moment, value: unknown, loadMs: number, turn?: Turn): Outcome {
    const kept = reading.keeping.keep(value);
    const { key, policy } = reading;
    const { tags } = policy;
    const lifetime = this.#lifetime(policy, moment.at, loadMs);
    const tallies = this.#remember({ key, tags, moment, value: kept.value, lifetime, bytes: kept.bytes });
    if (turn?.token !== undefined) {
      this.#deps.remote.store(turn, lifetime, keptMs(policy), kept.encoded()).catch(this.#deps.onFailure);
    }
    return { value: kept.value, source: 'miss', loadedAt: lifetime.loadedAt, savedMs: 0, tallies };
  }

  /**
   * What takes the place of all there is, into Redis alone: only Redis can tell which of two is the later one.
   * @throws when Redis could not be told
   */
  async replace({ key, policy, keeping }: Omit<Reading, 'load'>, value: unknown): Promise<void> {
    const { remote, clock } = this.#deps;
    const lifetime = this.#lifetime(policy, clock(), 0);
    await remote.replace({ key, tags: policy.tags }, lifetime, keptMs(policy), keeping.keep(value).encoded());
  }

  #lifetime({ freshMs, staleMs }: Policy, loadedAt: number, loadMs: number): Lifetime {
    return { loadedAt, freshMs: freshMs * (1 - JITTER * this.#deps.random()), staleMs, loadMs };
  }

  #remember(entry: Omit<NewEntry, 'tallies'>): readonly Tally[] {
    const { memory, coherence, stats } = this.#deps;
    const tallies = stats.of(entry.key, entry.tags);
    if (coherence.verdict(entry) !== 'ended') memory.put({ ...entry, tallies });
    return tallies;
  }
}

const keptMs = ({ freshMs, staleMs }: Policy): number => freshMs + staleMs + GRACE_MS;
