import { Queue, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { Email } from '../../shared/email.ts';
import { newId, type Id } from '../../shared/ids.ts';
import type { Now } from '../../shared/time.ts';
import { asSystem } from '../database/scoped.ts';
import { Degraded, type HealthCheck } from '../observability/health.ts';
import type { Transact } from '../database/transaction.ts';
import { mailRequested } from '../mail/mail.jobs.ts';
import type { MailStore, MailToSend } from '../mail/mail.store.ts';
import type { AppendEvent } from '../outbox/event.ts';
import { Admission, EnqueueRefused, faultOf } from './admission.ts';
import { AnalyticsBuffer } from './analytics-buffer.ts';
import { bullOptions } from './bull.ts';
import { producerConnection, type QueueRedis } from './connections.ts';
import type { JobRequest } from './job.ts';
import { fateOf, type JobFate } from './job-fate.ts';
import { LossWatch } from './loss-watch.ts';
import type { AnalyticsEvent, AuditRecord, Outlets, ReportToGenerate, SmsToSend, Within } from './outlets.ts';
import { healthOf, isDegraded, type QueueHealth } from './queue-health.ts';
import { settingsOf, type QueueTable } from './settings.ts';

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
  readonly #admission = new Admission(() => this.#connected().info('memory'));
  readonly #analytics = new AnalyticsBuffer({ enqueue: (requests) => this.enqueue(requests) });
  /** Whether Redis still has what it was given. */
  readonly losses: LossWatch;
  #redis: Redis | undefined;

  constructor(deps: QueueServiceDeps) {
    this.#deps = deps;
    this.losses = new LossWatch({ redis: () => this.#connected(), prefix: deps.prefix, now: deps.now });
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
   * @throws TypeError when `to` is no address
   */
  async sendEmail(mail: MailToSend, within?: Within): Promise<Id> {
    demandAddress(mail.to);
    const { transact } = this.#deps;
    if (within !== undefined) return this.#requestMail(mail, within);
    const context = { scope: asSystem('mail').scope };
    return transact(context, (access) => this.#requestMail(mail, { context, access }));
  }

  /** Has a text message sent, once. @returns its id */
  sendSMS(sms: SmsToSend, within?: Within): Promise<Id> {
    return this.#deps.outlets.sendSMS(sms, within);
  }

  /**
   * Has a report made.
   * @returns its id, or that of one in the making that is the same
   * @throws EnqueueRefused while Redis is short of memory; TypeError when `email` is no address
   */
  async generateReport(report: ReportToGenerate, within?: Within): Promise<Id> {
    if (report.email !== undefined) demandAddress(report.email);
    await this.demandRoom();
    return this.#deps.outlets.generateReport(report, within);
  }

  /**
   * For what can wait, before it is begun.
   * @throws EnqueueRefused while Redis is short of memory
   */
  async demandRoom(): Promise<void> {
    // With Redis away nobody knows, and what is asked for waits in the outbox anyway.
    if (await this.#admission.isShort().catch(() => false)) throw new EnqueueRefused();
  }

  /** Notes who did what. @returns the entry's id */
  audit(record: AuditRecord, within?: Within): Promise<Id> {
    return this.#deps.outlets.audit(record, within);
  }

  /** Counts something that may be lost, together with others of about the same time. @returns whether it was taken */
  trackAnalytics(event: AnalyticsEvent): boolean {
    return this.#analytics.track(event);
  }

  /**
   * Enqueues all of them, or rejects within a second or two. What is in its queue already, by its id, is not added again.
   * @throws EnqueueRefused when those of low priority were refused, and only those
   */
  async enqueue(requests: readonly JobRequest[]): Promise<void> {
    const isLow = ({ contract }: JobRequest): boolean => settingsOf(this.#deps.queues, contract.queue).lowPriority;
    if (!requests.some(isLow) || !(await this.#admission.isShort())) return this.#add(requests);
    await this.#add(requests.filter((request) => !isLow(request)));
    throw new EnqueueRefused(requests.filter(isLow));
  }

  async #add(requests: readonly JobRequest[]): Promise<void> {
    const [first, another] = requests;
    if (first === undefined) return;
    // A transaction for one job alone costs twice as much as the job.
    if (another === undefined) {
      await this.#queue(first.contract.queue).add(first.contract.name, first.payload, bullOptions(first));
      return;
    }
    const byQueue = Map.groupBy(requests, ({ contract }) => contract.queue);
    await Promise.all(Array.from(byQueue, ([name, group]) => this.#queue(name).addBulk(group.map(jobOf))));
  }

  async getHealthStatus(): Promise<QueueHealth> {
    const { prefix, now } = this.#deps;
    const droppedEvents = this.#analytics.dropped;
    try {
      const redis = this.#connected();
      const [room, ...entries] = await Promise.all([
        this.#admission.room(),
        ...Array.from(
          this.#queues,
          async ([name, queue]) => [name, await healthOf(queue, redis, prefix, now())] as const,
        ),
      ]);
      const degraded = faultOf(room) !== undefined || entries.some(([, queue]) => isDegraded(queue));
      const queues = Object.fromEntries(entries);
      return { overall: degraded ? 'degraded' : 'healthy', queues, redis: room, droppedEvents };
    } catch {
      return { overall: 'unhealthy', queues: {}, droppedEvents };
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
        const { overall, queues, redis } = await this.getHealthStatus();
        if (overall === 'unhealthy') throw Object.assign(new Error('The queues do not answer'), { code: 'QUEUE_AWAY' });
        const fault = redis && faultOf(redis);
        if (fault !== undefined) throw new Degraded(fault, { ...queues, redis });
        if (overall === 'degraded') throw new Degraded('QUEUE_NOT_WORKED', queues);
        return queues;
      },
    };
  }

  /** The jobs of a queue that failed for good at or after a moment, in milliseconds since 1970, the oldest first. */
  async failedSince(name: string, since: number, limit: number): Promise<readonly Job<unknown>[]> {
    const queue = this.#queue(name);
    const ids = await this.#connected().zrangebyscore(queue.toKey('failed'), since, '+inf', 'LIMIT', 0, limit);
    const jobs = await Promise.all(ids.map((id) => queue.getJob(id)));
    return jobs.filter((job) => job !== undefined);
  }

  /** How a job fares; undefined for one that is not in its queue, or no more. */
  async fateOf(name: string, jobId: string): Promise<JobFate | undefined> {
    const job = await this.#queue(name).getJob(jobId);
    return job && fateOf(job);
  }

  /** Frees the id of a job that failed for good. One that is in the queue again stays. */
  async removeFailed(name: string, jobId: string): Promise<void> {
    const job = await this.#queue(name).getJob(jobId);
    if (job !== undefined && (await job.isFailed())) await job.remove();
  }

  /** All of them, for whoever shows them. */
  all(): readonly Queue[] {
    return [...this.#queues.values()];
  }

  /** Hands on what is gathered, then ends. */
  async close(): Promise<void> {
    await this.#analytics.close();
    await Promise.all(Array.from(this.#queues.values(), (queue) => queue.close()));
    this.#redis?.disconnect();
  }

  async #requestMail(mail: MailToSend, { context, access }: Within): Promise<Id> {
    const mailId = newId();
    await this.#deps.mails.insert(mailId, mail, context.scope, access);
    await this.#deps.appendEvent(context, mailRequested(mailId), access);
    return mailId;
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

/** Told to whoever asks: a job that cannot be done tells nobody who did. */
function demandAddress(address: string): void {
  if (!Email.safeParse(address).success) throw new TypeError('A mail needs an e-mail address to be sent to');
}

const jobOf = (request: JobRequest) => ({
  name: request.contract.name,
  data: request.payload,
  opts: bullOptions(request),
});
