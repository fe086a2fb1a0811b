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

/** What lies behind a row in the ascending order of a field that every row has, and of `_id`; everything where there is none. */
export function behind<T extends { readonly _id: Id }>(field: keyof T & string, last: T | undefined): QueryFilter<T> {
  if (last === undefined) return {};
  const { [field]: value, _id } = last;
  // The branches alone would be tried on every row from the begin: the bound is where the index is entered.
  const filter = {
    [field]: { $gte: value },
    $or: [{ [field]: { $gt: value } }, { [field]: value, _id: { $gt: _id } }],
  };
  return filter;
}
