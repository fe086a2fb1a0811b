import { Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { awayLog } from '../observability/away-log.ts';
import type { HealthCheck } from '../observability/health.ts';
import type { Logger } from '../observability/logger.ts';
import { bullProcessor } from './bull.ts';
import { producerConnection, workerConnections, type QueueRedis, type WorkerConnections } from './connections.ts';
import { BEAT_MS, beat, endBeat, type WorkerBeat } from './heartbeat.ts';
import type { JobHandler } from './job.ts';
import { settingsOf, type QueueTable } from './settings.ts';

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
  readonly onDead?: (queue: string, job: Pick<Job, 'data' | 'failedReason' | 'id' | 'name'>) => void;
}

const STALLED_CHECK_MS = 5_000;

// A queue that has not answered at so many looks is away; one that answers is done with an idle worker long before.
const LOOK_MS = 100;
const LOOKS = 5;

/** The workers of one process: what they all do besides their jobs. */
export class WorkerRuntime {
  readonly #kinds: readonly WorkerKind[];
  readonly #deps: WorkerRuntimeDeps;
  readonly #id = randomUUID();
  readonly #startedAt = new Date().toISOString();
  readonly #running = new Map<string, { readonly worker: Worker; active: number }>();
  #connections: WorkerConnections | undefined;
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
    this.#beating = producerConnection(this.#deps.redis);
    this.#beating.on('ready', () => void this.#beat());
    for (const kind of this.#kinds)
      this.#running.set(kind.queue, { worker: this.#work(kind, connections.first), active: 0 });
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS);
  }

  /**
   * Takes no more jobs, lets those under way finish, and gives up on what is not done after `graceMs`, or at once when
   * nothing is under way but the queue is away: another worker takes it over when its lock runs out.
   * @returns whether all were done in time
   */
  async drain(graceMs: number): Promise<boolean> {
    clearInterval(this.#timer);
    const workers = Array.from(this.#running.values(), ({ worker }) => worker);
    const giveUp = new AbortController();
    const done = Promise.all(workers.map((worker) => worker.close())).then(() => true);
    const inTime = await Promise.race([done, this.#patience(graceMs, giveUp.signal)]);
    giveUp.abort();
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
    return Array.from(this.#running.values()).some(({ active }) => active > 0);
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
        return Object.fromEntries(Array.from(this.#running, ([queue, { active }]) => [queue, { active }]));
      },
    };
  }

  #work({ queue, handlers }: WorkerKind, connection: Redis): Worker {
    const { prefix, queues, logger, onDead } = this.#deps;
    const settings = settingsOf(queues, queue);
    const { concurrency, rateLimit, lockMs } = settings;
    const worker = new Worker(queue, bullProcessor(handlers, settings), {
      connection,
      prefix,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: STALLED_CHECK_MS,
      ...(rateLimit !== undefined && { limiter: rateLimit }),
    });
    worker.on('active', () => {
      this.#count(queue, 1);
    });
    worker.on('completed', () => {
      this.#count(queue, -1);
    });
    worker.on('failed', (job, error) => {
      this.#count(queue, -1);
      const line = { queue, job: job?.name, jobId: job?.id, attempt: job?.attemptsMade, error };
      // Only what is not tried again needs somebody.
      if (job?.finishedOn === undefined) {
        logger.warn(line, 'job failed, to be tried again');
      } else {
        logger.error(line, 'job failed for good');
        onDead?.(queue, job);
      }
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

  #count(queue: string, change: number): void {
    const running = this.#running.get(queue);
    if (running !== undefined) running.active = Math.max(0, running.active + change);
  }

  #beats(): WorkerBeat[] {
    const seenAt = new Date().toISOString();
    const about = { id: this.#id, host: hostname(), pid: process.pid, startedAt: this.#startedAt, seenAt };
    return Array.from(this.#running, ([queue, { active }]) => ({ ...about, queue, active }));
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
    await Promise.allSettled(this.#beats().map((worker) => endBeat(redis, this.#deps.prefix, worker)));
    redis.disconnect();
  }
}
