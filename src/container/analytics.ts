import { rollups, rollupState, trackedEvents, trends } from '../features/analytics/analytics.model.ts';
import { EventStore } from '../features/analytics/event.store.ts';
import { Rollups } from '../features/analytics/rollups.ts';
import { TrafficReads } from '../features/analytics/traffic.reads.ts';
import { TrafficService } from '../features/analytics/traffic.service.ts';
import type { catalogParts } from './catalog.ts';
import type { merchantParts } from './merchants.ts';
import type { Parts } from './parts.ts';
import type { Platform } from './platform.ts';

type Needed = Pick<ReturnType<typeof merchantParts>, 'merchantReads'> &
  Pick<ReturnType<typeof catalogParts>, 'productReads'>;

/** What happens, counted. */
export function analyticsParts(parts: Parts, { database, transact, now }: Platform, needed: Needed) {
  const { merchantReads, productReads } = needed;
  const primary = () => database().primary;
  return {
    eventStore: parts.part(() => {
      const merchants = merchantReads();
      return new EventStore({
        events: trackedEvents.on(primary()),
        state: rollupState.on(primary()),
        transact: transact(),
        findTimeZones: (ids) => merchants.findTimeZones(ids),
      });
    }),
    rollups: parts.part(
      () =>
        new Rollups({
          events: trackedEvents.on(primary()),
          connectLong: async () => trackedEvents.on(await database().analytics()),
          rollups: rollups.on(primary()),
          trends: trends.on(primary()),
          state: rollupState.on(primary()),
          now,
        }),
    ),
    traffic: parts.part(
      () =>
        new TrafficService({
          reads: new TrafficReads(rollups.on(primary()), trends.on(primary())),
          products: productReads(),
          stores: merchantReads(),
          now,
        }),
    ),
  };
}
