import type { QueryFilter } from 'mongoose';
import type { Id } from '../../shared/ids.ts';

/**
 * Goes through rows page by page: each is a short read of its own, and one page is all that is held.
 * @param limit the most rows of a page
 * @param read the rows behind the last one seen, in an order that does not change, from the first on when none was seen
 * @param from a row behind which to begin, where it is not the first
 */
export async function* keysetPages<T extends L, L = T>(
  limit: number,
  read: (limit: number, last: L | undefined) => Promise<readonly T[]>,
  from?: L,
): AsyncGenerator<readonly T[]> {
  let last: L | undefined = from;
  for (;;) {
    const page = await read(limit, last);
    if (page.length > 0) yield page;
    if (page.length < limit) return;
    last = page.at(-1);
  }
}

type Filter = Record<string, unknown>;

/** Where a row stands by one of the keys that rows are ordered by. */
export interface KeyPosition {
  readonly path: string;
  readonly direction: -1 | 1;
  readonly value: unknown;
  /** Whether every row has the field. */
  readonly isSet: boolean;
}

/** What lies behind a row in the order of the keys, the last of which tells all rows apart. */
export function behindPosition(keys: readonly KeyPosition[]): Filter {
  const branches = keys.map((key, index) => {
    const same = Object.fromEntries(keys.slice(0, index).map(({ path, value }) => [path, value]));
    return { ...same, ...behindKey(key) };
  });
  // The branches alone would be tried on every row from the begin: the bound is where the index is entered.
  return { ...boundOf(keys[0]), $or: branches };
}

/** What lies behind a row in the ascending order of a field that every row has, and of `_id`; everything where there is none. */
export function behind<T extends { readonly _id: Id }>(field: keyof T & string, last: T | undefined): QueryFilter<T> {
  if (last === undefined) return {};
  const ascending = { direction: 1, isSet: true } as const;
  const filter = behindPosition([
    { ...ascending, path: field, value: last[field] },
    { ...ascending, path: '_id', value: last._id },
  ]);
  return filter;
}

function boundOf(first: KeyPosition | undefined): Filter {
  if (first === undefined || first.value === null) return {};
  const { path, direction, value, isSet } = first;
  if (direction === 1) return { [path]: { $gte: value } };
  return isSet ? { [path]: { $lte: value } } : {};
}

/** Null and missing sort before everything else, which `$gt` and `$lt`, that compare within a type, do not know. */
function behindKey({ path, direction, value, isSet }: KeyPosition): Filter {
  if (direction === 1) return { [path]: value === null ? { $ne: null } : { $gt: value } };
  // Nothing is behind null when it comes last.
  if (value === null) return { $expr: false };
  const before = { [path]: { $lt: value } };
  return isSet ? before : { $or: [before, { [path]: null }] };
}
