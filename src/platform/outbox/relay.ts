import { randomUUID } from 'node:crypto';
import { codeOf } from '../../shared/errors.ts';
import type { Id } from '../../shared/ids.ts';
import { MINUTE_MS, SECOND_MS, type Now } from '../../shared/time.ts';
import type { ScopedModel } from '../database/collection.ts';
import { asSystem } from '../database/scoped.ts';
import { awayLog, type AwayLog } from '../observability/away-log.ts';
import type { Logger } from '../observability/logger.ts';
import type { CrashPoint } from '../process/crash-points.ts';
import { EnqueueRefused } from '../queue/admission.ts';
import type { JobRequest } from '../queue/job.ts';
import type { LossWatch } from '../queue/loss-watch.ts';
import { bringForward, type OutdatedEvents } from './due-again.ts';
import type { OutboxRow } from './event.store.ts';
import { LossRecovery } from './loss-recovery.ts';
import { followUpOf, type Subscriptions } from './subscription.ts';

export interface OutboxRelayDeps {
  readonly events: ScopedModel<OutboxRow>;
  readonly subscriptions: Subscriptions;
  /** Enqueues all or rejects; may be asked again for what it has taken already. */
  readonly enqueue: (jobs: readonly JobRequest[]) => Promise<void>;
  /** Ends what is cached under these tags, everywhere; rejects when it could not be told. */
  readonly invalidate: (tags: readonly string[]) => Promise<void>;
  /** Finds out that Redis has lost jobs, which are then asked for again. */
  readonly losses?: Pick<LossWatch, 'look' | 'note'>;
  /** Which events are not carried out again then. */
  readonly outdated?: () => Promise<OutdatedEvents>;
  /** Told of the moments between two steps. */
  readonly reached?: (point: CrashPoint) => void;
  readonly logger: Pick<Logger, 'error' | 'info' | 'warn'>;
  readonly now: Now;
}

export interface OutboxRelayTimes {
  /** How long to wait for a nudge before looking again, in milliseconds. */
  readonly pollMs?: number;
  /** After which time others take over a batch, in milliseconds. */
  readonly leaseMs?: number;
  /** How long to wait when Redis or the database is away, in milliseconds. */
  readonly pauseMs?: number;
  /** How long to leave to others what the cache could not be told, and up to twice that, in milliseconds. */
  readonly untoldMs?: number;
}

const TIMES = { pollMs: 500, leaseMs: 30 * SECOND_MS, pauseMs: SECOND_MS, untoldMs: SECOND_MS };
const BATCH = 500;
const MAX_FAILURES = 10;
const REFUSED_PAUSE_MS = 30 * SECOND_MS;
const AHEAD_LOOK_MS = MINUTE_MS;

const access = asSystem('outbox relay');

interface Followed {
  readonly row: OutboxRow;
  readonly jobs: readonly JobRequest[];
  readonly tags: readonly string[];
}

/**
 * Carries out what follows from events: jobs and invalidations. Any number of relays share the work, as each claims
 * batches by a lease; what a crashed one leaves behind is claimed again, and the jobs' ids make the repetition harmless.
 */
export class OutboxRelay {
  readonly #deps: OutboxRelayDeps;
  readonly #times: Required<OutboxRelayTimes>;
  readonly #log: AwayLog;
  readonly #recovery: LossRecovery | undefined;
  #wake: () => void = () => undefined;
  #nudged = false;
  #stopping = false;
  #lookedAheadAt = -Infinity;
  #untoldUntil = -Infinity;
  #loop: Promise<void> | undefined;

