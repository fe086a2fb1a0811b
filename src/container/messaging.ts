import type { Config } from '../config/index.ts';
import type { Logger } from '../platform/observability/logger.ts';
import { outbox } from '../platform/outbox/event.store.ts';
import { OutboxRelay } from '../platform/outbox/relay.ts';
import { crashAt } from '../platform/process/crash-points.ts';
import type { Outlets } from '../platform/queue/outlets.ts';
import { QueueService } from '../platform/queue/queue.service.ts';
import { scheduleStates, ScheduleStore } from '../platform/queue/schedule.store.ts';
import { SECOND_MS } from '../shared/time.ts';
import type { cacheParts } from './cache.ts';
import type { connectionParts } from './connections.ts';
import type { Part, Parts } from './parts.ts';
import { queues } from './queues.ts';
import { schedules } from './schedules.ts';
import { subscriptions } from './subscriptions.ts';
import type { writeParts } from './writes.ts';

type Writing = ReturnType<typeof cacheParts> & ReturnType<typeof writeParts>;

/** What carries out what follows from changes: the relay from the outbox to the queues, and what workers do it with. */
export function messagingParts(
  parts: Parts,
  config: Config,
  logger: Part<Logger>,
  { database }: ReturnType<typeof connectionParts>,
  { cache, now, transact, appendEvent, mailStore, hasRelay }: Writing,
  outlets: () => Outlets,
) {
  const { queueUrl: url, password } = config.redis;
  const queueSettings = { redis: { url, password }, prefix: config.queue.prefix, queues: limited(config) };

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
      const [jobQueue, kept] = [queue(), cache()];
      const slots = new ScheduleStore(scheduleStates.on(database().primary));
      const made = new OutboxRelay({
        events: outbox.on(database().primary),
        subscriptions,
        enqueue: (jobs) => jobQueue.enqueue(jobs),
        losses: jobQueue.losses,
        outdated: () => slots.supersededSlots(schedules.map(({ name }) => name)),
        reached: crashAt(config.crashAt),
        invalidate: (tags) => kept.invalidate(tags),
        logger: logger(),
        now,
      });
      hasRelay(made);
      return made;
    },
    (made) => made.stop(),
  );

  return {
    queue,
    relay,
    /** What workers connect to. */
    queueSettings,
  };
}

/** The table of queues, with what the providers of mails and text messages take in a second. */
function limited({ mail, sms }: Config) {
  const perSecond = (max: number) => ({ rateLimit: { max, duration: SECOND_MS } });
  return {
    ...queues,
    email: { ...queues.email, ...perSecond(mail.perSecond) },
    sms: { ...queues.sms, ...perSecond(sms.perSecond) },
  };
}
