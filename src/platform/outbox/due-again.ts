import { MINUTE_MS } from '../../shared/time.ts';
import type { ScopedModel } from '../database/collection.ts';
import { asSystem } from '../database/scoped.ts';
import type { OutboxRow } from './event.store.ts';

const PAGE = 1_000;

/** Longer than any lease or pause. */
const FAR_MS = 15 * MINUTE_MS;

const access = asSystem('outbox relay');

/** Has the events that were done between two moments carried out once more. @returns how many those are */
export async function reopenDone(events: ScopedModel<OutboxRow>, since: Date, until: Date): Promise<number> {
  let count = 0;
  for (;;) {
    const done = { doneAt: { $gte: since, $lte: until } };
    const next = events.find(done, { _id: 1 }, access).sort({ doneAt: 1 }).limit(PAGE);
    const ids = (await next.lean<Pick<OutboxRow, '_id'>[]>()).map(({ _id }) => _id);
    if (ids.length === 0) return count;
    const again = { state: 'pending', doneAt: null, dueAt: until } as const;
    const { modifiedCount } = await events.updateMany({ _id: { $in: ids }, ...done }, { $set: again }, access);
    count += modifiedCount;
  }
}

/**
 * Makes due what is not to be due for so long that only a process whose clock was ahead can have written it. By a clock that
 * is behind it is done too early, which is no worse than a lease that has run out.
 * @returns how many events that were
 */
export async function bringForward(events: ScopedModel<OutboxRow>, now: Date): Promise<number> {
  const farAhead = { state: 'pending', dueAt: { $gt: new Date(now.getTime() + FAR_MS) } } as const;
  const { modifiedCount } = await events.updateMany(farAhead, { $set: { dueAt: now } }, access);
  return modifiedCount;
}
