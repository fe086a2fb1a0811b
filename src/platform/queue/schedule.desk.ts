import type { DeadLetterStore } from './dead-letter.store.ts';
import type { DueSlots } from './due-slots.ts';
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
  readonly dueSlots: Pick<DueSlots, 'findUnrelayed'>;
}

interface LastJob {
  readonly name: string;
  readonly slot: Date;
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
    const { runner, deadLetters, dueSlots } = this.#deps;
    const reports = await runner.list();
    const lastJobs = reports.map((report) => this.#lastJobOf(report));
    const jobs = lastJobs.filter((job) => job !== undefined);
    // Before the queues, or a job that reaches its queue meanwhile would be nowhere.
    const [unrelayed, failures] = await Promise.all([dueSlots.findUnrelayed(jobs), deadLetters.findOpenOf(jobs)]);
    const outcomeOf = async (job: LastJob): Promise<Outcome> => {
      const failure = failures.find(({ queue, jobId }) => queue === job.queue && jobId === job.jobId);
      if (failure !== undefined) return { state: 'failed', reason: failure.reason, finishedAt: failure.failedAt };
      const waiting = unrelayed.find(({ name, slot }) => slotJobId(name, slot) === job.jobId);
      return waiting?.fate ?? this.#fateOf(job);
    };
    return Promise.all(
      reports.map(async (report, index) => {
        const job = lastJobs[index];
        return { ...report, outcome: job === undefined ? null : await outcomeOf(job) };
      }),
    );
  }

  #lastJobOf({ name, lastSlot }: ScheduleReport): LastJob | undefined {
    const schedule = this.#byName.get(name);
    if (schedule === undefined || lastSlot === null) return undefined;
    const { queue } = schedule.request(lastSlot).contract;
    return { name, slot: lastSlot, queue, jobId: slotJobId(name, lastSlot) };
  }

  /**
   * A job that reached its queue and left no trace there was done: one that fails for good is a dead letter for longer than
   * any is kept in its queue.
   */
  async #fateOf({ queue, jobId }: LastJob): Promise<Outcome> {
    try {
      return (await this.#deps.queues.fateOf(queue, jobId)) ?? { state: 'done' };
    } catch {
      return { state: 'unknown' };
    }
  }
}
