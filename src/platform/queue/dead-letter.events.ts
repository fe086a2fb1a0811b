import { newId } from '../../shared/ids.ts';
import type { Event } from '../outbox/event.ts';
import type { Subscription, Subscriptions } from '../outbox/subscription.ts';
import type { JobContract, JobRequest } from './job.ts';

/** A job that operators have done again, its payload in the form that travels. */
export interface ReplayedJob {
  readonly name: string;
  readonly payload: unknown;
  readonly id: string;
}

export type JobsReplayed = Event<'dead-letters.replayed', { readonly jobs: readonly ReplayedJob[] }>;

export const jobsReplayed = (jobs: readonly ReplayedJob[]): JobsReplayed => ({
  type: 'dead-letters.replayed',
  version: 1,
  aggregateId: newId(),
  data: { jobs },
});

/** What follows from a replay: the jobs themselves. @param contracts of every job that there is */
export function deadLetterSubscriptions(contracts: readonly JobContract[]): Subscriptions {
  const byName = new Map(contracts.map((contract) => [contract.name, contract]));
  const replayed: Subscription<JobsReplayed> = {
    jobs: ({ data }) =>
      data.jobs.map(({ name, payload, id }): JobRequest => {
        const contract = byName.get(name);
        if (contract === undefined) throw new Error(`There is no job ${name}`);
        return { contract, payload, id };
      }),
    tags: () => [],
  };
  return { 'dead-letters.replayed': replayed };
}
