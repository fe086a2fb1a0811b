import type { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { inTime } from '../../shared/in-time.ts';
import type { Limiter, LimitRule, Standing } from './limit.ts';

// What is exact is not worth waiting for: a hung Redis must not hold up sign-ins.
const REDIS_TIMEOUT_MS = 250;
const TRY_AGAIN_AFTER_MS = 1_000;

export interface ExactLimiterOptions {
  /** With `enableOfflineQueue: false`, so that a Redis that is away is known to be at once. */
  readonly redis: Redis;
  /** Begins every key. */
  readonly prefix: string;
  /** Counts the rules that are not exact, and all of them while Redis is away. */
  readonly local: Limiter;
  /** Told each time that Redis is given up on. */
  readonly onAway?: (error: unknown) => void;
  /** Told each time that Redis has counted. */
  readonly onCounted?: () => void;
}

/** Counts the rules marked `exact` over all instances, in Redis; the others, and all without Redis, locally. */
export class ExactLimiter implements Limiter {
  readonly #options: ExactLimiterOptions;
  readonly #counters = new Map<string, RateLimiterRedis>();
  #awayUntil = 0;

  constructor(options: ExactLimiterOptions) {
    this.#options = options;
  }

  take(rule: LimitRule, key: string): Promise<Standing> | Standing {
    const isCountedHere = rule.exact !== true || performance.now() < this.#awayUntil;
    return isCountedHere ? this.#options.local.take(rule, key) : this.#takeExactly(rule, key);
  }

  async #takeExactly(rule: LimitRule, key: string): Promise<Standing> {
    const { local, onAway, onCounted } = this.#options;
    try {
      const counted = await inTime(
        this.#count(rule, key),
        REDIS_TIMEOUT_MS,
        () => new Error('Redis did not answer in time'),
      );
      onCounted?.();
      return standing(rule, counted);
    } catch (error) {
      this.#awayUntil = performance.now() + TRY_AGAIN_AFTER_MS;
      onAway?.(error);
      return local.take(rule, key);
    }
  }

  /** Resolves for the refused too, which the library rejects with. */
  #count(rule: LimitRule, key: string): Promise<RateLimiterRes> {
    return this.#counterOf(rule)
      .consume(key)
      .catch((refused: unknown) => {
        if (refused instanceof RateLimiterRes) return refused;
        throw refused;
      });
  }

  #counterOf({ name, quota, windowSeconds }: LimitRule): RateLimiterRedis {
    const known = this.#counters.get(name);
    if (known !== undefined) return known;
    const { redis, prefix } = this.#options;
    const counter = new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: `${prefix}:limit:${name}`,
      points: quota,
      duration: windowSeconds,
      rejectIfRedisNotReady: true,
    });
    this.#counters.set(name, counter);
    return counter;
  }
}

function standing(rule: LimitRule, { consumedPoints, msBeforeNext }: RateLimiterRes): Standing {
  return {
    rule,
    allowed: consumedPoints <= rule.quota,
    remaining: Math.max(0, rule.quota - consumedPoints),
    resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1_000)),
  };
}
