import { UnrecoverableError, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { InFlight } from '../../shared/in-flight.ts';
import { DAY_MS, SECOND_MS } from '../../shared/time.ts';
import { delay } from './bull.ts';
import { Turns } from './turns.ts';

/**
 * How often a job may be left behind before BullMQ fails it unasked: for one that kills its worker before it ever gets
 * here. A neighbour must survive all that were in the same process with it.
 */
export const MAX_STALLS = 20;

/** A mark outlives any job, and the time until there is a worker again. */
const MARK_MS = DAY_MS;

/** A suspect holds a place of its worker while it waits: not for long, so that the others are not held up by it. */
const PATIENCE_MS = SECOND_MS;
const AGAIN_MS = 5 * SECOND_MS;

export interface QuarantineDeps {
  readonly redis: Redis;
  readonly prefix: string;
}

/**
 * Tells the job that kills its worker from those that were under way beside it. Whatever a dead worker has left behind
 * (BullMQ: has stalled) is a suspect. Suspects run one at a time in a process, beside jobs that are none; and each has
 * a mark in Redis from before it begins until after its end. One that is left behind again with its mark was the only
 * suspect there: it fails for good. One without a mark was a neighbour once more, and waits for its turn.
 *
 * There is one turn for all queues of a process: of two suspects side by side neither is proven when it dies, so that a long
 * one holds up the short ones of other queues until it has ended, or another worker takes them.
 *
 * The mark goes with every end that the worker lives to see: done, failed, put off, or given up by a worker that stops. Three
 * things look as if the suspect had killed its worker: one that is killed from outside amid a suspect; a kill in the instant
 * between the mark and the beginning; and a Redis that is away for longer than the locks live, at whose return another
 * process takes over what this one still does. Then the dead letter is harmless to replay. The third makes suspects of all
 * jobs under way, without any death; and once a suspect a job remains one, since BullMQ never sets its count of stalls back.
 */
export class Quarantine {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #turns = new Turns();
  /** With those that wait for their turn. */
  readonly #underWay = new InFlight<Job>();
  #marked: string | undefined;

  constructor({ redis, prefix }: QuarantineDeps) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /**
   * Has `work` done at once for a job that is no suspect, in its turn for one that is.
   * @throws UnrecoverableError for one that has killed two workers, DelayedError for one whose turn does not come soon, or that
   * this process does already
   */
  async attempt(job: Job<unknown>, token: string | undefined, work: () => Promise<void>): Promise<void> {
    // Nothing has killed it, then, suspect or not: only its lock has run out.
    if (this.#underWay.some((each) => isSame(each, job))) {
      return delay(job, AGAIN_MS, 'It is still under way here', token);
    }
    this.#underWay.add(job);
    try {
      await (job.stalledCounter === 0 ? work() : this.#inTurn(job, token, work));
    } finally {
      this.#underWay.delete(job);
    }
  }

  async #inTurn(job: Job<unknown>, token: string | undefined, work: () => Promise<void>): Promise<void> {
    const mark = `${this.#prefix}:suspects:${job.queueName}:${job.id ?? ''}`;
    // Taken away as it is read: it tells of this stall, and of none later on.
    const wasAlone = (await this.#redis.del(mark)) > 0;
    if (wasAlone && job.stalledCounter > 1) {
      throw new UnrecoverableError('The job stalled again while it was the only suspect: its workers died of it');
    }
    if (!(await this.#turns.take(PATIENCE_MS))) return delay(job, AGAIN_MS, 'Another suspect runs', token);
    try {
      await this.#marking(mark, work);
    } finally {
      this.#turns.pass();
    }
  }

  /** The process ends, and not by its suspect. To be called with a connection that does not wait for Redis. */
  async acquit(redis: Redis): Promise<void> {
    if (this.#marked !== undefined) await redis.del(this.#marked);
  }

  async #marking(mark: string, work: () => Promise<void>): Promise<void> {
    this.#marked = mark;
    try {
      await this.#redis.set(mark, '1', 'PX', MARK_MS);
      await work();
    } finally {
      this.#marked = undefined;
      await this.#redis.del(mark);
    }
  }
}

const isSame = (one: Job, other: Job): boolean => one.id === other.id && one.queueName === other.queueName;
