import type { Overdue } from '../../platform/database/overdue.ts';
import type { Now } from '../../shared/time.ts';
import type { MaintenanceTask } from './task.ts';

const BATCH = 500;
const BATCHES = 20;

/** Tokens, sessions, letters and the like expire by the database itself; what it has left behind is removed here, and told. */
export const expiredTask = (collections: readonly Overdue[], now: Now): MaintenanceTask => ({
  async run(signal) {
    let overdue = 0;
    for (const each of collections) {
      for (let batch = 0; batch < BATCHES && !signal.aborted; batch += 1) {
        const removed = await each.remove(now(), BATCH);
        overdue += removed;
        if (removed < BATCH) break;
      }
    }
    return { collections: collections.length, overdue };
  },
});
