import { tooContended } from '../../platform/database/failures.ts';
import { Problem } from '../../shared/problem.ts';

/**
 * Lets those who want the same take turns within this process. The database alone would let all of them begin, and
 * all but one begin again: with hundreds of buyers of one SKU most of the work would be repetition. Other processes
 * are still rivals, few enough for the database to settle.
 */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /**
   * Runs `work` when no earlier caller holds one of `keys` any more. The keys must be in one order for all callers.
   * @param deadlineAt in milliseconds since 1970
   * @throws Problem `too-contended` when the turn has not come by then
   */
  async inTurn<T>(keys: readonly string[], deadlineAt: number, work: () => Promise<T>): Promise<T> {
    const leaves: (() => void)[] = [];
    try {
      for (const key of keys) leaves.push(await this.#enter(key, deadlineAt));
      return await work();
    } finally {
      for (const leave of leaves) leave();
    }
  }

  async #enter(key: string, deadlineAt: number): Promise<() => void> {
    const before = this.#last.get(key);
    const { promise: left, resolve: leave } = Promise.withResolvers<undefined>();
    // Who gives up leaves at once, and whoever waits behind goes on waiting for those in front.
    const last = Promise.all([before, left]).then(() => undefined);
    this.#last.set(key, last);
    void last.then(() => {
      if (this.#last.get(key) === last) this.#last.delete(key);
    });
    const release = (): void => {
      leave(undefined);
    };
    if (before === undefined || (await isDoneBy(before, deadlineAt))) return release;
    release();
    throw new Problem(tooContended, 'Others buy the same, and your turn did not come in time', {
      retryAfterSeconds: 1,
    });
  }
}

async function isDoneBy(done: Promise<void>, deadlineAt: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(resolve, Math.max(0, deadlineAt - Date.now()), false);
  try {
    return await Promise.race([done.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
