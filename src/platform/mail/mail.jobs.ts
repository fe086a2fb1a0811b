import { z } from 'zod';
import { Id } from '../../shared/ids.ts';
import { SECOND_MS } from '../../shared/time.ts';
import type { Event } from '../outbox/event.ts';
import type { Subscription, Subscriptions } from '../outbox/subscription.ts';
import type { Effects } from '../queue/effects.ts';
import { jobHandler, requestJob, type JobContract, type JobHandler } from '../queue/job.ts';
import type { MailStore } from './mail.store.ts';
import type { MailTransport } from './transport.ts';

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
  readonly mails: Pick<MailStore, 'findUnsent' | 'markSent'>;
  readonly transport: Pick<MailTransport, 'send'>;
  readonly effects: Pick<Effects, 'once'>;
}

export function mailJobs({ mails, transport, effects }: MailJobDeps): readonly JobHandler[] {
  return [
    jobHandler({
      contract: sendMail,
      async handle({ mailId }, signal) {
        const id = Id.encode(mailId);
        await effects.once(sendMail.idOf({ mailId }), SEND_MS, async () => {
          const mail = await mails.findUnsent(mailId);
          // Erased in the meantime, or sent and only not noted as an effect.
          if (mail === undefined) return;
          const { to, subject, body, html, unsubscribeUrl } = mail;
          const outgoing = {
            to,
            subject,
            body: body ?? '',
            ...(html !== null && { html }),
            // Of a mail stored before there was the field it is undefined.
            ...(unsubscribeUrl != null && { unsubscribeUrl }),
            // The same at each attempt, so that a mail sent twice can be told as one.
            id,
          };
          await transport.send(outgoing, signal);
          await mails.markSent(mailId);
        });
      },
    }),
  ];
}
