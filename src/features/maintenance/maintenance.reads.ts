import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import { TASK_TIMES } from './maintenance.jobs.ts';
import type { MaintenanceRun } from './maintenance.model.ts';
import type { MaintenanceView } from './maintenance.schema.ts';

/** Reads of what the last runs have found. */
export class MaintenanceReads {
  readonly #runs: ScopedModel<MaintenanceRun>;

  constructor(runs: ScopedModel<MaintenanceRun>) {
    this.#runs = runs;
  }

  /** Every task, also one that has never run. */
  async findAll(access: Access): Promise<MaintenanceView> {
    const names = Object.keys(TASK_TIMES);
    const rows = await this.#runs
      .find({ _id: { $in: names } }, null, access)
      .limit(names.length)
      .lean<MaintenanceRun[]>();
    const runs = new Map(rows.map((row) => [row._id, row]));
    const data = Object.entries(TASK_TIMES).map(([task, cron]) => ({ task, cron, lastRun: shown(runs.get(task)) }));
    return { data };
  }
}

function shown(run: MaintenanceRun | undefined): MaintenanceView['data'][number]['lastRun'] {
  if (run === undefined) return null;
  const { startedAt, durationMs, result, findings } = run;
  return { startedAt: startedAt.toISOString(), durationMs, result, findings };
}
