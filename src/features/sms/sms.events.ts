import { z } from 'zod';
import type { Event } from '../../platform/outbox/event.ts';
import type { Subscription, Subscriptions } from '../../platform/outbox/subscription.ts';
import { requestJob, type JobContract } from '../../platform/queue/job.ts';
import { Id } from '../../shared/ids.ts';

const SmsRef = z.strictObject({ smsId: Id });

export const sendSms: JobContract<typeof SmsRef> = {
  queue: 'sms',
  name: 'sms.send',
  payload: SmsRef,
  idOf: ({ smsId }) => `sms.send-${Id.encode(smsId)}`,
};

/** A text message was asked for; the row of that id holds it. */
export type SmsRequested = Event<'sms.requested', Record<string, never>>;

export const smsRequested = (smsId: Id): SmsRequested => ({
  type: 'sms.requested',
  version: 1,
  aggregateId: smsId,
  data: {},
});

export const smsSubscriptions = {
  'sms.requested': {
    jobs: ({ aggregateId }) => [requestJob(sendSms, { smsId: aggregateId })],
    tags: () => [],
  },
} satisfies Record<SmsRequested['type'], Subscription<SmsRequested>> & Subscriptions;
