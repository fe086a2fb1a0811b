import type { Redis, RedisValue } from 'ioredis';
import { createHash } from 'node:crypto';

/** A Lua script. */
export class Script {
  readonly #text: string;
  readonly #hash: string;

  constructor(text: string) {
    this.#text = text;
    this.#hash = createHash('sha1').update(text).digest('hex');
  }

  /** Sent by its hash once the server knows it; if it does not, it is sent again, and so behind what was sent in between. */
  async run(redis: Redis, keys: readonly string[], values: readonly RedisValue[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#hash, keys.length, ...keys, ...values);
    } catch (error) {
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(this.#text, keys.length, ...keys, ...values);
    }
  }

  /** Sent whole, and so carried out before whatever is sent later, also by a server that does not know it. */
  runInOrder(redis: Redis, keys: readonly string[], values: readonly RedisValue[]): Promise<unknown> {
    return redis.eval(this.#text, keys.length, ...keys, ...values);
  }
}
