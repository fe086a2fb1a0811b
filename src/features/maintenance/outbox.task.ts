import type { ScopedModel } from '../../platform/database/collection.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import type { OutboxRow } from '../../platform/outbox/event.store.ts';
import { SECOND_MS, type Now } from '../../shared/time.ts';
import type { MaintenanceTask } from './task.ts';

const access = asSystem('state of the outbox');
const MOST = 10_000;

/** Tells of events from which nothing follows until somebody looks, and of how far the relays are behind. */
export const outboxTask = (events: ScopedModel<OutboxRow>, now: Now): MaintenanceTask => ({
  async run() {
    const parked = await events.countDocuments({ state: 'parked' }, { ...access, limit: MOST });
    const oldest = await events
      .findOne({ state: 'pending' }, { dueAt: 1 }, access)
      .sort({ dueAt: 1, _id: 1 })
      .lean<Pick<OutboxRow, 'dueAt'>>();
    const waitedMs = oldest === null ? 0 : Math.max(0, now().getTime() - oldest.dueAt.getTime());
    return { parked, waitedSeconds: Math.round(waitedMs / SECOND_MS) };
  },
});
