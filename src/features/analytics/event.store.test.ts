import { expect, test } from '@jest/globals';
import type { AnalyticsEvent } from '../../platform/queue/outlets.ts';
import { Id, newId } from '../../shared/ids.ts';
import { EventStore, type EventStoreDeps } from './event.store.ts';

test('an event is kept though its store falls out of memory for another of the same batch', async () => {
  let kept: readonly Id[] = [];
  const none = { limit: () => ({ lean: () => Promise.resolve([]) }) };
  const deps = {
    events: {
      find: () => none,
      bulkWrite: (inserts: readonly { insertOne: { document: { _id: Id } } }[]) => {
        kept = inserts.map(({ insertOne }) => insertOne.document._id);
        return Promise.resolve();
      },
    },
    state: { findOneAndUpdate: () => ({ lean: () => Promise.resolve({ batch: 1, through: 0 }) }) },
    transact: (_context: unknown, work: (access: object) => Promise<unknown>) => work({}),
    findTimeZones: (ids: readonly Id[]) => Promise.resolve(new Map(ids.map((id) => [Id.encode(id), 'UTC']))),
  };
  const store = new EventStore(deps as unknown as EventStoreDeps);
  const viewed = (merchantId: Id): AnalyticsEvent => ({
    ...{ id: newId(), type: 'product.viewed', merchantId, subjectId: newId() },
    occurredAt: new Date('2026-03-02T10:00:00Z'),
  });
  const first = newId();
  await store.append([viewed(first)]);
  // As many as are remembered.
  await store.append(Array.from({ length: 9_999 }, () => viewed(newId())));
  const batch = [viewed(first), viewed(newId())];
  await store.append(batch);
  expect(kept).toEqual(batch.map(({ id }) => id));
});
