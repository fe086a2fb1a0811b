import { AnalyticsUpkeep } from '../features/analytics/upkeep.ts';
import { expiredTask } from '../features/maintenance/expired.task.ts';
import type { MaintenanceDeps } from '../features/maintenance/jobs.ts';
import { maintenanceRuns } from '../features/maintenance/maintenance.model.ts';
import { MaintenanceReads } from '../features/maintenance/maintenance.reads.ts';
import { outboxTask } from '../features/maintenance/outbox.task.ts';
import { walkPlaces } from '../features/maintenance/walk-place.model.ts';
import { WalkPlaceStore } from '../features/maintenance/walk-place.store.ts';
import { memberships } from '../features/merchants/membership.model.ts';
import { merchants } from '../features/merchants/merchant.model.ts';
import { OwnerCounts } from '../features/merchants/owner-counts.ts';
import { overdueOf } from '../platform/database/overdue.ts';
import { asSystem } from '../platform/database/scoped.ts';
import { outbox } from '../platform/outbox/event.store.ts';
import { HOUR_MS } from '../shared/time.ts';
import type { analyticsParts } from './analytics.ts';
import type { auditParts } from './audit.ts';
import { collections } from './collections.ts';
import type { orderParts } from './orders.ts';
import type { Parts } from './parts.ts';
import type { Platform } from './platform.ts';

type Needed = Pick<ReturnType<typeof analyticsParts>, 'eventStore' | 'rollups'> &
  Pick<ReturnType<typeof auditParts>, 'auditRetention'> &
  Pick<ReturnType<typeof orderParts>, 'orderReads'>;

/** The database looks every minute for what has expired; after an hour it has not. */
const GRACE_MS = HOUR_MS;

/** What keeps the house in order. */
export function maintenanceParts(parts: Parts, { database, logger, transact, now }: Platform, needed: Needed) {
  const primary = () => database().primary;
  const tasks = (): MaintenanceDeps['tasks'] => {
    const [orders, retention] = [needed.orderReads(), needed.auditRetention()];
    const upkeep = new AnalyticsUpkeep({
      store: needed.eventStore(),
      rollups: needed.rollups(),
      ordersBetween: (from, until, after) =>
        orders.findPlacedBetween(from, until, asSystem('orders to be counted'), after),
      logger: logger(),
      now,
    });
    return {
      outbox: outboxTask(outbox.on(primary()), now),
      expired: expiredTask(expiring(), now),
      'audit-retention': { run: (signal) => retention.removeOld(signal) },
      'owner-counts': new OwnerCounts({
        merchants: merchants.on(primary()),
        memberships: memberships.on(primary()),
        transact: transact(),
      }),
      'order-counts': { run: (signal, walk) => upkeep.countOrders(signal, walk) },
      'rollup-drift': { run: (signal, walk) => upkeep.repairRollups(signal, walk) },
      trends: { run: (signal, walk) => upkeep.rebuildTrends(signal, walk) },
    };
  };
  const expiring = () => collections.flatMap((stored) => overdueOf(stored, primary(), GRACE_MS));
  return {
    maintenanceReads: parts.part(() => new MaintenanceReads(maintenanceRuns.on(primary()))),
    maintenance: parts.part((): MaintenanceDeps => ({
      tasks: tasks(),
      runs: maintenanceRuns.on(primary()),
      walks: new WalkPlaceStore({ places: walkPlaces.on(primary()), now }),
      logger: logger(),
      now,
    })),
  };
}
