import { z } from 'zod';
import { Id } from '../../shared/ids.ts';
import { SECOND_MS } from '../../shared/time.ts';
import type { Event } from '../outbox/event.ts';
import type { Subscription, Subscriptions } from '../outbox/subscription.ts';
import type { Effects } from '../queue/effects.ts';
import { jobHandler, PermanentFailure, requestJob, type JobContract, type JobHandler } from '../queue/job.ts';
import type { MailStore, StoredMail } from './mail.store.ts';
import type { MailTransport, OutgoingMail } from './transport.ts';

const SEND_MS = 30 * SECOND_MS;

const MailRef = z.strictObject({ mailId: Id });

export const sendMail: JobContract<typeof MailRef> = {
  queue: 'email',
  name: 'mail.send',
  payload: MailRef,
  timeoutMs: SEND_MS,
  idOf: ({ mailId }) => `mail.send-${Id.encode(mailId)}`,
};

export type MailRequested = Event<'mail.requested'>;

export const mailRequested = (mailId: Id): MailRequested => ({
  type: 'mail.requested',
  version: 1,
  aggregateId: mailId,
  data: {},
});

export const mailSubscriptions = {
  'mail.requested': {
    jobs: ({ aggregateId }) => [requestJob(sendMail, { mailId: aggregateId })],
    tags: () => [],
  } satisfies Subscription<MailRequested>,
} satisfies Subscriptions;

export interface MailJobDeps {
  readonly mails: Pick<MailStore, 'find' | 'markSent'>;
  readonly transport: Pick<MailTransport, 'send'>;
  readonly effects: Pick<Effects, 'once'>;
}

export function mailJobs({ mails, transport, effects }: MailJobDeps): readonly JobHandler[] {
  return [
    jobHandler({
      contract: sendMail,
      async handle({ mailId }, signal) {
        await effects.once(sendMail.idOf({ mailId }), SEND_MS, async () => {
          const mail = await mails.find(mailId);
          if (mail === undefined) throw new PermanentFailure('The mail is gone: it was asked for too long ago');
          // Sent so long ago that its effect is not kept any more.
          if (mail.sentAt !== null) return;
          await transport.send(outgoing(mail), signal);
        });
        // Apart: what fails here is repeated by the next attempt, and the mail is not.
        await mails.markSent(mailId);
      },
    }),
  ];
}

function outgoing({ _id, to, subject, body, html, unsubscribeUrl }: StoredMail): OutgoingMail {
  return {
    to,
    subject,
    body: body ?? '',
    ...(html !== null && { html }),
    // Of a mail stored before there was the field it is undefined.
    ...(unsubscribeUrl != null && { unsubscribeUrl }),
    // The same at each attempt, so that a mail sent twice can be told as one.
    id: Id.encode(_id),
  };
}
