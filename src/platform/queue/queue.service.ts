import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { newId, type Id } from '../../shared/ids.ts';
import type { Now } from '../../shared/time.ts';
import { asSystem } from '../database/scoped.ts';
import { Degraded, type HealthCheck } from '../observability/health.ts';
import type { Transact } from '../database/transaction.ts';
import { mailRequested } from '../mail/mail.jobs.ts';
import type { MailStore, MailToSend } from '../mail/mail.store.ts';
import type { AppendEvent } from '../outbox/event.ts';
import { bullOptions } from './bull.ts';
import { producerConnection, type QueueRedis } from './connections.ts';
import { workersOf } from './heartbeat.ts';
import type { JobRequest } from './job.ts';
import type { AuditRecord, Outlets, ReportToGenerate, SmsToSend, Within } from './outlets.ts';
import { settingsOf, type QueueTable } from './settings.ts';

export type QueueStatus = 'degraded' | 'healthy' | 'unhealthy';

export interface OneQueueHealth {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
  /** How long the first in line has been waiting, in milliseconds; 0 when none is. */
  readonly oldestWaitingMs: number;
  readonly paused: boolean;
  /** Worker processes heard of in the last 15 s. */
  readonly workers: number;
}

export interface QueueHealth {
  /** Unhealthy when Redis does not answer, degraded when a queue is paused or has jobs and nobody to do them. */
  readonly overall: QueueStatus;
  readonly queues: Readonly<Record<string, OneQueueHealth>>;
}

export interface QueueServiceDeps {
  readonly redis: QueueRedis;
  readonly prefix: string;
  /** Every queue there is. */
  readonly queues: QueueTable;
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly mails: Pick<MailStore, 'insert'>;
  readonly outlets: Outlets;
  readonly now: Now;
}

/**
 * The queues as the rest of the program sees them. What must happen is asked for through the outbox (`sendEmail`), so
 * that it neither waits for Redis nor gets lost with it; `enqueue` is what the relay does then.
 */
export class QueueService {
  readonly #deps: QueueServiceDeps;
  readonly #queues = new Map<string, Queue>();
  #redis: Redis | undefined;

  constructor(deps: QueueServiceDeps) {
    this.#deps = deps;
  }

  /** Opens the queues. Does not wait for Redis, and may be called again. */
  initialize(): Promise<void> {
    const connection = (this.#redis ??= producerConnection(this.#deps.redis));
    for (const name of Object.keys(this.#deps.queues)) {
      if (this.#queues.has(name)) continue;
      const queue = new Queue(name, {
        connection,
        prefix: this.#deps.prefix,
        skipWaitingForReady: true,
        // Its check asks once, when Redis may be away, and a queue that was told so stays broken for good.
        skipVersionCheck: true,
      });
      queue.on('error', () => undefined);
      this.#queues.set(name, queue);
    }
    return Promise.resolve();
  }

  /**
   * Has a mail sent, once. Its text is stored; the job carries its id.
   * @param within the transaction it belongs to; one of its own otherwise
   * @returns the mail's id
   */
  async sendEmail(mail: MailToSend, within?: Within): Promise<Id> {
    const { transact } = this.#deps;
    if (within !== undefined) return this.#requestMail(mail, within);
    const context = { scope: asSystem('mail').scope };
    return transact(context, (access) => this.#requestMail(mail, { context, access }));
  }

  /** Has a text message sent, once. @returns its id */
  sendSMS(sms: SmsToSend, within?: Within): Promise<Id> {
    return this.#deps.outlets.sendSMS(sms, within);
  }

  /** Has a report made. @returns its id, or that of one in the making that is the same */
  generateReport(report: ReportToGenerate, within?: Within): Promise<Id> {
    return this.#deps.outlets.generateReport(report, within);
  }

  /** Notes who did what. @returns the entry's id */
  audit(record: AuditRecord, within?: Within): Promise<Id> {
    return this.#deps.outlets.audit(record, within);
  }

  /**
   * Enqueues all of them, or rejects within a second or two. What is in its queue already, by its id, is not added again.
   */
  async enqueue(requests: readonly JobRequest[]): Promise<void> {
    const byQueue = Map.groupBy(requests, ({ contract }) => contract.queue);
    await Promise.all(
      Array.from(byQueue, async ([name, group]) => {
        const settings = settingsOf(this.#deps.queues, name);
        const jobs = group.map((request) => ({
          name: request.contract.name,
          data: request.payload,
          opts: bullOptions(request, settings),
        }));
        await this.#queue(name).addBulk(jobs);
      }),
    );
  }

  async getHealthStatus(): Promise<QueueHealth> {
    try {
      const entries = await Promise.all(
        Array.from(this.#queues, async ([name, queue]) => [name, await this.#healthOf(queue)] as const),
      );
      const degraded = entries.some(([, queue]) => queue.paused || (queue.workers === 0 && queue.waiting > 0));
      return { overall: degraded ? 'degraded' : 'healthy', queues: Object.fromEntries(entries) };
    } catch {
      return { overall: 'unhealthy', queues: {} };
    }
  }

  /** How the queues are, for the health of this process. Not critical: what is to be enqueued waits in the outbox. */
  healthCheck(): HealthCheck {
    return {
      name: 'queue',
      critical: false,
      intervalMs: 2_000,
      timeoutMs: 1_500,
      check: async () => {
        const { overall, queues } = await this.getHealthStatus();
        if (overall === 'unhealthy') throw Object.assign(new Error('The queues do not answer'), { code: 'QUEUE_AWAY' });
        if (overall === 'degraded') throw new Degraded('QUEUE_NOT_WORKED', queues);
        return queues;
      },
    };
  }

  /** All of them, for whoever shows them. */
  all(): readonly Queue[] {
    return [...this.#queues.values()];
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#queues.values(), (queue) => queue.close()));
    this.#redis?.disconnect();
  }

  async #requestMail(mail: MailToSend, { context, access }: Within): Promise<Id> {
    const mailId = newId();
    await this.#deps.mails.insert(mailId, mail, context.scope, access);
    await this.#deps.appendEvent(context, mailRequested(mailId), access);
    return mailId;
  }

  async #healthOf(queue: Queue): Promise<OneQueueHealth> {
    const { prefix, now } = this.#deps;
    const [counts, paused, workers, first] = await Promise.all([
      queue.getJobCounts('waiting', 'active', 'delayed', 'failed', 'prioritized'),
      queue.isPaused(),
      workersOf(this.#connected(), prefix, queue.name, now()),
      queue.getJobs(['waiting'], 0, 0, true),
    ]);
    const { waiting = 0, active = 0, delayed = 0, failed = 0, prioritized = 0 } = counts;
    const oldestWaitingMs = first[0] === undefined ? 0 : Math.max(0, now().getTime() - first[0].timestamp);
    return {
      waiting: waiting + prioritized,
      active,
      delayed,
      failed,
      oldestWaitingMs,
      paused,
      workers: workers.length,
    };
  }

  #queue(name: string): Queue {
    const queue = this.#queues.get(name);
    if (queue === undefined) throw new Error(`There is no queue '${name}', or it is not initialized`);
    return queue;
  }

  #connected(): Redis {
    if (this.#redis === undefined) throw new Error('The queues are not initialized');
    return this.#redis;
  }
}
