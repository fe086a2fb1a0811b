import type { Redis } from 'ioredis';
import type { AwayLog } from '../observability/away-log.ts';
import { steadyClock, type Clock } from './clock.ts';
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
  readonly clock?: Clock;
}

// A request asks three times at most before it goes to the database, and waits 50 ms for the cache.
const ANSWER_MS = 16;
const MAX_FAILURES = 3;

/** Away for so long, it may be used again at once: whoever has something to tell does so before the promised second is over. */
const MOMENT_MS = 400;
/** Longer than others take to come back: a connection is tried for every two seconds, and then comes their next beat. */
const OTHERS_MS = 2_500;

/**
 * Asks Redis, each time for a short while only, and no longer once it has failed three times running. No request
 * tries then whether it is back: the pulse does. What it has is looked at some time later: others that it was away for as well have
 * to tell it first what they could not.
 */
export class RedisLink {
  readonly redis: Redis;
  readonly #deadlines: Deadlines;
  readonly #answerMs: number;
  readonly #log: AwayLog | undefined;
  readonly #clock: Clock;
  #failures = 0;
  /** Since when it is not used; undefined while it is. */
  #awayAt: number | undefined;
  /** Since when it answers again. */
  #backAt: number | undefined;

  constructor({ redis, answerMs = ANSWER_MS, log, clock = steadyClock }: RedisLinkOptions) {
    this.redis = redis;
    this.#answerMs = answerMs;
    this.#deadlines = new Deadlines(answerMs);
    this.#log = log;
    this.#clock = clock;
    redis.on('close', () => {
      this.#lose();
    });
  }

  /** Whether what it has may be looked at. */
  get isUsable(): boolean {
    return this.#awayAt === undefined && this.redis.status === 'ready';
  }

  /** Whether it can be told something. */
  get #isThere(): boolean {
    return (this.#awayAt === undefined || this.#backAt !== undefined) && this.redis.status === 'ready';
  }

  /** @throws RedisAway at once, TooLate, or what Redis answered */
  async ask<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    if (!this.#isThere) throw new RedisAway();
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
   * Asks whether it is given up or not, and takes an answer that is late. Only one in time brings it back into use.
   * @param healed does what must be done before anybody else may ask again; when it fails, nobody may
   */
  async probe<T>(command: (redis: Redis) => Promise<T>, healed: () => Promise<void>): Promise<T> {
    const begun = performance.now();
    try {
      const answer = await command(this.redis);
      if (performance.now() - begun > this.#answerMs) return answer;
      await healed();
      this.#foundWell();
      return answer;
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
  }

  #giveUp(error: unknown): void {
    // That there is no connection the connection itself tells.
    if (this.redis.status !== 'ready') return;
    this.#lose();
    this.#log?.away(error);
  }

  #lose(): void {
    this.#awayAt ??= this.#clock();
    this.#backAt = undefined;
  }

  #foundWell(): void {
    this.#failures = 0;
    if (this.#awayAt === undefined) return;
    const now = this.#clock();
    this.#backAt ??= now;
    if (this.#backAt - this.#awayAt > MOMENT_MS && now - this.#backAt < OTHERS_MS) return;
    this.#awayAt = undefined;
    this.#log?.back();
  }
}
