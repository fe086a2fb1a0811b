import type { View } from '../storage/view.ts';
import { keyRanges } from './access.ts';
import type { Query } from './query.ts';

/**
 * The number of documents that match, where an index alone, or the size of the collection, says it.
 * @param isInTransaction whether the view may differ from what the collection's size counts
 */
export function countWithoutReading(
  { plan, collection }: Query,
  view: View,
  isInTransaction: boolean,
): number | undefined {
  const { access, isExact } = plan;
  if (!isExact) return undefined;
  if (access.kind === 'collection') return isInTransaction ? undefined : collection.size.documents;
  // An index with arrays holds a document more than once.
  if (access.kind !== 'index' || access.index.arrayPaths.size > 0) return undefined;
  const { ranges, seekFields } = keyRanges(access.index, access.bounds);
  if (access.bounds.fields.slice(seekFields).some(({ isConstrained }) => isConstrained)) return undefined;
  return ranges.reduce((count, { from, to }) => count + view.count(access.index.tree, from, to), 0);
}
