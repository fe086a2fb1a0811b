import type { ScopedModel } from '../../platform/database/collection.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import type { Logger } from '../../platform/observability/logger.ts';
import { jobHandler, PermanentFailure, PutOff, type JobHandler } from '../../platform/queue/job.ts';
import { cutOffBy } from '../../shared/cut-off.ts';
import { SECOND_MS, type Now } from '../../shared/time.ts';
import type { Findings } from '../../shared/walk.ts';
import { RUN_MS, runTask, type TaskName } from './maintenance.jobs.ts';
import type { MaintenanceRun } from './maintenance.model.ts';
import { ALARMING, type MaintenanceTask } from './task.ts';
import { addUp, type WalkPlaceStore } from './walk-place.store.ts';

export interface MaintenanceDeps {
  readonly tasks: Readonly<Record<TaskName, MaintenanceTask>>;
  readonly runs: ScopedModel<MaintenanceRun>;
  readonly walks: Pick<WalkPlaceStore, 'ended' | 'walkOf'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly now: Now;
  /** How long a run goes on, in milliseconds. */
  readonly runMs?: number;
}

const access = asSystem('maintenance');

/** For the `maintenance` worker. */
export const maintenanceJobs = ({
  tasks,
  runs,
  walks,
  logger,
  now,
  runMs = RUN_MS,
}: MaintenanceDeps): readonly JobHandler[] => [
  jobHandler({
    contract: runTask,
    async handle({ task: name }, signal, stopping) {
      const task = Object.hasOwn(tasks, name) ? tasks[name as TaskName] : undefined;
      if (task === undefined) throw new PermanentFailure(`There is no task ${name}`);
      const startedAt = now();
      const note = async (result: MaintenanceRun['result'], findings: Findings): Promise<void> => {
        const durationMs = now().getTime() - startedAt.getTime();
        const run = { startedAt, durationMs, result, findings };
        await runs.updateOne({ _id: name }, { $set: run }, { ...access, upsert: true });
        const isAlarming = Object.entries(findings).some(([what, count]) => ALARMING.has(what) && count > 0);
        logger[isAlarming ? 'warn' : 'info']({ task: name, durationMs, findings }, `maintenance ${result}`);
      };
      const walk = await walks.walkOf(name);
      const before = walk.found;
      let run: { readonly findings: Findings; readonly isCutOff: boolean };
      try {
        run = await cutOffBy({ signals: [signal, stopping], limitMs: runMs }, async (end) => ({
          findings: await task.run(end, walk),
          isCutOff: end.aborted,
        }));
        if (!run.isCutOff) await walks.ended(name);
      } catch (error) {
        // The queue tells of the failure and tries again; here it is shown beside the schedule.
        await note('failed', walk.found).catch(() => undefined);
        throw error;
      }
      await note('done', addUp(before, run.findings));
      // It has not failed: no attempt is counted, and nobody is told.
      if (run.isCutOff) throw new PutOff('It goes on where it was', SECOND_MS);
    },
  }),
];
