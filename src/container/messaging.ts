import type { Config } from '../config/index.ts';
import { uncached } from '../platform/cache/uncached.ts';
import type { SendOnce } from '../platform/mail/letter.ts';
import { smtpTransport, type MailTransport } from '../platform/mail/transport.ts';
import type { Logger } from '../platform/observability/logger.ts';
import { outbox } from '../platform/outbox/event.store.ts';
import { OutboxRelay } from '../platform/outbox/relay.ts';
import { crashAt } from '../platform/process/crash-points.ts';
import { Effects, effects } from '../platform/queue/effects.ts';
import type { Outlets } from '../platform/queue/outlets.ts';
import { QueueService } from '../platform/queue/queue.service.ts';
import type { connectionParts } from './connections.ts';
import type { Part, Parts } from './parts.ts';
import { queues } from './queues.ts';
import { subscriptions } from './subscriptions.ts';
import type { writeParts } from './writes.ts';

/** What carries out what follows from changes: the relay from the outbox to the queues, and what workers do it with. */
export function messagingParts(
  parts: Parts,
  config: Config,
  logger: Part<Logger>,
  { database }: ReturnType<typeof connectionParts>,
  { now, transact, appendEvent, mailStore, hasRelay }: ReturnType<typeof writeParts>,
  outlets: () => Outlets,
) {
  const { queueUrl: url, password } = config.redis;
  const queueSettings = { redis: { url, password }, prefix: config.queue.prefix, queues };

  const queue = parts.part(
    () => {
      const writing = { transact: transact(), appendEvent: appendEvent(), mails: mailStore() };
      const service = new QueueService({ ...queueSettings, ...writing, outlets: outlets(), now });
      void service.initialize();
      return service;
    },
    (service) => service.close(),
  );

  const relay = parts.part(
    () => {
      const jobQueue = queue();
      const made = new OutboxRelay({
        events: outbox.on(database().primary),
        subscriptions,
        enqueue: (jobs) => jobQueue.enqueue(jobs),
        losses: jobQueue.losses,
        reached: crashAt(config.crashAt),
        invalidate: (tags) => uncached.invalidate(tags),
        logger: logger(),
        now,
      });
      hasRelay(made);
      return made;
    },
    (made) => made.stop(),
  );

  const effectsDone = parts.part(() => new Effects({ effects: effects.on(database().primary), now }));
  const mailTransport = parts.part(
    () => smtpTransport(config.mail),
    (transport) => {
      transport.close();
    },
  );

  return {
    queue,
    relay,
    effects: effectsDone,
    mailTransport,
    sendOnce: parts.part(() => lettersOnce(effectsDone(), mailTransport())),
    /** What workers connect to. */
    queueSettings,
  };
}

const MAIL_MS = 30_000;

/** A letter's effect is its mail: the same id for both, so that one sent twice after all can be told as one. */
function lettersOnce(done: Effects, transport: MailTransport): SendOnce {
  return async ({ to, subject, text, html }, effectId) => {
    await done.once(effectId, MAIL_MS, () => transport.send({ to, subject, body: text, html, id: effectId }));
  };
}
