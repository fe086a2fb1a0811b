import type { Connection, QueryFilter } from 'mongoose';
import type { DeclaredCollection, ScopedModel } from './collection.ts';
import { asSystem } from './scoped.ts';

/** What a collection holds that the database should have removed by itself. */
export interface Overdue {
  readonly collection: string;
  /** Removes at most `limit` documents. @returns how many */
  remove(now: Date, limit: number): Promise<number>;
}

/** Whatever else it holds. */
interface Row {
  readonly _id: unknown;
}

const access = asSystem('removal of what has expired');

/**
 * The index of a collection by which its documents expire, if it has one, with what to do when the database does not keep up with
 * it, or cannot, such as after the index was lost.
 * @param graceMs how long after its time a document counts as overdue, in milliseconds
 */
export function overdueOf(stored: DeclaredCollection, connection: Connection, graceMs: number): Overdue[] {
  const { collection, indexes } = stored;
  return indexes.flatMap(({ key, expireAfterSeconds }) => {
    const [field] = Object.keys(key);
    if (expireAfterSeconds === undefined || field === undefined) return [];
    return [
      {
        collection,
        remove: (now, limit) => {
          const before = new Date(now.getTime() - graceMs - expireAfterSeconds * 1_000);
          return removeBefore(stored.on(connection) as ScopedModel<Row>, field, before, limit);
        },
      },
    ];
  });
}

async function removeBefore(model: ScopedModel<Row>, field: string, before: Date, limit: number): Promise<number> {
  const old = { [field]: { $lt: before } } as QueryFilter<Row>;
  const found = await model.find(old, { _id: 1 }, access).limit(limit).lean<Row[]>();
  if (found.length === 0) return 0;
  return (await model.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } }, access)).deletedCount;
}
