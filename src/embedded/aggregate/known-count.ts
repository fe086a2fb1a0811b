import type { Document } from '../bson/codec.ts';
import { countWithoutReading } from '../plan/count.ts';
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
  const found = countWithoutReading(query, view, isInTransaction);
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
