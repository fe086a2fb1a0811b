import type { Document } from '../bson/codec.ts';
import { keyRanges } from '../plan/access.ts';
import type { Query } from '../plan/query.ts';
import { isObject } from '../query/value-types.ts';
import type { View } from '../storage/view.ts';
import type { Aggregation } from './aggregation.ts';

/**
 * The result of a pipeline that only counts, such as the driver's `countDocuments`, where an index or the size of the
 * collection says it.
 */
export function knownCount(
  { query, head }: Aggregation,
  view: View,
  isInTransaction: boolean,
): readonly Document[] | undefined {
  const [stage, ...others] = head.rest;
  const shape = stage === undefined || others.length > 0 ? undefined : countShape(stage);
  if (shape === undefined || query === undefined) return undefined;
  const found = matching(query, view, isInTransaction);
  if (found === undefined) return undefined;
  const rest = Math.max(0, found - head.skip);
  const counted = head.limit > 0 ? Math.min(rest, head.limit) : rest;
  return counted === 0 ? [] : [shape(counted)];
}

/** What a stage makes of the number of documents, if that is all that it makes. */
function countShape(stage: Document): ((count: number) => Document) | undefined {
  const { $count, $group } = stage;
  if (typeof $count === 'string') return (count) => ({ [$count]: count });
  if (!isObject($group)) return undefined;
  const { _id: id = null, ...fields } = $group;
  const [[name, sum] = [''], ...others] = Object.entries(fields);
  const isConstant = typeof id === 'number' || id === null;
  if (!isConstant || others.length > 0 || !isObject(sum) || sum.$sum !== 1) return undefined;
  return (count) => ({ _id: id, [name]: count });
}

function matching({ plan, collection }: Query, view: View, isInTransaction: boolean): number | undefined {
  const { access, isExact } = plan;
  if (!isExact) return undefined;
  if (access.kind === 'collection') return isInTransaction ? undefined : collection.size.documents;
  // An index with arrays holds a document more than once.
  if (access.kind !== 'index' || access.index.arrayPaths.size > 0) return undefined;
  const { ranges, seekFields } = keyRanges(access.index, access.bounds);
  if (access.bounds.fields.slice(seekFields).some(({ isConstrained }) => isConstrained)) return undefined;
  return ranges.reduce((count, { from, to }) => count + view.count(access.index.tree, from, to), 0);
}
