import { DelayedError, type Job } from 'bullmq';

/** A job under way, or one that has just ended. */
export interface RunningJob {
  readonly queue: string;
  readonly name: string;
  readonly id: string | undefined;
}

/** What is put off was not tried, or could not be by no fault of the job. */
export type Outcome = 'done' | 'failed' | 'put-off';

/** Told of each attempt at a job. */
export type OnAttempt = (job: RunningJob, outcome: Outcome, seconds: number) => void;

const SECONDS = 60;

/** What one worker has under way, and how much it has done of late. */
export class RunningJobs {
  readonly #queue: string;
  readonly #onAttempt: OnAttempt;
  readonly #active = new Set<RunningJob>();
  readonly #doneIn = Array.from({ length: SECONDS }, () => ({ second: -Infinity, count: 0 }));
  #lastEnded: RunningJob | undefined;

  constructor(queue: string, onAttempt: OnAttempt) {
    this.#queue = queue;
    this.#onAttempt = onAttempt;
  }

  get active(): number {
    return this.#active.size;
  }

  /** Those under way and the one that ended last: one of them it was that held up the process. */
  mayHaveHeldUp(): readonly RunningJob[] {
    return this.#lastEnded === undefined ? [...this.#active] : [...this.#active, this.#lastEnded];
  }

  doneLastMinute(): number {
    const now = Math.floor(performance.now() / 1_000);
    return this.#doneIn.reduce((sum, { second, count }) => (now - second < SECONDS ? sum + count : sum), 0);
  }

  async track(job: Pick<Job, 'id' | 'name'>, work: () => Promise<void>): Promise<void> {
    const running: RunningJob = { queue: this.#queue, name: job.name, id: job.id };
    const begun = performance.now();
    this.#active.add(running);
    let outcome: Outcome = 'failed';
    try {
      await work();
      outcome = 'done';
      this.#countDone();
    } catch (error) {
      if (error instanceof DelayedError) outcome = 'put-off';
      throw error;
    } finally {
      this.#active.delete(running);
      this.#lastEnded = running;
      this.#onAttempt(running, outcome, (performance.now() - begun) / 1_000);
    }
  }

  #countDone(): void {
    const second = Math.floor(performance.now() / 1_000);
    const place = this.#doneIn[second % SECONDS];
    if (place === undefined) return;
    place.count = place.second === second ? place.count + 1 : 1;
    place.second = second;
  }
}
