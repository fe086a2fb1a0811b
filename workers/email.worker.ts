import type { Container } from '../src/container.ts';
import { mailJobs } from '../src/platform/mail/mail.jobs.ts';
import type { WorkerKind } from '../src/platform/queue/worker.ts';

/** Sends mails. */
export function workerKind({ mailStore, mailTransport, effects }: Container): WorkerKind {
  const handlers = mailJobs({ mails: mailStore(), transport: mailTransport(), effects: effects() });
  return { queue: 'email', handlers, concurrency: 10 };
}
