import type { Job } from 'bullmq';
import { MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import type { TransactionAccess } from '../database/transaction.ts';
import type { Logger } from '../observability/logger.ts';
import { redactText } from '../observability/redact.ts';
import type { AlertDue, DeadLetterStore } from './dead-letter.store.ts';

/** Takes an alert upon the caller, as part of a transaction if one is given. @returns whether nobody else has */
export type ClaimAlert = (within?: TransactionAccess) => Promise<boolean>;

/** Told of each job that failed for good, by anybody and again until the alert is claimed. */
export interface DeadLetterAlert {
  raise(letter: AlertDue, claim: ClaimAlert): Promise<void>;
}

export type FailedJob = Pick<
  Job<unknown>,
  'attemptsMade' | 'data' | 'failedReason' | 'finishedOn' | 'id' | 'name' | 'stacktrace'
>;

export interface DeadLetterCollectorDeps {
  readonly store: Pick<DeadLetterStore, 'claimAlert' | 'findAlertDue' | 'note'>;
  /** The failed jobs of a queue since a moment, in milliseconds since 1970, the oldest first. */
  readonly failedSince: (queue: string, since: number, limit: number) => Promise<readonly FailedJob[]>;
  readonly alert: DeadLetterAlert;
  readonly logger: Pick<Logger, 'error' | 'warn'>;
}

const SWEEP_MS = 30 * SECOND_MS;
const PAGE = 200;
/** A failure is noted in Redis by the clock of the worker that it happened to. */
const OVERLAP_MS = MINUTE_MS;

const MAX_REASON = 2_000;
const MAX_STACK = 4_000;
const STACKS = 3;

/**
 * Keeps what failed for good where it lasts. It is told by the worker, and looks through the failed jobs now and then
 * as well: a worker that dies between failure and note tells nobody.
 */
export class DeadLetterCollector {
  readonly #deps: DeadLetterCollectorDeps;
  readonly #queues: readonly string[];
  readonly #seenUntil = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;

  constructor(queues: readonly string[], deps: DeadLetterCollectorDeps) {
    this.#queues = queues;
    this.#deps = deps;
  }

  start(everyMs = SWEEP_MS): void {
    this.#timer ??= setInterval(() => void this.#sweepOnce(), everyMs);
    void this.#sweepOnce();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  /** For the worker that a job has failed in. Never rejects: what is not noted now, a sweep will find. */
  async collect(queue: string, job: FailedJob): Promise<void> {
    try {
      await this.#note(queue, job);
    } catch (error) {
      this.#deps.logger.warn({ error, queue, jobId: job.id }, 'a dead letter is noted or told of later');
    }
  }

  /** Looks through what has failed since the last time, and for what was noted by one that did not come to tell of it. */
  async sweep(): Promise<void> {
    for (const queue of this.#queues) await this.#sweepQueue(queue);
    for (const letter of await this.#deps.store.findAlertDue(PAGE)) await this.#alert(letter);
  }

  #sweepOnce(): Promise<void> {
    this.#sweeping ??= this.sweep()
      // Redis or the database is away, which others tell; the next one begins where this one did.
      .catch(() => undefined)
      .finally(() => (this.#sweeping = undefined));
    return this.#sweeping;
  }

  async #sweepQueue(queue: string): Promise<void> {
    const begunAt = Date.now();
    let since = this.#seenUntil.get(queue) ?? 0;
    for (;;) {
      const jobs = await this.#deps.failedSince(queue, since, PAGE);
      for (const job of jobs) await this.#note(queue, job);
      const last = jobs.at(-1)?.finishedOn;
      if (jobs.length < PAGE || last === undefined) break;
      // A whole page of one millisecond would be read for ever.
      since = last > since ? last : since + 1;
    }
    // Were it the last failure, those of its minute would be noted at each look until there is a later one.
    this.#seenUntil.set(queue, begunAt - OVERLAP_MS);
  }

  async #note(queue: string, job: FailedJob): Promise<void> {
    const { id: jobId, name, data, failedReason, stacktrace, attemptsMade, finishedOn } = job;
    if (jobId === undefined || finishedOn === undefined) return;
    const reason = redactText(failedReason || 'no reason given').slice(0, MAX_REASON);
    const letter = { queue, jobId, name, reason, attempts: attemptsMade, failedAt: new Date(finishedOn) };
    // By its type null, as it is before an attempt has failed by an error.
    const stacks = stacktrace ?? [];
    const last = stacks.slice(-STACKS).map((stack) => redactText(stack).slice(0, MAX_STACK));
    if (!(await this.#deps.store.note({ ...letter, payload: data, stacks: last }))) return;
    this.#deps.logger.error({ alert: 'dead-letter', ...letter }, 'a job failed for good');
    await this.#alert(letter);
  }

  #alert(letter: AlertDue): Promise<void> {
    const { alert, store } = this.#deps;
    return alert.raise(letter, (within) => store.claimAlert(letter, within));
  }
}
