import type { Container } from '../src/container.ts';
import { identityJobs } from '../src/features/identity/jobs.ts';
import { merchantJobs } from '../src/features/merchants/jobs.ts';
import { orderMailJobs } from '../src/features/orders/jobs.ts';
import { mailJobs } from '../src/platform/mail/mail.jobs.ts';
import type { WorkerKind } from '../src/platform/queue/worker.ts';

/** Sends mails. */
export function workerKind(container: Container): WorkerKind {
  const { config, now, links, sendOnce, mailStore, mailBreaker, mailTransport, effects, health } = container;
  health().register(mailBreaker().healthCheck());
  const { userReads, accountLetters, merchantReads, invitationReads, orderReads, queue, transact } = container;
  const shared = {
    users: userReads(),
    links: links(),
    publicUrl: config.http.publicUrl,
    sendOnce: sendOnce(),
    now,
  };
  const handlers = [
    ...mailJobs({ mails: mailStore(), transport: mailTransport(), effects: effects() }),
    ...identityJobs({ ...shared, letters: accountLetters() }),
    ...merchantJobs({ ...shared, merchants: merchantReads(), invitations: invitationReads() }),
    ...orderMailJobs({
      ...shared,
      transact: transact(),
      effects: effects(),
      queue: queue(),
      reads: orderReads(),
      customers: userReads(),
      stores: merchantReads(),
    }),
  ];
  return { queue: 'email', handlers };
}
