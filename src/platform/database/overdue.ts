import type { QueryFilter } from 'mongoose';
import type { ScopedModel, StoredCollection } from './collection.ts';
import type { Connection } from 'mongoose';
import { asSystem } from './scoped.ts';

/** What a collection holds that the database should have removed by itself. */
export interface Overdue {
  readonly collection: string;
  /** Removes at most `limit` documents. @returns how many */
  remove(now: Date, limit: number): Promise<number>;
}

const access = asSystem('removal of what has expired');

/**
 * The collections that have an index by which documents expire, each with what to do when the database does not keep up
 * with it, or cannot, such as after an index was lost.
 * @param graceMs how long after its time a document counts as overdue, in milliseconds
 */
export function overdueOf<T>(stored: StoredCollection<T>, connection: Connection, graceMs: number): Overdue[] {
  const { collection, indexes } = stored;
  return indexes.flatMap(({ key, expireAfterSeconds }) => {
    const [field] = Object.keys(key);
    if (expireAfterSeconds === undefined || field === undefined) return [];
    return [
      {
        collection,
        remove: (now, limit) => {
          const before = new Date(now.getTime() - graceMs - expireAfterSeconds * 1_000);
          return removeBefore(stored.on(connection), field, before, limit);
        },
      },
    ];
  });
}

async function removeBefore<T>(model: ScopedModel<T>, field: string, before: Date, limit: number): Promise<number> {
  const old = { [field]: { $lt: before } } as QueryFilter<T>;
  const found = await model.find(old, { _id: 1 }, access).limit(limit).lean<{ _id: unknown }[]>();
  if (found.length === 0) return 0;
  const ids = { _id: { $in: found.map(({ _id }) => _id) } } as QueryFilter<T>;
  return (await model.deleteMany(ids, access)).deletedCount;
}
