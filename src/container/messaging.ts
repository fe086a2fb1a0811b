import type { Config } from '../config/index.ts';
import { uncached } from '../platform/cache/uncached.ts';
import { mongoTransact } from '../platform/database/transaction.ts';
import { keptAnswers } from '../platform/idempotency/answer.store.ts';
import { Idempotency } from '../platform/idempotency/once.ts';
import { MailStore, mails } from '../platform/mail/mail.store.ts';
import { smtpTransport } from '../platform/mail/transport.ts';
import type { Logger } from '../platform/observability/logger.ts';
import { eventAppender, outbox } from '../platform/outbox/event.store.ts';
import { OutboxRelay } from '../platform/outbox/relay.ts';
import { Effects, effects } from '../platform/queue/effects.ts';
import { QueueService } from '../platform/queue/queue.service.ts';
import type { connectionParts } from './connections.ts';
import type { Part, Parts } from './parts.ts';
import { queues, subscriptions } from './subscriptions.ts';

/** How a change is made: once, in a transaction, with its events; and what carries out what follows from those. */
export function messagingParts(
  parts: Parts,
  config: Config,
  logger: Part<Logger>,
  { database }: ReturnType<typeof connectionParts>,
) {
  const now = () => new Date();
  const primary = () => database().primary;
  const redis = { url: config.redis.queueUrl, password: config.redis.password };
  /** Set by the relay of this process, if it runs one. */
  let wakeRelay = (): void => undefined;

  const idempotency = parts.part(() => new Idempotency({ answers: keptAnswers.on(primary()), now }));
  const transact = parts.part(() => mongoTransact(primary(), idempotency().keepAnswer));
  const appendEvent = parts.part(() =>
    eventAppender({
      events: outbox.on(primary()),
      now,
      committed: () => {
        wakeRelay();
      },
    }),
  );
  const mailStore = parts.part(() => new MailStore({ mails: mails.on(primary()), now }));

  const queue = parts.part(
    () => {
      const service = new QueueService({
        redis,
        prefix: config.queue.prefix,
        queues,
        transact: transact(),
        appendEvent: appendEvent(),
        mails: mailStore(),
        now,
      });
      void service.initialize();
      return service;
    },
    (service) => service.close(),
  );

  const relay = parts.part(
    () => {
      const jobQueue = queue();
      const made = new OutboxRelay({
        events: outbox.on(primary()),
        subscriptions,
        enqueue: (jobs) => jobQueue.enqueue(jobs),
        invalidate: (tags) => uncached.invalidate(tags),
        logger: logger(),
        now,
      });
      wakeRelay = () => {
        made.nudge();
      };
      return made;
    },
    (made) => made.stop(),
  );

  return {
    now,
    idempotency,
    transact,
    appendEvent,
    mailStore,
    queue,
    relay,
    effects: parts.part(() => new Effects({ effects: effects.on(primary()), now })),
    mailTransport: parts.part(
      () => smtpTransport(config.mail),
      (transport) => {
        transport.close();
      },
    ),
    /** What workers connect to. */
    queueSettings: { redis, prefix: config.queue.prefix },
  };
}
