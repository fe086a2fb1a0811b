import { isJobId, type JobRequest } from '../queue/job.ts';
import type { Event, EventRow } from './event.ts';

/** What follows from one type of event. Pure, so that the relay may carry it out any number of times. */
export interface Subscription<E extends Event = Event> {
  // Methods, not function properties: only so does an entry for one event fit a table of all of them.
  jobs(event: EventRow<E>): readonly JobRequest[];
  tags(event: EventRow<E>): readonly string[];
}

/** Of what is told of for the audit log only. */
export const nothingFollows: Subscription = { jobs: () => [], tags: () => [] };

/** Event type -> what follows. The features' tables are merged into one, which every relay reads. */
export type Subscriptions = Readonly<Record<string, Subscription>>;

/** What else follows from events of others, such as that they are counted: added to what follows anyway. */
export function alsoFollowing(table: Subscriptions, more: Subscriptions): Subscriptions {
  const added = Object.entries(more).map(([type, second]): [string, Subscription] => {
    const first = table[type];
    if (first === undefined) throw new Error(`There is no event ${type} to follow`);
    return [
      type,
      {
        jobs: (event) => [...first.jobs(event), ...second.jobs(event)],
        tags: (event) => [...first.tags(event), ...second.tags(event)],
      },
    ];
  });
  return { ...table, ...Object.fromEntries(added) };
}

/** One table out of those of the features. @throws Error when two of them claim an event type */
export function mergeSubscriptions(...tables: readonly Subscriptions[]): Subscriptions {
  const merged: Record<string, Subscription> = {};
  for (const [type, subscription] of tables.flatMap((table) => Object.entries(table))) {
    if (type in merged) throw new Error(`Two subscriptions for the event ${type}`);
    merged[type] = subscription;
  }
  return merged;
}

/**
 * What follows from one event.
 * @throws Error when the table does not know it, or when no queue would take a job of it: asked for together with others, it would
 * have all of them refused, and again at each attempt
 */
export function followUpOf(
  table: Subscriptions,
  event: EventRow,
): { readonly jobs: readonly JobRequest[]; readonly tags: readonly string[] } {
  const subscription = table[event.type];
  // A newer version of the program may have written it, and its own relay knows.
  if (subscription === undefined) throw new Error(`No subscription for the event ${event.type}`);
  const jobs = subscription.jobs(event);
  for (const { contract, id } of jobs) if (!isJobId(id)) throw new Error(`'${id}' is no id for a job ${contract.name}`);
  return { jobs, tags: subscription.tags(event) };
}
