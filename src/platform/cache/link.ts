import type { Redis } from 'ioredis';
import type { AwayLog } from '../observability/away-log.ts';
import { Deadlines } from './deadlines.ts';

/** Redis is away, and known to be: it was not asked. */
export class RedisAway extends Error {
  override readonly name = 'RedisAway';
  readonly code = 'REDIS_AWAY';

  constructor() {
    super('The Redis of the cache is away');
  }
}

export interface RedisLinkOptions {
  /** With `enableOfflineQueue: false`, so that a Redis that is away is known to be at once. */
  readonly redis: Redis;
  /** How long an answer is waited for, in milliseconds. */
  readonly answerMs?: number;
  readonly log?: AwayLog;
}

// A request asks three times at most before it goes to the database, and waits 50 ms for the cache.
const ANSWER_MS = 16;
const MAX_FAILURES = 3;

/**
 * Asks Redis, each time for a short while only, and no longer once it has failed three times running. No request
 * tries then whether it is back: the pulse does.
 */
export class RedisLink {
  readonly redis: Redis;
  readonly #deadlines: Deadlines;
  readonly #answerMs: number;
  readonly #log: AwayLog | undefined;
  #failures = 0;
  #isGivenUp = false;

  constructor({ redis, answerMs = ANSWER_MS, log }: RedisLinkOptions) {
    this.redis = redis;
    this.#answerMs = answerMs;
    this.#deadlines = new Deadlines(answerMs);
    this.#log = log;
  }

  get isUsable(): boolean {
    return !this.#isGivenUp && this.redis.status === 'ready';
  }

  /** @throws RedisAway at once, TooLate, or what Redis answered */
  async ask<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    if (!this.isUsable) throw new RedisAway();
    try {
      const answer = await this.#deadlines.bound(command(this.redis));
      this.#failures = 0;
      return answer;
    } catch (error) {
      this.#failures += 1;
      if (this.#failures >= MAX_FAILURES) this.#giveUp(error);
      throw error;
    }
  }

  /**
   * Asks whether it is given up or not, and takes an answer that is late. Only one in time takes it back into use.
   * @param healed does what must be done before anybody else may ask again; when it fails, nobody may
   */
  async probe<T>(command: (redis: Redis) => Promise<T>, healed: () => Promise<void>): Promise<T> {
    const begun = performance.now();
    try {
      const answer = await command(this.redis);
      if (performance.now() - begun > this.#answerMs) return answer;
      await healed();
      this.#takeBack();
      return answer;
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
  }

  #giveUp(error: unknown): void {
    this.#isGivenUp = true;
    // That there is no connection the connection itself tells.
    if (this.redis.status === 'ready') this.#log?.away(error);
  }

  #takeBack(): void {
    this.#failures = 0;
    this.#isGivenUp = false;
    this.#log?.back();
  }
}
