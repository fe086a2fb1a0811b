import type { Event } from '../../platform/outbox/event.ts';
import type { Subscription, Subscriptions } from '../../platform/outbox/subscription.ts';
import { requestJob } from '../../platform/queue/job.ts';
import type { Id } from '../../shared/ids.ts';
import { sendAccountLetter } from './jobs.ts';
import { phoneSubscriptions } from './phone.events.ts';

/** A mail about an account was asked for; the row of that id says which and whose. */
export type AccountLetterRequested = Event<'account.letter-requested', Record<string, never>>;

export const letterRequested = (letterId: Id): AccountLetterRequested => ({
  type: 'account.letter-requested',
  version: 1,
  aggregateId: letterId,
  data: {},
});

export const identitySubscriptions = {
  'account.letter-requested': {
    jobs: ({ aggregateId }) => [requestJob(sendAccountLetter, { letterId: aggregateId })],
    tags: () => [],
  },
  ...phoneSubscriptions,
} satisfies Record<AccountLetterRequested['type'], Subscription<AccountLetterRequested>> & Subscriptions;
