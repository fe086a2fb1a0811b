import type { Container } from '../src/container.ts';
import { auditJobs } from '../src/features/audit/jobs.ts';
import type { WorkerKind } from '../src/platform/queue/worker.ts';

/** Chains the entries of the audit log. */
export function workerKind({ auditChainer }: Container): WorkerKind {
  return { queue: 'audit', handlers: auditJobs(auditChainer()) };
}
