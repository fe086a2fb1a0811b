import { Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { awayLog } from '../observability/away-log.ts';
import type { HealthCheck } from '../observability/health.ts';
import { LoopWatchdog } from '../observability/loop-watchdog.ts';
import type { Logger } from '../observability/logger.ts';
import { bullProcessor, keptJobs, retrying } from './bull.ts';
import { producerConnection, workerConnections, type QueueRedis, type WorkerConnections } from './connections.ts';
import type { FailedJob } from './dead-letter-collector.ts';
import { BEAT_MS, beat, endBeat, type WorkerBeat } from './heartbeat.ts';
import type { JobHandler } from './job.ts';
import { MAX_STALLS, Quarantine } from './quarantine.ts';
import { RunningJobs } from './running-jobs.ts';
import { settingsOf, type QueueTable } from './settings.ts';
import { workerMetrics } from './worker-metrics.ts';

/** One kind of worker: which queue it drains, and by what. */
export interface WorkerKind {
  readonly queue: string;
  readonly handlers: readonly JobHandler[];
}

export interface WorkerRuntimeDeps {
  readonly redis: QueueRedis;
  readonly prefix: string;
  readonly queues: QueueTable;
  readonly logger: Pick<Logger, 'error' | 'info' | 'warn'>;
  /** Told of each job that failed for good. */
  readonly onDead?: (queue: string, job: FailedJob) => void;
}

const STALLED_CHECK_MS = 5_000;

/** After which share of the time for stopping long jobs are to be handed over: the rest is for doing so. */
const HAND_OVER_SHARE = 0.6;

// A queue that has not answered at so many looks is away; one that answers is done with an idle worker long before.
const LOOK_MS = 100;
const LOOKS = 5;

/** The workers of one process: what they all do besides their jobs. */
export class WorkerRuntime {
  readonly #kinds: readonly WorkerKind[];
  readonly #deps: WorkerRuntimeDeps;
  readonly #id = randomUUID();
  readonly #startedAt = new Date().toISOString();
  readonly #running = new Map<string, { readonly worker: Worker; readonly jobs: RunningJobs }>();
  readonly #metrics = workerMetrics(() => this.#activeByQueue());
  readonly #watchdog = new LoopWatchdog((milliseconds) => {
    this.#sayBlocked(milliseconds);
  });
  readonly #stopping = new AbortController();
  #connections: WorkerConnections | undefined;
  #quarantine: Quarantine | undefined;
  #beating: Redis | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(kinds: readonly WorkerKind[], deps: WorkerRuntimeDeps) {
    this.#kinds = kinds;
    this.#deps = deps;
  }

  /** Begins to take jobs, at once or as soon as Redis is there. */
  start(): void {
    const connections = workerConnections(this.#deps.redis);
    this.#connections = connections;
    // One for all kinds, since what kills the process kills the jobs of all of them.
    const quarantine = new Quarantine({ redis: connections.first, prefix: this.#deps.prefix });
    this.#quarantine = quarantine;
    this.#beating = producerConnection(this.#deps.redis);
    this.#beating.on('ready', () => void this.#beat());
    for (const kind of this.#kinds) {
      const jobs = new RunningJobs(kind.queue, this.#metrics.onAttempt);
      this.#running.set(kind.queue, { worker: this.#work(kind, connections.first, jobs, quarantine), jobs });
    }
    this.#watchdog.start();
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS);
  }

  /**
   * Takes no more jobs, lets those under way finish, and gives up on what is not done after `graceMs`, or at once when
   * nothing is under way but the queue is away: another worker takes it over when its lock runs out.
   * @returns whether all were done in time
   */
  async drain(graceMs: number): Promise<boolean> {
    clearInterval(this.#timer);
    this.#watchdog.stop();
    const workers = Array.from(this.#running.values(), ({ worker }) => worker);
    const giveUp = new AbortController();
    const handOver = setTimeout(() => {
      this.#stopping.abort();
    }, graceMs * HAND_OVER_SHARE);
    const done = Promise.all(workers.map((worker) => worker.close())).then(() => true);
    const inTime = await Promise.race([done, this.#patience(graceMs, giveUp.signal)]);
    giveUp.abort();
    clearTimeout(handOver);
    await this.#sayGoodbye();
    // BullMQ would wait for as long as the queue is away to take leave of it.
    this.#connections?.end();
    return inTime;
  }

  /** Resolves with false when it is of no use to wait any longer. */
  async #patience(graceMs: number, signal: AbortSignal): Promise<false> {
    const until = performance.now() + graceMs;
    const isOfUse = (): boolean => this.#connections?.areReady() === true || this.#isBusy();
    let idleLooks = 0;
    while (!signal.aborted && performance.now() < until && idleLooks < LOOKS) {
      await sleep(Math.min(LOOK_MS, Math.max(0, until - performance.now())), undefined, { signal }).catch(
        () => undefined,
      );
      idleLooks = isOfUse() ? 0 : idleLooks + 1;
    }
    return false;
  }

  #isBusy(): boolean {
    return Array.from(this.#running.values()).some(({ jobs }) => jobs.active > 0);
  }

  /** Whether the workers hold a connection to their queue. */
  healthCheck(): HealthCheck {
    return {
      name: 'queue',
      critical: true,
      intervalMs: 2_000,
      timeoutMs: 1_000,
      check: async () => {
        await this.#beating?.ping();
        return this.#activeByQueue();
      },
    };
  }

  /** What this process tells of itself, in the format that Prometheus reads. */
  metrics(): Promise<string> {
    return this.#metrics.text();
  }

  #work({ queue, handlers }: WorkerKind, connection: Redis, jobs: RunningJobs, quarantine: Quarantine): Worker {
    const { prefix, queues, logger, onDead } = this.#deps;
    const settings = settingsOf(queues, queue);
    const { concurrency, rateLimit, lockMs } = settings;
    const work = bullProcessor(handlers, settings, this.#stopping.signal);
    const setRetries = retrying(handlers, settings);
    const attempt = (job: Job<unknown>, token?: string) => {
      setRetries(job);
      return quarantine.attempt(job, token, () => work(job, token));
    };
    const worker = new Worker(queue, (job: Job<unknown>, token) => jobs.track(job, () => attempt(job, token)), {
      connection,
      prefix,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: MAX_STALLS,
      ...keptJobs(settings),
      ...(rateLimit !== undefined && { limiter: rateLimit }),
    });
    worker.on('failed', (job, error) => {
      const line = { queue, job: job?.name, jobId: job?.id, attempt: job?.attemptsMade, error };
      if (job?.finishedOn === undefined) {
        logger.warn(line, 'job failed, to be tried again');
        return;
      }
      // Whoever keeps it calls somebody.
      logger.warn(line, 'job failed, and is not tried again');
      this.#metrics.onDead(queue);
      onDead?.(queue, job);
    });
    worker.on('stalled', (jobId) => {
      logger.warn({ queue, jobId }, 'job was left behind by a worker');
    });
    const log = awayLog('the queue', logger, { queue });
    worker.on('error', (error) => {
      log.away(error);
    });
    // Told of each new connection, too.
    worker.on('ready', () => {
      log.back();
    });
    return worker;
  }

  #activeByQueue(): Readonly<Record<string, number>> {
    return Object.fromEntries(Array.from(this.#running, ([queue, { jobs }]) => [queue, jobs.active]));
  }

  #sayBlocked(milliseconds: number): void {
    this.#metrics.onBlocked(milliseconds);
    const jobs = Array.from(this.#running.values()).flatMap(({ jobs: each }) => each.mayHaveHeldUp());
    this.#deps.logger.warn({ blockedMs: milliseconds, jobs }, 'the event loop stood still; one of these jobs held it');
  }

  #beats(): WorkerBeat[] {
    const about = { id: this.#id, host: hostname(), pid: process.pid, startedAt: this.#startedAt };
    return Array.from(this.#running, ([queue, { jobs }]) => ({
      ...about,
      queue,
      active: jobs.active,
      doneLastMinute: jobs.doneLastMinute(),
    }));
  }

  async #beat(): Promise<void> {
    const redis = this.#beating;
    if (redis === undefined) return;
    // One that is missed does no harm.
    await Promise.allSettled(this.#beats().map((worker) => beat(redis, this.#deps.prefix, worker)));
  }

  async #sayGoodbye(): Promise<void> {
    const redis = this.#beating;
    if (redis === undefined) return;
    const goodbyes = this.#beats().map((worker) => endBeat(redis, this.#deps.prefix, worker));
    await Promise.allSettled([...goodbyes, this.#quarantine?.acquit(redis)]);
    redis.disconnect();
  }
}
