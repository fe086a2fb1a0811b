import type { Redis } from 'ioredis';
import type { Logger } from '../observability/logger.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS, type Now } from '../../shared/time.ts';

const NOTE_EVERY_MS = 5 * SECOND_MS;

/** Clocks of several processes differ, and a write is not on disk at once. */
const MARGIN_MS = MINUTE_MS;

/** No job waits longer for a reason of ours. */
const MOST_MS = DAY_MS;

/** What Redis may no longer have. */
export interface Loss {
  /** The jobs enqueued from then on. */
  readonly since: Date;
  /** Whether it was merely started again, with its data: then at most what it had not yet written down is gone. */
  readonly keptData: boolean;
}

export interface LossWatchDeps {
  readonly redis: () => Redis;
  readonly prefix: string;
  readonly now: Now;
}

/** Tells of events that are carried out again: a warning only where jobs are gone for all that is known. */
export function tellOfLoss({ since, keptData }: Loss, events: number, logger: Pick<Logger, 'info' | 'warn'>): void {
  if (keptData)
    logger.info({ since, events }, 'Redis was started again: the last events before it are carried out again');
  else logger.warn({ since, events }, 'Redis may have lost jobs: their events are carried out again');
}

/**
 * Finds out that Redis has lost what it was given: it was killed without an append-only file, came back with an old
 * snapshot, or a replica took over that was behind. A key in it holds which server noted it and when: a server that
 * does not know the key has lost all, and one that is another has lost what came after.
 */
export class LossWatch {
  readonly #deps: LossWatchDeps;
  readonly #key: string;

  constructor(deps: LossWatchDeps) {
    this.#deps = deps;
    this.#key = `${deps.prefix}:loss-watch`;
  }

  /**
   * @returns which jobs may be missing, or undefined when all are there; `note` is to be called once they are back
   * @throws when Redis is away
   */
  async look(): Promise<Loss | undefined> {
    const now = this.#deps.now().getTime();
    const [server, noted] = await Promise.all([this.#server(), this.#deps.redis().get(this.#key)]);
    if (noted === null) return { since: new Date(now - MOST_MS), keptData: false };
    const [notedServer, notedAt = '0'] = noted.split(' ');
    if (notedServer !== server) {
      return { since: new Date(Math.max(Number(notedAt) - MARGIN_MS, now - MOST_MS)), keptData: true };
    }
    if (now - Number(notedAt) > NOTE_EVERY_MS) await this.#write(server, now);
    return undefined;
  }

  /** From now on nothing is missing. */
  async note(): Promise<void> {
    await this.#write(await this.#server(), this.#deps.now().getTime());
  }

  async #write(server: string, at: number): Promise<void> {
    await this.#deps.redis().set(this.#key, `${server} ${String(at)}`);
  }

  async #server(): Promise<string> {
    const [, runId = 'unknown'] = /run_id:(\w+)/.exec(await this.#deps.redis().info('server')) ?? [];
    return runId;
  }
}
