import { isGone } from '../../platform/database/failures.ts';
import type { Logger } from '../../platform/observability/logger.ts';
import { isOutOfTime } from '../../shared/cut-off.ts';
import { Id } from '../../shared/ids.ts';
import { DAY_MS, HOUR_MS, type Now } from '../../shared/time.ts';
import type { Walk } from '../../shared/walk.ts';
import { addDays, localDay } from './calendar.ts';
import type { EventStore } from './event.store.ts';
import { eventsOfOrder, type CountedOrder } from './order.statistics.ts';
import type { Rollups } from './rollups.ts';

export interface UpkeepDeps {
  readonly store: Pick<EventStore, 'append' | 'stores'>;
  readonly rollups: Pick<Rollups, 'findDrift' | 'rebuild' | 'rebuildTrends' | 'roll'>;
  /** Orders of all stores that were placed between two moments, behind one of them, in batches, oldest first. */
  readonly ordersBetween: (from: Date, until: Date, after: Id | undefined) => AsyncIterable<readonly KeptOrder[]>;
  readonly logger: Pick<Logger, 'error'>;
  readonly now: Now;
}

/** An order as it is now, and since when. */
type KeptOrder = CountedOrder & { readonly state: string; readonly updatedAt: Date };

/** By then all that follows from an order, or from a change of it, has long been counted. */
const SETTLED_MS = HOUR_MS;
const LOOKED_BACK_MS = 2 * DAY_MS;

/** After so many stores in a row a walk fails. The next attempt goes on behind them, so that none keeps others waiting for ever. */
const MOST_FAILURES = 5;

/** The zone in which days end last. */
const LAST_ZONE = 'Etc/GMT+12';

/** What is counted, held against what it was counted from, and put right. */
export class AnalyticsUpkeep {
  readonly #deps: UpkeepDeps;

  constructor(deps: UpkeepDeps) {
    this.#deps = deps;
  }

  /** @returns how many events of the last days' orders were not counted, and now are */
  async countOrders(signal: AbortSignal, walk: Walk): Promise<{ orders: number; missing: number }> {
    const { store, rollups, ordersBetween, now } = this.#deps;
    const until = new Date(now().getTime() - SETTLED_MS);
    const found = { orders: 0, missing: 0 };
    const from = new Date(until.getTime() - LOOKED_BACK_MS);
    for await (const orders of ordersBetween(from, until, walk.after)) {
      if (signal.aborted) break;
      found.orders += orders.length;
      const events = orders.flatMap((order) => [
        ...eventsOfOrder(order, 'placed'),
        ...(order.state === 'cancelled' && order.updatedAt < until ? eventsOfOrder(order, 'cancelled') : []),
      ]);
      found.missing += (await store.append(events)).added;
      const last = orders.at(-1);
      if (last !== undefined) await walk.passed(Id.decode(last.id), found);
    }
    await rollups.roll(signal);
    return found;
  }

  /** Counts anew what is trending, of each store. */
  async rebuildTrends(signal: AbortSignal, walk: Walk): Promise<WalkFindings> {
    const found = nothingFound();
    await this.#eachStore(signal, walk, found, (merchantId) => this.#deps.rollups.rebuildTrends(merchantId, signal));
    return found;
  }

  /**
   * Of the last two days that are over everywhere: rows into which events still come may differ for a moment.
   * @returns how many rows said something else than the events, and no longer do
   */
  async repairRollups(signal: AbortSignal, walk: Walk): Promise<WalkFindings & { drifted: number }> {
    const { rollups, now } = this.#deps;
    const until = localDay(now(), LAST_ZONE);
    const days = { from: addDays(until, -2), until };
    const found = { ...nothingFound(), drifted: 0 };
    await this.#eachStore(signal, walk, found, async (merchantId) => {
      const range = { merchantId, ...days };
      const drift = await rollups.findDrift(range);
      found.drifted += drift.length;
      return drift.length === 0 || rollups.rebuild(range, signal);
    });
    return found;
  }

  /**
   * Goes through all stores from where the walk is. One whose work fails is told and passed over, since it would fail
   * again: those behind it must not wait for it.
   * @param found is counted up
   * @param work tells whether it came to an end
   * @throws AggregateError when several in a row have failed: then it is hardly they who are to blame
   */
  async #eachStore(
    signal: AbortSignal,
    walk: Walk,
    found: WalkFindings,
    work: (merchantId: Id) => Promise<boolean>,
  ): Promise<void> {
    const failures: unknown[] = [];
    const isOver = (): boolean => signal.aborted;
    for await (const merchantId of this.#deps.store.stores(walk.after)) {
      if (isOver()) return;
      try {
        const isDone = await work(merchantId);
        // Cut off: the next run begins with it. One that had all the time of a run to itself would be cut off again.
        if (!isDone && isOver() && !(found.stores === 0 && isOutOfTime(signal))) return;
        if (!isDone) found.unsettled += 1;
        failures.length = 0;
      } catch (error) {
        // No store is to blame for that.
        if (isGone(error)) throw error;
        found.failed += 1;
        failures.push(error);
        this.#deps.logger.error({ error, merchantId: Id.encode(merchantId) }, 'a store is passed over');
      }
      found.stores += 1;
      await walk.passed(merchantId, found);
      demandFewer(failures);
    }
  }
}

/** What a walk through all stores has found. In those that are `unsettled` some rows may still be wrong. */
type WalkFindings = Record<'failed' | 'stores' | 'unsettled', number>;

const nothingFound = (): WalkFindings => ({ stores: 0, unsettled: 0, failed: 0 });

function demandFewer(failures: readonly unknown[]): void {
  if (failures.length < MOST_FAILURES) return;
  throw new AggregateError(failures, `${String(failures.length)} stores in a row failed`, { cause: failures[0] });
}
