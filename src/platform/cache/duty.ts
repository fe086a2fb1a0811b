import type { Redis } from 'ioredis';
import { Script } from './script.ts';
import { holdLock } from './scripts.ts';

/**
 * KEYS: holder, what was done last. ARGV: who asks, lifetime. @returns -1 if it is another's, else for how many milliseconds what was
 * done last is good
 */
const takeDuty = new Script(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return -1 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return math.max(0, redis.call('PTTL', KEYS[2]))`);

/** What one process at a time does of all that share a Redis, and again only after a while. All of it throws what Redis does. */
export class Duty {
  readonly #ask: <T>(command: (redis: Redis) => Promise<T>) => Promise<T>;
  readonly #holder: string;
  readonly #name: string;

  /** @param holder names this process */
  constructor(ask: <T>(command: (redis: Redis) => Promise<T>) => Promise<T>, name: string, holder: string) {
    this.#ask = ask;
    this.#holder = holder;
    this.#name = name;
  }

  /**
   * Takes it, or keeps it, for so long.
   * @returns in how many milliseconds it is to be done again, whoever did it last; undefined while it is another's
   */
  async take(forMs: number): Promise<number | undefined> {
    const keys = [this.#name, this.#done];
    const leftMs = Number(await this.#ask((redis) => takeDuty.run(redis, keys, [this.#holder, Math.ceil(forMs)])));
    return leftMs < 0 ? undefined : leftMs;
  }

  /** It has been done, and need not be again for so long: also by whoever takes it next. */
  async done(forMs: number): Promise<void> {
    if (forMs > 0) await this.#ask((redis) => redis.set(this.#done, '', 'PX', Math.ceil(forMs)));
  }

  /** Lets the next one take it; nothing if it is another's already. */
  async release(): Promise<void> {
    await this.#ask((redis) => holdLock.run(redis, [this.#name], [this.#holder, 0]));
  }

  get #done(): string {
    return `${this.#name}:done`;
  }
}
