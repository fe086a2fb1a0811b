import type { FileStore } from '../../platform/files/file-store.ts';
import { jobHandler, type JobHandler } from '../../platform/queue/job.ts';
import { Attempts } from '../../shared/attempts.ts';
import type { Id } from '../../shared/ids.ts';
import { DAY_MS, MINUTE_MS, type Now } from '../../shared/time.ts';
import type { ReportBuilder } from './build-report.ts';
import { buildReport, sweepReports } from './report.jobs.ts';
import { fileOf } from './report.presenter.ts';
import type { ReportReads, ReportWithFile } from './report.reads.ts';
import type { ReportStore } from './report.store.ts';
import type { ScheduleService } from './schedule.service.ts';

export interface ReportJobDeps {
  readonly builder: Pick<ReportBuilder, 'build' | 'tidy'>;
  readonly schedules: Pick<ScheduleService, 'requestDue'>;
  readonly store: Pick<ReportStore, 'clear' | 'expire' | 'failAbandoned' | 'failForgotten'>;
  readonly reads: Pick<ReportReads, 'findExpired' | 'findUncleared'>;
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
      await attempts.make(() => store.failForgotten(yesterday, at));
      await attempts.make(() => removeFiles(files, expired(deps), signal));
      await attempts.make(() => removeFiles(files, vain(deps), signal));
      await attempts.make(() => files.tidy(yesterday));
      await attempts.make(() => builder.tidy(yesterday));
      attempts.demandNoFailure('clearing up after reports');
    },
  }),
];

interface Clearing {
  /** Some of those whose file is to go; none that is marked. */
  readonly find: () => Promise<readonly ReportWithFile[]>;
  readonly mark: (_id: Id) => Promise<void>;
}

/** First the file, then the mark: what is marked and lies about would never be removed. */
async function removeFiles(files: Pick<FileStore, 'remove'>, { find, mark }: Clearing, signal: AbortSignal) {
  const attempts = new Attempts();
  for (let found = await find(); found.length > 0; found = await find()) {
    for (const report of found) {
      signal.throwIfAborted();
      await attempts.make(async () => {
        await files.remove(fileOf(report));
        await mark(report._id);
      });
    }
    // What could not be removed would be found again, for ever.
    attempts.demandNoFailure('files of reports');
  }
}

const expired = ({ store, reads, now }: ReportJobDeps): Clearing => ({
  find: () => reads.findExpired(now(), BATCH),
  mark: (_id) => store.expire(_id),
});

/** By then nobody puts a file there any more: neither who has not heard that it is over, nor who was killed before he said so. */
const vain = ({ store, reads, now }: ReportJobDeps): Clearing => ({
  find: () => reads.findUncleared(new Date(now().getTime() - ABANDONED_MS), BATCH),
  mark: (_id) => store.clear(_id, now()),
});
