import { z } from 'zod';
import type { Event } from '../../platform/outbox/event.ts';
import type { Subscription, Subscriptions } from '../../platform/outbox/subscription.ts';
import { requestJob, type JobContract } from '../../platform/queue/job.ts';
import { Id } from '../../shared/ids.ts';
import type { AuditContent, ChainOwner } from './audit.model.ts';

const EntryRef = z.strictObject({ entryId: Id, merchantId: Id.nullable() });

export const chainEntry: JobContract<typeof EntryRef> = {
  queue: 'audit',
  name: 'audit.chain',
  payload: EntryRef,
  idOf: ({ entryId }) => `audit.chain-${Id.encode(entryId)}`,
};

/** An entry was written, to the log of a store or, without one, of the platform. */
export type AuditRecorded = Event<'audit.recorded', { readonly merchantId: ChainOwner }>;

export const auditRecorded = ({ _id, merchantId }: Pick<AuditContent, '_id' | 'merchantId'>): AuditRecorded => ({
  type: 'audit.recorded',
  version: 1,
  aggregateId: _id,
  data: { merchantId },
});

export const auditSubscriptions = {
  'audit.recorded': {
    jobs: ({ aggregateId, data }) => [requestJob(chainEntry, { entryId: aggregateId, merchantId: data.merchantId })],
    tags: () => [],
  } satisfies Subscription<AuditRecorded>,
} satisfies Subscriptions;
