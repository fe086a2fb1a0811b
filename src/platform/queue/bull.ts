import {
  DelayedError,
  UnrecoverableError,
  type Job,
  type JobsOptions,
  type KeepJobs,
  type WorkerOptions,
} from 'bullmq';
import { inTime } from '../../shared/in-time.ts';
import { DAY_MS, SECOND_MS } from '../../shared/time.ts';
import { isGone } from '../database/failures.ts';
import { newTraceId, Trace, withTrace } from '../observability/trace.ts';
import { PermanentFailure, PutOff, RefusedForNow, type JobHandler, type JobRequest } from './job.ts';
import type { QueueSettings, Retention } from './settings.ts';

const JITTER = 0.2;

/** How long jobs wait for a database that is away, in milliseconds: those that wait in line would take turns without a rest. */
const OUTAGE_MS = 10 * SECOND_MS;

/**
 * Since it was made; a job that is put off for longer is of no use to anybody, and somebody must look. Also at a walk that goes
 * on part by part for so long: it loses nothing, since the job of the next night goes on at its place, and those of all nights
 * would pile up if none of them ended.
 */
const PUT_OFF_MS = 3 * DAY_MS;

/** RFC 5321, 4.5.4.1: with pauses that double from 2 s on, the last of them is made after a day and a half. */
const OF_REFUSED = { attempts: 17, backoff: { type: 'exponential', delayMs: 2 * SECOND_MS } } as const;

/** How a request is enqueued. */
export function bullOptions({ id, traceparent, delayMs, priority, deduplication }: JobRequest): JobsOptions {
  return {
    jobId: id,
    ...(delayMs !== undefined && { delay: delayMs }),
    ...(priority !== undefined && { priority }),
    ...(deduplication !== undefined && { deduplication: { id: deduplication.id, ttl: deduplication.ttlMs } }),
    ...(traceparent !== undefined && { telemetry: { metadata: traceparent } }),
  };
}

/**
 * Tells a job how often it is tried, and after which pauses, before anything is done for it. That is the worker's own: it does
 * not travel with each job, and a change of it holds for jobs that wait already.
 */
export function retrying(
  handlers: readonly JobHandler[],
  settings: Pick<QueueSettings, 'attempts' | 'backoff'>,
): (job: Job<unknown>) => void {
  const byName = new Map(handlers.map(({ contract }) => [contract.name, retriesOf(contract, settings)]));
  const usual = retriesOf({}, settings);
  return (job) => {
    // One that was added by other hands may say so itself; BullMQ makes 0 of what was not said.
    if (job.opts.attempts) return;
    const retries = byName.get(job.name) ?? usual;
    Object.assign(job.opts, wasRefused(job, retries) ? REFUSED_RETRIES : retries);
  };
}

/**
 * More attempts lie behind it than failures may: it was refused for now, and a line that breaks must not end what is to be tried for
 * a day. Not one that had failed for good and is taken up by hand: of that BullMQ forgets the reason.
 */
const wasRefused = ({ attemptsMade, failedReason }: RetriedJob, { attempts }: Retries): boolean =>
  attemptsMade >= attempts && Boolean(failedReason);

type RetriedJob = Partial<Pick<Job, 'failedReason'>> & Pick<Job, 'attemptsMade'>;
type Retries = Required<Pick<JobsOptions, 'attempts' | 'backoff'>>;

function retriesOf(
  own: Partial<Pick<QueueSettings, 'attempts' | 'backoff'>>,
  { attempts, backoff }: Pick<QueueSettings, 'attempts' | 'backoff'>,
): Retries {
  const { type, delayMs } = own.backoff ?? backoff;
  return { attempts: own.attempts ?? attempts, backoff: { type, delay: delayMs, jitter: JITTER } };
}

const REFUSED_RETRIES = retriesOf({}, OF_REFUSED);

/** What a worker keeps of the jobs that ended. Its own, so that it does not travel with each job. */
export function keptJobs({
  keep,
}: Pick<QueueSettings, 'keep'>): Pick<WorkerOptions, 'removeOnComplete' | 'removeOnFail'> {
  return { removeOnComplete: kept(keep.done), removeOnFail: kept(keep.failed) };
}

const kept = ({ ageMs, count }: Retention): KeepJobs => ({ age: ageMs / SECOND_MS, count });

/**
 * Turns stored jobs back into typed calls.
 * @param stopping the worker will not wait much longer for jobs under way
 */
export function bullProcessor(
  handlers: readonly JobHandler[],
  settings: Pick<QueueSettings, 'timeoutMs'>,
  stopping: AbortSignal,
): (job: Job<unknown>, token?: string) => Promise<void> {
  const byName = new Map(handlers.map((handler) => [handler.contract.name, handler]));
  return async (job, token) => {
    const handler = byName.get(job.name);
    if (handler === undefined) throw new UnrecoverableError(`No handler for job '${job.name}'`);

    const payload = handler.contract.payload.safeParse(job.data);
    // What does not fit the contract now will not fit it at the next attempt either.
    if (!payload.success) throw new UnrecoverableError(`Invalid payload: ${payload.error.message}`);

    const trace = new Trace(newTraceId(), job.opts.telemetry?.metadata);
    trace.operationId = job.name;
    const timeoutMs = handler.contract.timeoutMs ?? settings.timeoutMs;
    try {
      await withTrace(trace, () => handleInTime(handler, payload.data, timeoutMs, stopping));
    } catch (error) {
      // In the place of what `retrying` has set for those that fail.
      if (error instanceof RefusedForNow) Object.assign(job.opts, REFUSED_RETRIES);
      if (error instanceof PutOff) await putOff(job, error, token);
      // No job is to blame for that; but for a query that takes too long it is.
      if (isGone(error)) await putOff(job, new PutOff('The database is away', OUTAGE_MS), token);
      throw error;
    }
  };
}

async function putOff(job: Job<unknown>, { message, delayMs }: PutOff, token: string | undefined): Promise<never> {
  if (Date.now() - job.timestamp > PUT_OFF_MS) throw new UnrecoverableError(`Put off for three days: ${message}`);
  return delay(job, delayMs, message, token);
}

/**
 * Has a job under way taken up again later.
 * @throws DelayedError, by which BullMQ leaves the job's attempts as they are
 */
export async function delay(
  job: Job<unknown>,
  delayMs: number,
  reason: string,
  token: string | undefined,
): Promise<never> {
  // Chance keeps those that were put off together from coming back together.
  await job.moveToDelayed(Date.now() + delayMs * (1 + JITTER * Math.random()), token);
  throw new DelayedError(reason);
}

async function handleInTime(
  handler: JobHandler,
  payload: unknown,
  timeoutMs: number,
  stopping: AbortSignal,
): Promise<void> {
  const abort = new AbortController();
  const late = (): Error => {
    const error = new DOMException(`Not done within ${String(timeoutMs)} ms`, 'TimeoutError');
    abort.abort(error);
    return error;
  };
  try {
    await inTime(handler.handle(payload, abort.signal, stopping), timeoutMs, late);
  } catch (error) {
    if (error instanceof PermanentFailure) throw new UnrecoverableError(error.message);
    throw error;
  }
}
