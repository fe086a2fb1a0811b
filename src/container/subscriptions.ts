import { mailSubscriptions } from '../platform/mail/mail.jobs.ts';
import { mergeSubscriptions } from '../platform/outbox/subscription.ts';

/** What follows from each event. A feature's own table is added here. */
export const subscriptions = mergeSubscriptions(mailSubscriptions);

/** Every queue that jobs are put into; each is drained by the worker of its name. */
export const queues = ['email'] as const;
