import { setTimeout as sleep } from 'node:timers/promises';
import { SECOND_MS } from '../../shared/time.ts';
import type { Logger } from '../observability/logger.ts';
import type { EnhancedCacheService, Warmable } from './enhanced-cache.service.ts';

/** What a feature wants to have ready, in the order of its worth: such as the product lists of the busiest stores. */
export interface WarmTarget {
  readonly name: string;
  /** Asked anew in each round. Bounded by whoever writes it. */
  list(): Promise<readonly Warmable[]>;
}

export interface WarmerDeps {
  readonly cache: Pick<EnhancedCacheService, 'isUsable' | 'lease' | 'warm'>;
  readonly targets: readonly WarmTarget[];
  readonly logger: Pick<Logger, 'debug' | 'info' | 'warn'>;
  readonly intervalMs: number;
  /** How much of a core it may take: a loader that took a millisecond is followed by a rest of 19. */
  readonly share?: number;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
  readonly rest?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

const SHARE = 0.05;
/** A process that ends in a round is followed by another in the next. */
const LEASE = 'warmer';
/** Redis is connected to while the process starts, and may be away later: its next round need not be an interval later. */
const AWAY_LOOK_MS = SECOND_MS;

/** Loads what is wanted most before it is asked for and before it ends: one process of all that share a Redis, and without haste. */
export class CacheWarmer {
  readonly #deps: Required<WarmerDeps>;
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(deps: WarmerDeps) {
    const rest = (milliseconds: number, signal: AbortSignal) => sleep(milliseconds, undefined, { signal, ref: false });
    this.#deps = { share: SHARE, now: () => performance.now(), rest, ...deps };
  }

  /** The first round begins as soon as Redis answers. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Finishes the load under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  /** One round. @returns how many values are ready, or undefined if it is another process's turn, or Redis is away */
  async round(): Promise<number | undefined> {
    const { cache, targets, intervalMs, now } = this.#deps;
    const endsAt = now() + intervalMs;
    let ready = 0;
    if (!(await this.#isOurs())) return undefined;
    for (const target of targets) {
      const warmables = await this.#paced(() => this.#listOf(target));
      for (const warmable of warmables) {
        if (this.#stop.signal.aborted || now() >= endsAt) return ready;
        // Fresh until the next round comes by; what lives shorter than that is loaded anew in each.
        const isReady = await this.#paced(() => this.#warm(cache, target, warmable));
        if (isReady) ready += 1;
      }
    }
    return ready;
  }

  async #run(): Promise<void> {
    const { intervalMs, logger, now, rest } = this.#deps;
    while (!this.#stop.signal.aborted) {
      if (!this.#deps.cache.isUsable) {
        await rest(AWAY_LOOK_MS, this.#stop.signal).catch(() => undefined);
        continue;
      }
      const begunAt = now();
      const ready = await this.round();
      if (ready !== undefined) logger.debug({ ready, tookMs: Math.round(now() - begunAt) }, 'the cache is warm');
      await rest(Math.max(0, intervalMs - (now() - begunAt)), this.#stop.signal).catch(() => undefined);
    }
  }

  async #isOurs(): Promise<boolean> {
    // A little longer than a round, so that whoever has it keeps it.
    return this.#deps.cache.lease(LEASE, this.#deps.intervalMs * 1.5).catch(() => false);
  }

  async #listOf(target: WarmTarget): Promise<readonly Warmable[]> {
    try {
      return await target.list();
    } catch (error) {
      this.#deps.logger.warn({ error, target: target.name }, 'what is to be kept warm could not be told');
      return [];
    }
  }

  async #warm(cache: WarmerDeps['cache'], target: WarmTarget, warmable: Warmable): Promise<boolean> {
    try {
      await cache.warm(warmable, this.#deps.intervalMs);
      return true;
    } catch (error) {
      this.#deps.logger.debug({ error, target: target.name, key: warmable.key }, 'a value could not be kept warm');
      return false;
    }
  }

  /** The time that passed is held to be the time a core took: more than true, as most of it is spent waiting. */
  async #paced<T>(work: () => Promise<T>): Promise<T> {
    const { now, rest, share } = this.#deps;
    const begunAt = now();
    const result = await work();
    const restMs = (now() - begunAt) * (1 / share - 1);
    await rest(restMs, this.#stop.signal).catch(() => undefined);
    return result;
  }
}
