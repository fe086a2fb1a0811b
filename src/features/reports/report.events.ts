import type { Event } from '../../platform/outbox/event.ts';
import { nothingFollows, type Subscription, type Subscriptions } from '../../platform/outbox/subscription.ts';
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

/** Somebody has stopped a report, or decided on a schedule of reports: of which `aggregateId` is the id. */
export type ReportsManaged = Event<
  'report-schedule.changed' | 'report-schedule.created' | 'report-schedule.removed' | 'report.cancelled',
  { readonly merchantId: Id }
>;

export const reportsManaged = (type: ReportsManaged['type'], merchantId: Id, aggregateId: Id): ReportsManaged => ({
  type,
  version: 1,
  aggregateId,
  data: { merchantId },
});

export const reportSubscriptions = {
  'report.requested': {
    jobs: ({ aggregateId, data: { merchantId } }) => [requestJob(buildReport, { merchantId, reportId: aggregateId })],
    tags: () => [],
  } satisfies Subscription<ReportRequested>,
  'report.cancelled': nothingFollows,
  'report-schedule.created': nothingFollows,
  'report-schedule.changed': nothingFollows,
  'report-schedule.removed': nothingFollows,
} satisfies Subscriptions;
