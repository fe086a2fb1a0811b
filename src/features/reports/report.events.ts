import type { Event } from '../../platform/outbox/event.ts';
import type { Subscription, Subscriptions } from '../../platform/outbox/subscription.ts';
import { requestJob } from '../../platform/queue/job.ts';
import type { Id } from '../../shared/ids.ts';
import { buildReport } from './report.jobs.ts';

export type ReportRequested = Event<'report.requested', { readonly merchantId: Id }>;

export const reportRequested = (merchantId: Id, reportId: Id): ReportRequested => ({
  type: 'report.requested',
  version: 1,
  aggregateId: reportId,
  data: { merchantId },
});

export const reportSubscriptions = {
  'report.requested': {
    jobs: ({ aggregateId, data: { merchantId } }) => [requestJob(buildReport, { merchantId, reportId: aggregateId })],
    tags: () => [],
  } satisfies Subscription<ReportRequested>,
} satisfies Subscriptions;
