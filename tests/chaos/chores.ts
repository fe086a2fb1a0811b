import { z } from 'zod';
import { storedCollection } from '../../src/platform/database/collection.ts';
import type { JobContract } from '../../src/platform/queue/job.ts';

/** How often a chore was done: the effect that is counted. */
export interface Chore {
  _id: string;
  done: number;
}

export const chores = storedCollection<Chore>({
  name: 'Chore',
  collection: 'chores',
  fields: { _id: { type: String, required: true }, done: { type: Number, required: true } },
  scopes: { system: () => ({}) },
  indexes: [],
});

const Named = z.strictObject({ name: z.string() });

// In a queue of the table, since workers and dead letters know no other.
const choreOf = (name: string): JobContract<typeof Named> => ({
  queue: 'payments',
  name,
  payload: Named,
  idOf: (payload) => `${name}-${payload.name}`,
});

/** Counts, in one transaction with its effect. */
export const count = choreOf('chore.count');
/** Begins at once, counts after a while. */
export const slow = choreOf('chore.slow');
/** Kills whoever tries it. */
export const poison = choreOf('chore.poison');
