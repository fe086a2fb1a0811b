import { DAY_MS, HOUR_MS, type Now } from '../../shared/time.ts';
import type { Walk } from '../../shared/walk.ts';
import { addDays, localDay } from './calendar.ts';
import type { EventStore } from './event.store.ts';
import { eventsOfOrder, type CountedOrder } from './order.statistics.ts';
import type { Rollups } from './rollups.ts';

export interface UpkeepDeps {
  readonly store: Pick<EventStore, 'append' | 'stores'>;
  readonly rollups: Pick<Rollups, 'findDrift' | 'rebuild' | 'rebuildTrends' | 'roll'>;
  /** Orders of all stores that were placed between two moments, in batches, oldest first. */
  readonly ordersBetween: (from: Date, until: Date) => AsyncIterable<readonly KeptOrder[]>;
  readonly now: Now;
}

/** An order as it is now. */
type KeptOrder = CountedOrder & { readonly state: string };

/** By then all that follows from an order has long been counted. */
const SETTLED_MS = HOUR_MS;
const LOOKED_BACK_MS = 2 * DAY_MS;

/** What is counted, held against what it was counted from, and put right. */
export class AnalyticsUpkeep {
  readonly #deps: UpkeepDeps;

  constructor(deps: UpkeepDeps) {
    this.#deps = deps;
  }

  /** @returns how many events of the last days' orders were not counted, and now are */
  async countOrders(signal: AbortSignal): Promise<{ orders: number; missing: number }> {
    const { store, rollups, ordersBetween, now } = this.#deps;
    const until = new Date(now().getTime() - SETTLED_MS);
    const found = { orders: 0, missing: 0 };
    for await (const orders of ordersBetween(new Date(until.getTime() - LOOKED_BACK_MS), until)) {
      if (signal.aborted) break;
      found.orders += orders.length;
      const events = orders.flatMap((order) => [
        ...eventsOfOrder(order, 'placed'),
        ...(order.state === 'cancelled' ? eventsOfOrder(order, 'cancelled') : []),
      ]);
      found.missing += (await store.append(events)).added;
    }
    await rollups.roll(signal);
    return found;
  }

  /** Counts anew what is trending, of each store. */
  async rebuildTrends(signal: AbortSignal, walk: Walk): Promise<{ stores: number }> {
    const { store, rollups } = this.#deps;
    let stores = 0;
    for await (const merchantId of store.stores(walk.after)) {
      if (signal.aborted) break;
      await rollups.rebuildTrends(merchantId);
      await walk.passed(merchantId);
      stores += 1;
    }
    return { stores };
  }

  /** @returns how many rows of yesterday and the day before said something else than the events, and no longer do */
  async repairRollups(signal: AbortSignal, walk: Walk): Promise<{ stores: number; drifted: number }> {
    const { store, rollups, now } = this.#deps;
    const today = localDay(now(), 'UTC');
    const found = { stores: 0, drifted: 0 };
    for await (const merchantId of store.stores(walk.after)) {
      if (signal.aborted) break;
      const range = { merchantId, from: addDays(today, -2), until: today };
      const drift = await rollups.findDrift(range);
      if (drift.length > 0) await rollups.rebuild(range);
      await walk.passed(merchantId);
      found.stores += 1;
      found.drifted += drift.length;
    }
    return found;
  }
}
