import type { DeadLetterStore } from './dead-letter.store.ts';
import type { JobFate } from './job-fate.ts';
import type { ScheduleReport, ScheduleRunner } from './schedule.runner.ts';
import { slotJobId, type Schedule } from './schedule.ts';

/** What came of a slot. `unknown` while Redis does not answer. */
export type Outcome = JobFate | { readonly state: 'unknown' };

export interface ScheduleStanding extends ScheduleReport {
  /** Null when it has not run yet. */
  readonly outcome: Outcome | null;
}

export interface ScheduleDeskDeps {
  readonly runner: Pick<ScheduleRunner, 'list'>;
  readonly schedules: readonly Schedule[];
  readonly queues: { fateOf(queue: string, jobId: string): Promise<JobFate | undefined> };
  readonly deadLetters: Pick<DeadLetterStore, 'findOpenOf'>;
}

interface LastJob {
  readonly queue: string;
  readonly jobId: string;
}

/** How the schedules are: when each ran, and what came of it. */
export class ScheduleDesk {
  readonly #deps: ScheduleDeskDeps;
  readonly #byName: ReadonlyMap<string, Schedule>;

  constructor(deps: ScheduleDeskDeps) {
    this.#deps = deps;
    this.#byName = new Map(deps.schedules.map((schedule) => [schedule.name, schedule]));
  }

  async list(): Promise<readonly ScheduleStanding[]> {
    const { runner, deadLetters } = this.#deps;
    const reports = await runner.list();
    const jobs = reports.map((report) => this.#lastJobOf(report));
    const failures = await deadLetters.findOpenOf(jobs.filter((job) => job !== undefined));
    return Promise.all(
      reports.map(async (report, index) => {
        const job = jobs[index];
        if (job === undefined) return { ...report, outcome: null };
        const failure = failures.find(({ queue, jobId }) => queue === job.queue && jobId === job.jobId);
        const outcome = failure
          ? ({ state: 'failed', reason: failure.reason, finishedAt: failure.failedAt } as const)
          : await this.#outcomeOf(job);
        return { ...report, outcome };
      }),
    );
  }

  #lastJobOf({ name, lastSlot }: ScheduleReport): LastJob | undefined {
    const schedule = this.#byName.get(name);
    if (schedule === undefined || lastSlot === null) return undefined;
    return { queue: schedule.request(lastSlot).contract.queue, jobId: slotJobId(name, lastSlot) };
  }

  /** A job that left no trace was done: one that fails for good is a dead letter for longer than any is kept in its queue. */
  async #outcomeOf({ queue, jobId }: LastJob): Promise<Outcome> {
    try {
      return (await this.#deps.queues.fateOf(queue, jobId)) ?? { state: 'done' };
    } catch {
      return { state: 'unknown' };
    }
  }
}