  constructor(deps: OutboxRelayDeps, times: OutboxRelayTimes = {}) {
    this.#deps = deps;
    this.#times = { ...TIMES, ...times };
    this.#log = awayLog('what the outbox needs', deps.logger);
    const { losses } = deps;
    this.#recovery = losses && new LossRecovery({ ...deps, losses });
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Has the relay look at once: there is something new. */
  nudge(): void {
    this.#deps.reached?.('outbox.committed');
    this.#nudged = true;
    this.#wake();
  }

  /** Finishes the batch under way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#loop;
  }

  /**
   * Claims one batch and carries it out.
   * @returns how many events were claimed
   * @throws when Redis or the database is away; nothing is lost by that
   */
  async relayBatch(): Promise<number> {
    const lease = randomUUID();
    const rows = await this.#claim(lease);
    if (rows.length === 0) return 0;
    this.#deps.reached?.('outbox.claimed');
    const followed = await this.#follow(rows);
    let refused: ReadonlySet<JobRequest>;
    let isTold: boolean;
    try {
      isTold = await this.#invalidate(followed);
      refused = await this.#enqueue(followed);
    } catch (error) {
      await this.#release(rows, lease, 0);
      throw error;
    }
    this.#deps.reached?.('outbox.enqueued');
    const isRefused = ({ jobs }: Followed): boolean => jobs.some((job) => refused.has(job));
    const later = rowsOf(followed.filter(isRefused));
    const enqueued = followed.filter((each) => !isRefused(each));
    const untold = isTold ? [] : rowsOf(enqueued.filter(({ tags }) => tags.length > 0));
    const done = rowsOf(enqueued).filter((row) => !untold.includes(row));
    if (untold.length > 0) await this.#release(untold, lease, 0, { enqueued: true });
    if (later.length > 0) await this.#release(later, lease, REFUSED_PAUSE_MS);
    await this.#deps.events.updateMany(
      { _id: { $in: idsOf(done) }, lease },
      { $set: { state: 'done', lease: null, doneAt: this.#deps.now() } },
      access,
    );
    return rows.length;
  }

  /**
   * Has a part of what Redis has lost carried out again, if it has.
   * @returns whether there is more of it
   */
  async relayLost(): Promise<boolean> {
    return (await this.#recovery?.turn()) ?? false;
  }

  /** What a process whose clock was ahead has written would wait until then. */
  async #bringForward(): Promise<void> {
    const { events, logger, now } = this.#deps;
    if (performance.now() - this.#lookedAheadAt < AHEAD_LOOK_MS) return;
    this.#lookedAheadAt = performance.now();
    const count = await bringForward(events, now());
    if (count > 0) logger.warn({ events: count }, 'events were due in a far future: a clock was ahead');
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#nudged = false;
      try {
        const isRecovering = await this.relayLost();
        await this.#bringForward();
        const claimed = await this.relayBatch();
        this.#log.back();
        if (claimed < BATCH && !isRecovering) await this.#wait(this.#times.pollMs, true);
      } catch (error) {
        this.#log.away(error);
        await this.#wait(this.#times.pauseMs, false);
      }
    }
  }

  /** @param alert whether a nudge ends the waiting */
  async #wait(milliseconds: number, alert: boolean): Promise<void> {
    if (this.#stopping || (alert && this.#nudged)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        if (!alert && !this.#stopping) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => undefined;
  }

  async #claim(lease: string): Promise<OutboxRow[]> {
    const { events, now } = this.#deps;
    const at = now();
    // It may be that this process alone cannot tell the cache: what is left to be told others find within a poll of theirs.
    const except = performance.now() < this.#untoldUntil ? { enqueued: false } : {};
    const due = { state: 'pending', dueAt: { $lte: at }, ...except } as const;
    const next = events.find(due, null, access).sort({ dueAt: 1, _id: 1 }).limit(BATCH);
    const found = await next.lean<OutboxRow[]>();
    if (found.length === 0) return [];
    const ids = idsOf(found);
    const dueAt = new Date(at.getTime() + this.#times.leaseMs);
    // Only what no other relay has claimed since. By their ids: the index of what is due would go through all of it.
    const claiming = { ...access, hint: { _id: 1 } };
    const claimed = await events.updateMany({ _id: { $in: ids }, ...due }, { $set: { lease, dueAt } }, claiming);
    // One whose jobs are said to be enqueued may have been told in between that they are lost.
    const areAsFound = claimed.modifiedCount === found.length && !found.some(({ enqueued }) => enqueued);
    const rows = areAsFound
      ? found.map((row) => ({ ...row, lease, dueAt }))
      : await events.find({ _id: { $in: ids }, lease }, null, access).lean<OutboxRow[]>();
    return rows.sort((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime());
  }

  /** Asks the table what follows. An event that it cannot tell of is put off, so that it doesn't hold up the others. */
  async #follow(rows: readonly OutboxRow[]): Promise<Followed[]> {
    const followed: Followed[] = [];
    for (const row of rows) {
      try {
        followed.push(this.#followOne(row));
      } catch (error) {
        await this.#putOff(row, error);
      }
    }
    return followed;
  }

  #followOne(row: OutboxRow): Followed {
    const { traceparent } = row;
    const { jobs, tags } = followUpOf(this.#deps.subscriptions, row);
    const wanted = row.enqueued ? [] : jobs;
    return { row, jobs: wanted.map((job) => (traceparent === null ? job : { ...job, traceparent })), tags };
  }

  /**
   * Before the jobs: none must read what is about to end. But a cache that cannot be told does not hold them up.
   * @returns whether it was told
   */
  async #invalidate(followed: readonly Followed[]): Promise<boolean> {
    const tags = [...new Set(followed.flatMap((each) => each.tags))];
    if (tags.length === 0) return true;
    try {
      await this.#deps.invalidate(tags);
      return true;
    } catch {
      // Logged by the cache, as long as it is so.
      this.#untoldUntil = performance.now() + this.#times.untoldMs * (1 + Math.random());
      return false;
    }
  }

  /** @returns the jobs that the queues have no room for */
  async #enqueue(followed: readonly Followed[]): Promise<ReadonlySet<JobRequest>> {
    const jobs = followed.flatMap((each) => each.jobs);
    try {
      if (jobs.length > 0) await this.#deps.enqueue(jobs);
      return new Set();
    } catch (error) {
      if (!(error instanceof EnqueueRefused)) throw error;
      return new Set(error.refused);
    }
  }

  /** Gives events back, to be claimed when there is a Redis again, or room in it. */
  async #release(
    rows: readonly OutboxRow[],
    lease: string,
    pauseMs: number,
    change: Partial<Pick<OutboxRow, 'enqueued'>> = {},
  ): Promise<void> {
    const { events, now } = this.#deps;
    await events
      .updateMany(
        { _id: { $in: idsOf(rows) }, lease, state: 'pending' },
        { $set: { ...change, lease: null, dueAt: new Date(now().getTime() + pauseMs) } },
        access,
      )
      // Its lease runs out by itself.
      .catch(() => undefined);
  }

  async #putOff(row: OutboxRow, error: unknown): Promise<void> {
    const { events, logger, now } = this.#deps;
    const failures = row.failures + 1;
    const parked = failures >= MAX_FAILURES;
    const pauseMs = Math.min(2 ** failures * SECOND_MS, 10 * MINUTE_MS);
    const change = {
      state: parked ? ('parked' as const) : ('pending' as const),
      lease: null,
      failures,
      cause: `${codeOf(error)}: ${(error as Error).message}`.slice(0, 500),
      dueAt: new Date(now().getTime() + pauseMs),
    };
    await events.updateOne({ _id: row._id, lease: row.lease }, { $set: change }, access);
    const line = { error, event: row.type, eventId: row._id.toHexString(), failures };
    if (parked) logger.error(line, 'an event is parked: nothing follows from it until somebody looks');
    else logger.warn(line, 'an event could not be carried out');
  }
}

const idsOf = (rows: readonly { readonly _id: Id }[]): Id[] => rows.map(({ _id }) => _id);
const rowsOf = (followed: readonly Followed[]): OutboxRow[] => followed.map(({ row }) => row);
