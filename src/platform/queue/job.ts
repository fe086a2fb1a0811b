import type { z } from 'zod';
import type { Backoff } from './settings.ts';

/** The contract between whoever asks for work and the worker that does it. */
export interface JobContract<P extends z.ZodType = z.ZodType> {
  readonly queue: string;
  readonly name: string;
  /** Ids, not documents: a job is done on the state of when it runs. */
  readonly payload: P;
  /** Where they differ from those of the queue. */
  readonly attempts?: number;
  readonly backoff?: Backoff;
  readonly timeoutMs?: number;
  /** Same work, same id, so that asking twice enqueues once. Must not hold a colon, which BullMQ keeps for itself. */
  idOf(payload: z.output<P>): string;
}

/** A contract and the function that keeps it. Must be harmless to repeat: a queue delivers at least once. */
export interface JobHandler<P extends z.ZodType = z.ZodType> {
  readonly contract: JobContract<P>;
  /**
   * @param signal its time is over
   * @param stopping the worker is told to stop and will not wait much longer: for jobs that would take too long, which
   * then throw `PutOff`
   */
  handle(payload: z.output<P>, signal: AbortSignal, stopping?: AbortSignal): Promise<void>;
}

/** Whether a queue takes it: colons are BullMQ's own, and so are whole numbers. */
export const isJobId = (id: string): boolean => id !== '' && !id.includes(':') && !/^-?\d+$/.test(id);

/** A job to be enqueued, its payload already in the form that travels. */
export interface JobRequest {
  readonly contract: JobContract;
  readonly payload: unknown;
  readonly id: string;
  /** Not before so many milliseconds from now. */
  readonly delayMs?: number;
  /** Before those without one and before those of a higher figure: 1 is the most urgent. */
  readonly priority?: number;
  /** While one of this id was asked for so short ago, in milliseconds, another is not added. */
  readonly deduplication?: { readonly id: string; readonly ttlMs: number };
  /** The trace it belongs to. */
  readonly traceparent?: string;
}

/** When and before what else a job is done. */
export type JobTiming = Pick<JobRequest, 'deduplication' | 'delayMs' | 'priority'>;

export function requestJob<P extends z.ZodType>(
  contract: JobContract<P>,
  payload: z.output<P>,
  timing: JobTiming = {},
): JobRequest {
  return { contract, payload: contract.payload.encode(payload), id: contract.idOf(payload), ...timing };
}

/** Checks one handler against its own contract, then forgets the types: a worker holds handlers of all kinds. */
export function jobHandler<P extends z.ZodType>(handler: JobHandler<P>): JobHandler {
  return handler;
}

/** Thrown by a handler for what no further attempt can mend. */
export class PermanentFailure extends Error {
  override readonly name = 'PermanentFailure';
}

/**
 * Thrown by a handler for what somebody else refuses for now, and may take in an hour: it costs an attempt, of which there are more
 * than of those that fail, with pauses that go on growing.
 */
export class RefusedForNow extends Error {}

/** Thrown by a handler for what was not tried, or could not be by no fault of the job: it costs no attempt. */
export class PutOff extends Error {
  override readonly name = 'PutOff';
  /** In how many milliseconds the job is to be taken up again. */
  readonly delayMs: number;

  constructor(reason: string, delayMs: number, options?: ErrorOptions) {
    super(reason, options);
    this.delayMs = delayMs;
  }
}
