import { randomBytes } from 'node:crypto';

/** What a hash costs whoever tries passwords. */
export interface PasswordCost {
  readonly memoryKiB: number;
  readonly passes: number;
}

/** OWASP's minimum for argon2id (Password Storage Cheat Sheet): some 20 ms of one core. */
export const RECOMMENDED_COST: PasswordCost = { memoryKiB: 19_456, passes: 2 };

/** Loaded with the first password: workers, which see none, need not hold it. */
const argon2 = () => import('@node-rs/argon2');

/** Keeps passwords as argon2id hashes. Works on libuv's threads, so that the event loop goes on. */
export class Passwords {
  readonly #cost: PasswordCost;
  readonly #nobodys: Promise<string>;

  constructor(cost: PasswordCost = RECOMMENDED_COST) {
    this.#cost = cost;
    // Before anybody asks: the first unknown address must not take longer than a known one.
    this.#nobodys = this.hash(randomBytes(32).toString('hex'));
    // Whoever verifies meets the failure; it must not end the process before.
    this.#nobodys.catch(() => undefined);
  }

  /** @returns a PHC string that holds salt and cost. */
  async hash(password: string): Promise<string> {
    const { hash } = await argon2();
    // argon2id is the library's default; its enum of algorithms is not there at run time.
    return hash(password, { memoryCost: this.#cost.memoryKiB, timeCost: this.#cost.passes, parallelism: 1 });
  }

  /**
   * Whether a password is the one of a hash. Without a hash the answer is false after the same work, so that the time
   * it takes does not tell whether there is such a user.
   */
  async verify(stored: string | undefined, password: string): Promise<boolean> {
    const { verify } = await argon2();
    const matches = await verify(stored ?? (await this.#nobodys), password);
    return stored !== undefined && matches;
  }

  /** Whether a hash was made at another cost: then it is made anew at the next sign-in. */
  isOutdated(stored: string): boolean {
    const { memoryKiB, passes } = this.#cost;
    return !stored.startsWith(`$argon2id$v=19$m=${String(memoryKiB)},t=${String(passes)},p=1$`);
  }
}
