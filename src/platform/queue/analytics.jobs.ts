import { z } from 'zod';
import { Id } from '../../shared/ids.ts';
import type { JobContract } from './job.ts';
import type { AnalyticsEvent } from './outlets.ts';

const Moment = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

const TrackedEvent = z.strictObject({
  id: Id,
  type: z.string().min(1).max(100),
  merchantId: Id,
  subjectId: Id.optional(),
  actorId: Id.optional(),
  value: z.number().optional(),
  occurredAt: Moment,
});

const TrackedEvents = z.strictObject({ events: z.array(TrackedEvent).min(1) });

/** An event as it travels. */
export type EncodedEvent = z.input<typeof TrackedEvent>;

/** A batch of events as `trackAnalytics` has gathered them. Whoever handles it counts an event once by its id. */
export const ingestAnalytics: JobContract<typeof TrackedEvents> = {
  queue: 'analytics',
  name: 'analytics.ingest',
  payload: TrackedEvents,
  idOf: ({ events }) => batchId(events.map(({ id }) => Id.encode(id))),
};

/**
 * The id of a job with these events, of which the order does not change. By its first alone one with more behind it would
 * be taken for the same, and not be added: when the batch grows after an answer of Redis that came too late.
 */
export function batchId(ids: readonly string[]): string {
  return [ingestAnalytics.name, ids[0], ids.at(-1)].join('-');
}

/** An event in the form that travels, or undefined when it does not fit the contract. */
export function encodeTracked(event: AnalyticsEvent): EncodedEvent | undefined {
  const encoded = z.safeEncode(TrackedEvent, event);
  return encoded.success ? encoded.data : undefined;
}
