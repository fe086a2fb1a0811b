import type { FileStore } from '../../platform/files/file-store.ts';
import { jobHandler, type JobHandler } from '../../platform/queue/job.ts';
import { Attempts } from '../../shared/attempts.ts';
import { DAY_MS, MINUTE_MS, type Now } from '../../shared/time.ts';
import type { ReportBuilder } from './build-report.ts';
import { buildReport, sweepReports } from './report.jobs.ts';
import { fileOf } from './report.presenter.ts';
import type { ReportReads } from './report.reads.ts';
import type { ReportStore } from './report.store.ts';
import type { ScheduleService } from './schedule.service.ts';

export interface ReportJobDeps {
  readonly builder: Pick<ReportBuilder, 'build' | 'tidy'>;
  readonly schedules: Pick<ScheduleService, 'requestDue'>;
  readonly store: Pick<ReportStore, 'expire' | 'failAbandoned'>;
  readonly reads: Pick<ReportReads, 'findExpired'>;
  readonly files: Pick<FileStore, 'remove' | 'tidy'>;
  readonly now: Now;
}

/** Far longer than another worker takes to take over what a killed one has left. */
const ABANDONED_MS = 60 * MINUTE_MS;
const BATCH = 100;

/** For the `reports` worker. */
export const reportJobs = (deps: ReportJobDeps): readonly JobHandler[] => [
  jobHandler({
    contract: buildReport,
    handle: (ref, signal, stopping) => deps.builder.build(ref, signal, stopping),
  }),
  jobHandler({
    contract: sweepReports,
    async handle(_nothing, signal) {
      const { builder, schedules, store, files, now } = deps;
      const at = now();
      const yesterday = new Date(at.getTime() - DAY_MS);
      const attempts = new Attempts();
      await attempts.make(() => schedules.requestDue(signal));
      await attempts.make(() => store.failAbandoned(new Date(at.getTime() - ABANDONED_MS), at));
      await attempts.make(() => removeExpired(deps, signal));
      await attempts.make(() => files.tidy(yesterday));
      await attempts.make(() => builder.tidy(yesterday));
      attempts.demandNoFailure('clearing up after reports');
    },
  }),
];

/** First the file, then the state: one that is named as expired and lies about would never be removed. */
async function removeExpired({ store, reads, files, now }: ReportJobDeps, signal: AbortSignal): Promise<void> {
  const attempts = new Attempts();
  let expired = await reads.findExpired(now(), BATCH);
  while (expired.length > 0) {
    for (const report of expired) {
      signal.throwIfAborted();
      await attempts.make(async () => {
        await files.remove(fileOf(report));
        await store.expire(report._id);
      });
    }
    // What could not be removed would be found again, for ever.
    attempts.demandNoFailure('files of reports');
    expired = await reads.findExpired(now(), BATCH);
  }
}
