import { z } from 'zod';
import type { JobContract } from '../../platform/queue/job.ts';
import { Id } from '../../shared/ids.ts';
import { MINUTE_MS } from '../../shared/time.ts';

const ReportRef = z.strictObject({ merchantId: Id, reportId: Id });
export type ReportRef = z.output<typeof ReportRef>;

/** How often a report is tried. */
export const MAX_ATTEMPTS = 3;

export const buildReport: JobContract<typeof ReportRef> = {
  queue: 'reports',
  name: 'report.build',
  payload: ReportRef,
  attempts: MAX_ATTEMPTS,
  timeoutMs: 10 * MINUTE_MS,
  idOf: ({ reportId }) => `report.build-${Id.encode(reportId)}`,
};

const Nothing = z.strictObject({});

/** Now and then: asks for the scheduled reports that are due, and removes files that were kept for long enough. */
export const sweepReports: JobContract<typeof Nothing> = {
  queue: 'reports',
  name: 'report.sweep',
  payload: Nothing,
  timeoutMs: 2 * MINUTE_MS,
  idOf: () => 'report.sweep',
};
