import { expect, test } from '@jest/globals';
import { eventually } from '../../../tests/environment/index.ts';
import { newId } from '../../shared/ids.ts';
import { EnqueueRefused } from './admission.ts';
import { AnalyticsBuffer, type AnalyticsBufferLimits } from './analytics-buffer.ts';
import type { EncodedEvent } from './analytics.jobs.ts';
import type { JobRequest } from './job.ts';

const event = () => ({ id: newId(), type: 'product.viewed', merchantId: newId(), occurredAt: new Date() });

/** What arrives in the queue; `fail` has it refuse. */
function queueOf(limits: AnalyticsBufferLimits) {
  const jobs: JobRequest[] = [];
  const state: { fail: Error | undefined } = { fail: undefined };
  const enqueue = (requests: readonly JobRequest[]) => {
    if (state.fail !== undefined) return Promise.reject(state.fail);
    jobs.push(...requests);
    return Promise.resolve();
  };
  const sizes = () => jobs.map(({ payload }) => (payload as { events: EncodedEvent[] }).events.length);
  return { buffer: new AnalyticsBuffer({ enqueue }, { everyMs: 600_000, ...limits }), jobs, sizes, state };
}

test('events are enqueued by the batch, and the rest when the buffer is closed', async () => {
  const { buffer, jobs, sizes } = queueOf({ batch: 3 });
  for (let each = 0; each < 7; each += 1) buffer.track(event());
  await buffer.close();
  expect(sizes()).toEqual([3, 3, 1]);
  expect(new Set(jobs.map(({ id }) => id)).size).toBe(3);
  expect(buffer.dropped).toBe(0);
});

test('an event that is alone is enqueued when it has waited', async () => {
  const { buffer, sizes } = queueOf({ everyMs: 1 });
  buffer.track(event());
  await eventually(() => sizes().length > 0);
  expect(sizes()).toEqual([1]);
  await buffer.close();
});

test('while the queue is away events wait up to the bound; those beyond are dropped and counted', async () => {
  const { buffer, sizes, state } = queueOf({ batch: 2, maxWaiting: 4 });
  state.fail = new Error('away');
  for (let each = 0; each < 7; each += 1) {
    buffer.track(event());
    await buffer.flush();
  }
  expect(buffer.dropped).toBe(3);
  state.fail = undefined;
  await buffer.close();
  expect(sizes()).toEqual([2, 2]);
});

test('events that came in after a batch whose answer was lost are not lost with it', async () => {
  const queued = new Map<string, readonly EncodedEvent[]>();
  let losesAnswers = true;
  const enqueue = ([request]: readonly JobRequest[]) => {
    const { id = '', payload } = request ?? {};
    // As BullMQ does: what is there by its id is not added again.
    if (!queued.has(id)) queued.set(id, (payload as { events: EncodedEvent[] }).events);
    return losesAnswers ? Promise.reject(new Error('Command timed out')) : Promise.resolve();
  };
  const buffer = new AnalyticsBuffer({ enqueue }, { batch: 5, everyMs: 600_000 });
  const events = Array.from({ length: 12 }, event);
  const track = (from: number, until: number) => {
    for (const each of events.slice(from, until)) buffer.track(each);
    return buffer.flush();
  };
  await track(0, 2);
  await track(2, 4);
  losesAnswers = false;
  await track(4, 12);
  const found = new Set([...queued.values()].flatMap((batch) => batch.map(({ id }) => id)));
  expect([...found]).toEqual(events.map(({ id }) => id.toHexString()));
  expect(buffer.dropped).toBe(0);
  await buffer.close();
});

test('events that the queue has no room for are dropped and counted, and so is what is no event', async () => {
  const { buffer, sizes, state } = queueOf({ batch: 2 });
  state.fail = new EnqueueRefused();
  buffer.track(event());
  buffer.track(event());
  await buffer.flush();
  expect(buffer.dropped).toBe(2);
  expect(buffer.track({ ...event(), value: NaN })).toBe(false);
  expect(buffer.dropped).toBe(3);
  state.fail = undefined;
  await buffer.close();
  expect(sizes()).toEqual([]);
});
