import { SECOND_MS, type Now } from '../../shared/time.ts';
import type { ScopedModel } from '../database/collection.ts';
import type { Logger } from '../observability/logger.ts';
import { tellOfLoss, type Loss, type LossWatch } from '../queue/loss-watch.ts';
import { reopenPage, takeBackLeased, type OutdatedEvents, type ReopenPage } from './due-again.ts';
import type { OutboxRow } from './event.store.ts';

const LOOK_MS = SECOND_MS;

/** Half of what a relay carries out in a turn: what happens meanwhile does not wait behind a week of events. */
const PAGE = 250;

/** A loss that is being made good, and how far that is. */
interface Recovery extends Pick<ReopenPage, 'by' | 'outdated' | 'until'> {
  readonly loss: Loss;
  readonly count: number;
}

export interface LossRecoveryDeps {
  readonly events: ScopedModel<OutboxRow>;
  readonly losses: Pick<LossWatch, 'look' | 'note'>;
  /** Which events need not be carried out again. */
  readonly outdated?: () => Promise<OutdatedEvents>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly now: Now;
}

/**
 * Has what Redis has lost carried out again: the events whose jobs were enqueued since. Jobs that are still there are not
 * added twice, and what those have done that are gone is not done again, by their effects. Any number of relays may be at it;
 * one that dies has noted nothing, and another begins anew.
 */
export class LossRecovery {
  readonly #deps: LossRecoveryDeps;
  #lookedAt = -Infinity;
  #recovery: Recovery | undefined;

  constructor(deps: LossRecoveryDeps) {
    this.#deps = deps;
  }

  /**
   * Looks, once a second, and reopens one page of what was lost.
   * @returns whether there is more of it
   */
  async turn(): Promise<boolean> {
    this.#recovery ??= await this.#begin();
    if (this.#recovery === undefined) return false;
    const { events, losses, logger, now } = this.#deps;
    const { loss, by, until, outdated } = this.#recovery;
    const page = { by, until, outdated, since: loss.since, limit: PAGE };
    const { count, next } = await reopenPage(events, page, now());
    const reopened = this.#recovery.count + count;
    if (next !== undefined) {
      this.#recovery = { ...this.#recovery, until: next, count: reopened };
      return true;
    }
    // Those that are done come last: what waited when the others were looked through may be done by now.
    if (by === 'dueAt') {
      this.#recovery = { ...this.#recovery, by: 'doneAt', until: undefined, count: reopened };
      return this.turn();
    }
    await losses.note();
    this.#recovery = undefined;
    if (reopened > 0) tellOfLoss(loss, reopened, logger);
    return false;
  }

  async #begin(): Promise<Recovery | undefined> {
    const { events, losses, outdated, now } = this.#deps;
    if (performance.now() - this.#lookedAt < LOOK_MS) return undefined;
    this.#lookedAt = performance.now();
    const loss = await losses.look();
    if (loss === undefined) return undefined;
    return {
      loss,
      by: 'dueAt',
      until: undefined,
      outdated: (await outdated?.()) ?? [],
      count: await takeBackLeased(events, loss.since, now()),
    };
  }
}
