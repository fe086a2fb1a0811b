import type { QueryFilter } from 'mongoose';
import { MINUTE_MS } from '../../shared/time.ts';
import type { ScopedModel } from '../database/collection.ts';
import { asSystem } from '../database/scoped.ts';
import type { OutboxRow } from './event.store.ts';

/** Longer than any lease or pause. */
const FAR_MS = 15 * MINUTE_MS;

const access = asSystem('outbox relay');

/** Makes an event be carried out once more, jobs and all. A relay that has it under way can no longer mark it done. */
const again = (now: Date) =>
  ({ state: 'pending', doneAt: null, enqueued: false, lease: null, dueAt: now }) satisfies Partial<OutboxRow>;

/**
 * What relays have under way may have been enqueued before the loss and be marked done long after: all of it is done again.
 * @param since when the jobs that may be missing were enqueued, at the earliest; the rows were due no earlier
 * @returns how many events that were
 */
export async function takeBackLeased(events: ScopedModel<OutboxRow>, since: Date, now: Date): Promise<number> {
  const leased = { state: 'pending', dueAt: { $gte: since }, lease: { $ne: null } } as const;
  return (await events.updateMany(leased, { $set: again(now) }, access)).modifiedCount;
}

/** Where events lie whose jobs are in their queues, by the moment that they are read by. */
const ENQUEUED = { doneAt: {}, dueAt: { state: 'pending', enqueued: true } } as const;

/** Filters of events that later ones have come in the place of. */
export type OutdatedEvents = readonly QueryFilter<OutboxRow>[];

export interface ReopenPage {
  /** Which of those whose jobs were enqueued: the ones that are done, or the ones that wait for the cache to be told. */
  readonly by: keyof typeof ENQUEUED;
  readonly since: Date;
  /** Where the page before ended; none at first. */
  readonly until: Date | undefined;
  readonly limit: number;
  /** Which of them need not be carried out again. */
  readonly outdated: OutdatedEvents;
}

/**
 * Has the latest of the events whose jobs were enqueued in a span of time carried out once more. From the latest to the
 * earliest, so that it ends: what is done again meanwhile is later than what is left, and no clock sets the upper bound.
 * @returns how many those are, and where the next page begins, if there may be one
 */
export async function reopenPage(
  events: ScopedModel<OutboxRow>,
  { by, since, until, limit, outdated }: ReopenPage,
  now: Date,
): Promise<{ readonly count: number; readonly next: Date | undefined }> {
  const span = {
    ...ENQUEUED[by],
    [by]: { $gte: since, ...(until !== undefined && { $lte: until }) },
    ...(outdated.length > 0 && { $nor: [...outdated] }),
  };
  const latest = events
    .find(span, { _id: 1, [by]: 1 }, access)
    .sort({ [by]: -1 })
    .limit(limit);
  const rows = await latest.lean<Pick<OutboxRow, '_id' | 'doneAt' | 'dueAt'>[]>();
  if (rows.length === 0) return { count: 0, next: undefined };
  const ids = rows.map(({ _id }) => _id);
  const byId = { ...access, hint: { _id: 1 } };
  const { modifiedCount } = await events.updateMany({ _id: { $in: ids }, ...span }, { $set: again(now) }, byId);
  const next = rows.length < limit ? undefined : (rows.at(-1)?.[by] ?? undefined);
  return { count: modifiedCount, next };
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
