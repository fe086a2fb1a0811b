import type { Redis } from 'ioredis';
import type { Coherence } from './coherence.ts';
import type { RedisLayer } from './redis-layer.ts';

/** Three fit into the time that one confirmation holds. */
const EVERY_MS = 300;
/** A connection that has not answered for so many beats is given up: half of it may be gone without a word. */
const MAX_SILENT = 10;

/** Asks Redis time and again whether it is there, and whether this process has heard of every invalidation. */
export class Pulse {
  readonly #remote: RedisLayer;
  readonly #coherence: Coherence;
  readonly #redis: Redis;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #silent = 0;

  constructor(remote: RedisLayer, coherence: Coherence, redis: Redis) {
    this.#remote = remote;
    this.#coherence = coherence;
    this.#redis = redis;
  }

  /** One beat at a time: while Redis hangs, the next is as late as its answer. */
  start(): void {
    void this.beat().finally(() => {
      if (!this.#isStopped)
        this.#timer = setTimeout(() => {
          this.start();
        }, EVERY_MS).unref();
    });
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Resolves whether Redis answers or not. */
  async beat(): Promise<void> {
    const question = this.#coherence.question();
    try {
      await this.#remote.probe((counter) => this.#coherence.compare(question, counter));
      // Not while others may still have to tell something: the counter does not show it yet.
      if (this.#remote.isUsable) this.#coherence.confirm(question);
      this.#silent = 0;
    } catch {
      // Told by the link.
      this.#silent += 1;
      if (this.#silent % MAX_SILENT === 0 && this.#redis.status === 'ready') this.#redis.disconnect(true);
    }
  }
}
