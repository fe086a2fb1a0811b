import { Schema } from 'mongoose';
import { newId } from '../../shared/ids.ts';
import { DAY_SECONDS, type Now } from '../../shared/time.ts';
import { storedCollection, type ScopedModel } from '../database/collection.ts';
import { afterCommit } from '../database/transaction.ts';
import type { AppendEvent, EventRow, RecordChange } from './event.ts';

/** An event as it lies in the outbox, with how far the relays are with it. */
export interface OutboxRow extends EventRow {
  state: 'done' | 'parked' | 'pending';
  /** When a relay may claim it: at once at first, after its lease or its pause later on. */
  dueAt: Date;
  /** Which batch of which relay it is part of. */
  lease: string | null;
  /** Its jobs are in their queues, and what is left is to tell the cache. */
  enqueued: boolean;
  /** How often it could not be carried out for a reason of its own; a Redis that is away does not count. */
  failures: number;
  /** What was wrong at the last failure. */
  cause: string | null;
  doneAt: Date | null;
}

/** For how long events that are done are kept: for as long what has become of their jobs can be made good. */
export const DONE_KEPT_SECONDS = 7 * DAY_SECONDS;

export const outbox = storedCollection<OutboxRow>({
  name: 'OutboxEvent',
  collection: 'outbox',
  fields: {
    type: { type: String, required: true },
    version: { type: Number, required: true },
    scope: { type: Schema.Types.Mixed, required: true },
    aggregateId: { type: Schema.Types.ObjectId, required: true },
    data: { type: Schema.Types.Mixed, required: true },
    occurredAt: { type: Date, required: true },
    traceparent: { type: String, default: null },
    state: { type: String, enum: ['pending', 'done', 'parked'], default: 'pending' },
    dueAt: { type: Date, required: true },
    lease: { type: String, default: null },
    enqueued: { type: Boolean, default: false },
    failures: { type: Number, default: 0 },
    cause: { type: String, default: null },
    doneAt: { type: Date, default: null },
  },
  // Whoever changes something may say so, of itself; across tenants reads the relay alone.
  scopes: {
    merchant: (scope) => ({ scope }),
    user: (scope) => ({ scope }),
    system: () => ({}),
  },
  indexes: [
    { name: 'due', serves: 'OutboxRelay: claim the next batch', key: { state: 1, dueAt: 1, _id: 1 } },
    {
      name: 'slots',
      serves: 'DueSlots: the slots of schedules that wait, however much else does',
      key: { state: 1, 'data.slot': 1 },
      partialFilterExpression: { type: 'schedule.due' },
    },
    {
      name: 'done',
      serves: 'removal of what was done a week ago',
      key: { doneAt: 1 },
      expireAfterSeconds: DONE_KEPT_SECONDS,
    },
  ],
});

export interface EventAppenderDeps {
  readonly events: ScopedModel<OutboxRow>;
  readonly now: Now;
  /** Told in this process right after the commit, and waited for: to invalidate what it has cached, and to wake its relay. */
  readonly committed: (event: EventRow) => unknown;
  /** Keeps account of changes. Without it none is kept. */
  readonly record?: RecordChange;
}

export function eventAppender({ events, now, committed, record }: EventAppenderDeps): AppendEvent {
  return async (context, event, access, change) => {
    const { scope, traceparent = null } = context;
    const recorded = change && record ? [await record(context, event, change, access)] : [];
    const occurredAt = now();
    const rows = [event, ...recorded].map((each): EventRow => ({
      ...each,
      _id: newId(),
      scope,
      occurredAt,
      traceparent,
    }));
    const inserts = rows.map((row) => ({ insertOne: { document: { ...row, dueAt: occurredAt } as OutboxRow } }));
    const withScope = { ...access, scope };
    await events.bulkWrite(inserts, withScope);
    afterCommit(access, () => Promise.all(rows.map((row) => Promise.resolve(committed(row)))));
  };
}
