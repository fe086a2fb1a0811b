import { setTimeout as sleep } from 'node:timers/promises';
import { SECOND_MS } from '../../shared/time.ts';
import type { Logger } from '../observability/logger.ts';
import type { Duty } from './duty.ts';
import type { EnhancedCacheService, Warmable } from './enhanced-cache.service.ts';

/** What a feature wants to have ready, in the order of its worth: such as the product lists of the busiest stores. */
export interface WarmTarget {
  readonly name: string;
  /** Asked anew in each round. Bounded by whoever writes it. */
  list(): Promise<readonly Warmable[]>;
}

export interface WarmerDeps {
  readonly cache: Pick<EnhancedCacheService, 'isUsable' | 'warm'> & {
    duty(name: string): Pick<Duty, 'done' | 'release' | 'take'>;
  };
  readonly targets: readonly WarmTarget[];
  readonly logger: Pick<Logger, 'debug' | 'info' | 'warn'>;
  readonly intervalMs: number;
  /** How much of a core the code of a round may take. */
  readonly share?: number;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
  readonly rest?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

const SHARE = 0.04;
/** For storing what was loaded, collecting what that leaves behind, and asking whose turn it is: less than that. */
const BESIDES_MS = 1;
/** Of who warms, and of who would if that process were gone. */
const LOOK_MS = 5 * SECOND_MS;
/** A process that is killed is followed so long after its last look, or its last rest in a round. Longer than a load may take. */
const HELD_MS = 15 * SECOND_MS;
/** Redis is connected to while the process starts, and may be away later: its next round need not be an interval later. */
const AWAY_LOOK_MS = SECOND_MS;

/** Loads what is wanted most before it is asked for and before it ends: one process of all that share a Redis, and without haste. */
export class CacheWarmer {
  readonly #deps: Required<WarmerDeps>;
  readonly #duty: ReturnType<WarmerDeps['cache']['duty']>;
  readonly #stop = new AbortController();
  readonly #madeAt: number;
  #isOurs = false;
  /** When the next round is due, as far as this process knows. */
  #dueAt = -Infinity;
  #loop: Promise<void> | undefined;

  constructor(deps: WarmerDeps) {
    const rest = (milliseconds: number, signal: AbortSignal) => sleep(milliseconds, undefined, { signal, ref: false });
    this.#deps = { share: SHARE, now: () => performance.now(), rest, ...deps };
    this.#duty = deps.cache.duty('warmer');
    this.#madeAt = this.#deps.now();
  }

  /** The first round begins as soon as Redis answers. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Finishes the load under way, and leaves the rest to the next process. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    // With Redis away it runs out by itself.
    await this.#duty.release().catch(() => undefined);
  }

  /** One round, if it is due and no other process warms. @returns how many values are ready; undefined if there was none */
  async round(): Promise<number | undefined> {
    const { intervalMs, now } = this.#deps;
    const begunAt = now();
    const leftMs = await this.#look(HELD_MS);
    if (leftMs === undefined || !this.#isDue(leftMs)) return undefined;
    this.#dueAt = begunAt + intervalMs;
    const ready = await this.#warmAll(this.#dueAt);
    // This process knows it, even if Redis could not be told.
    if (this.#goesOn) await this.#duty.done(this.#dueAt - now()).catch(() => undefined);
    return ready;
  }

  async #run(): Promise<void> {
    const { cache, logger, now, rest } = this.#deps;
    while (!this.#stop.signal.aborted) {
      const begunAt = now();
      const isThere = cache.isUsable;
      const ready = isThere ? await this.round() : undefined;
      if (ready !== undefined) logger.debug({ ready, tookMs: Math.round(now() - begunAt) }, 'the cache is warm');
      await rest(isThere ? this.#untilNextLook() : AWAY_LOOK_MS, this.#stop.signal).catch(() => undefined);
    }
  }

  #untilNextLook(): number {
    const untilDueMs = this.#dueAt - this.#deps.now();
    return untilDueMs > 0 ? Math.min(LOOK_MS, untilDueMs) : LOOK_MS;
  }

  /** @returns in how many milliseconds others hold the next round to be due; undefined if it is not this process's to do */
  async #look(heldMs: number): Promise<number | undefined> {
    try {
      const leftMs = await this.#duty.take(heldMs);
      this.#isOurs = leftMs !== undefined;
      return leftMs;
    } catch {
      // Counted and told by the layer. A round under way goes on.
      return undefined;
    }
  }

  #isDue(leftMs: number): boolean {
    const { intervalMs, now } = this.#deps;
    if (now() < this.#dueAt) return false;
    const lastBegunAt = now() + leftMs - intervalMs;
    // What was warm before this process began counts for nothing: a new release may ask for other keys.
    if (leftMs === 0 || lastBegunAt < this.#madeAt) return true;
    this.#dueAt = now() + leftMs;
    return false;
  }

  get #goesOn(): boolean {
    return this.#isOurs && !this.#stop.signal.aborted;
  }

  async #warmAll(endsAt: number): Promise<number> {
    const { cache, targets, now } = this.#deps;
    let ready = 0;
    for (const target of targets) {
      const warmables = await this.#paced(() => this.#listOf(target));
      for (const warmable of warmables) {
        if (!this.#goesOn || now() >= endsAt) return ready;
        // Fresh until the next round comes by; what lives shorter than that is loaded anew in each.
        const isReady = await this.#paced(() => this.#warm(cache, target, warmable));
        if (isReady) ready += 1;
      }
    }
    return ready;
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
    const restMs = (now() - begunAt + BESIDES_MS) * (1 / share - 1);
    await this.#look(restMs + HELD_MS);
    await rest(restMs, this.#stop.signal).catch(() => undefined);
    return result;
  }
}
