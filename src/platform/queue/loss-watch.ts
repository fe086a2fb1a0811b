import type { Redis } from 'ioredis';
import type { Logger } from '../observability/logger.ts';
import { DONE_KEPT_SECONDS } from '../outbox/event.store.ts';
import { MINUTE_MS, SECOND_MS, type Now } from '../../shared/time.ts';

const NOTE_EVERY_MS = 5 * SECOND_MS;

/** Clocks of several processes differ, and a write is not on disk at once. */
const MARGIN_MS = MINUTE_MS;

/** Of what was enqueued earlier the events are gone; jobs that are put off, or wait in a queue that is paused, are as old as days. */
const MOST_MS = DONE_KEPT_SECONDS * SECOND_MS;

/** A note for a server must not reach the one that has come in its place, which would pass for one that was noted. */
const REPLACE = `if (redis.call('get', KEYS[1]) or '') == ARGV[1] then redis.call('set', KEYS[1], ARGV[2]) end`;

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
  /** Of which server, as of when, it was last said that jobs are missing. */
  #lost: { readonly server: string; readonly at: number; readonly noted: string | null } | undefined;

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
    const [server, noted] = await Promise.all([this.#server(), this.#noted()]);
    const [notedServer, notedAt = '0'] = noted?.split(' ') ?? [];
    if (notedServer === server) {
      // Also once a clock that was ahead is set right.
      if (Math.abs(now - Number(notedAt)) > NOTE_EVERY_MS) await this.#replace(noted, server, now);
      return undefined;
    }
    this.#lost = { server, at: now, noted };
    const earliest = now - MOST_MS;
    if (noted === null) return { since: new Date(earliest), keptData: false };
    const since = Number(notedAt) - MARGIN_MS;
    // By a clock that was ahead: nobody knows when.
    const isKnown = since > earliest && since <= now;
    return { since: new Date(isKnown ? since : earliest), keptData: true };
  }

  /** What was missing at the last look is there again. What is lost after that look, such as in between, is found by the next one. */
  async note(): Promise<void> {
    const { server, at, noted } = this.#lost ?? {
      server: await this.#server(),
      at: this.#deps.now().getTime(),
      noted: await this.#noted(),
    };
    await this.#replace(noted, server, at);
    this.#lost = undefined;
  }

  async #replace(noted: string | null, server: string, at: number): Promise<void> {
    await this.#deps.redis().eval(REPLACE, 1, this.#key, noted ?? '', `${server} ${String(at)}`);
  }

  #noted(): Promise<string | null> {
    return this.#deps.redis().get(this.#key);
  }

  async #server(): Promise<string> {
    const [, runId = 'unknown'] = /run_id:(\w+)/.exec(await this.#deps.redis().info('server')) ?? [];
    return runId;
  }
}
