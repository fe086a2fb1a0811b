import type { Job } from 'bullmq';
import { redactText } from '../observability/redact.ts';

/** How a job fares. */
export interface JobFate {
  readonly state: 'done' | 'failed' | 'running' | 'waiting';
  readonly reason?: string;
  readonly finishedAt?: Date;
  readonly durationMs?: number;
}

const STATES: Readonly<Record<string, JobFate['state']>> = { completed: 'done', failed: 'failed', active: 'running' };

/** How a job fares now; its reason as it may be shown. */
export async function fateOf(job: Job<unknown>): Promise<JobFate> {
  const state = STATES[await job.getState()] ?? 'waiting';
  // Its type says otherwise: of a job that has not failed there is no reason.
  const { failedReason, processedOn, finishedOn } = job as Partial<Job<unknown>>;
  return {
    state,
    // Of a job that waits: why its last attempt failed.
    ...(failedReason !== undefined && failedReason !== '' && { reason: redactText(failedReason) }),
    ...(finishedOn !== undefined && { finishedAt: new Date(finishedOn) }),
    ...(finishedOn !== undefined && processedOn !== undefined && { durationMs: finishedOn - processedOn }),
  };
}
