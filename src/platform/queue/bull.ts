import { UnrecoverableError, type Job, type JobsOptions } from 'bullmq';
import { newTraceId, Trace, withTrace } from '../observability/trace.ts';
import { PermanentFailure, type JobHandler, type JobRequest } from './job.ts';

const DAY_SECONDS = 86_400;

/** How a request is enqueued. Failed jobs are kept long, and by number: they are the evidence. */
export function bullOptions({ contract, id, traceparent }: JobRequest): JobsOptions {
  return {
    jobId: id,
    attempts: contract.attempts,
    backoff: { type: contract.backoff.type, delay: contract.backoff.delayMs, jitter: 0.2 },
    removeOnComplete: { age: DAY_SECONDS, count: 10_000 },
    removeOnFail: { age: 30 * DAY_SECONDS, count: 10_000 },
    ...(traceparent !== undefined && { telemetry: { metadata: traceparent } }),
  };
}

/** Turns stored jobs back into typed calls. */
export function bullProcessor(handlers: readonly JobHandler[]): (job: Job<unknown>) => Promise<void> {
  const byName = new Map(handlers.map((handler) => [handler.contract.name, handler]));
  return async (job) => {
    const handler = byName.get(job.name);
    if (handler === undefined) throw new UnrecoverableError(`No handler for job '${job.name}'`);

    const payload = handler.contract.payload.safeParse(job.data);
    // What does not fit the contract now will not fit it at the next attempt either.
    if (!payload.success) throw new UnrecoverableError(`Invalid payload: ${payload.error.message}`);

    const trace = new Trace(newTraceId(), job.opts.telemetry?.metadata);
    trace.operationId = job.name;
    await withTrace(trace, () => inTime(handler, payload.data));
  };
}

async function inTime(handler: JobHandler, payload: unknown): Promise<void> {
  const signal = AbortSignal.timeout(handler.contract.timeoutMs);
  const late = Promise.withResolvers<never>();
  const giveUp = (): void => {
    late.reject(signal.reason as Error);
  };
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await Promise.race([handler.handle(payload, signal), late.promise]);
  } catch (error) {
    if (error instanceof PermanentFailure) throw new UnrecoverableError(error.message);
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
