import type { Document } from '../bson/codec.ts';
import type { AccessPlan } from '../plan/access.ts';
import { keyRanges } from '../plan/access.ts';
import type { Query } from '../plan/query.ts';
import { isObject } from '../query/value-types.ts';
import type { View } from '../storage/view.ts';
import type { Aggregation } from './aggregation.ts';
import type { Sources } from './sources.ts';

/** How many documents an aggregation will read at least; counted no further than `most`. */
export function candidatesOf({ query, head, context }: Aggregation, view: View, most: number): number {
  const own = query === undefined ? 0 : queryCandidates(query, view, most);
  return own > most ? own : own + foreignCandidates(head.rest, context.sources, context.database);
}

function queryCandidates(query: Query, view: View, most: number): number {
  const { plan, spec, collection } = query;
  const found = accessCandidates(plan.access, view, collection.size.documents, most);
  const wanted = (spec.limit ?? 0) + (spec.skip ?? 0);
  return plan.isExact && plan.isSorted && (spec.limit ?? 0) > 0 ? Math.min(found, wanted) : found;
}

function accessCandidates(access: AccessPlan, view: View, documents: number, most: number): number {
  switch (access.kind) {
    case 'collection':
      return documents;
    case 'index':
      return rangeCandidates(access, view, most);
    case 'union':
      return access.branches.reduce((sum, branch) => sum + accessCandidates(branch, view, documents, most), 0);
    default:
      return 1;
  }
}

function rangeCandidates({ index, bounds }: Extract<AccessPlan, { kind: 'index' }>, view: View, most: number): number {
  let found = 0;
  for (const { from, to } of keyRanges(index, bounds).ranges) {
    found += view.scan(index.tree, { from, to, reverse: false, limit: most + 1 - found, keysOnly: true }).length;
    if (found > most) break;
  }
  return found;
}

/** Collections that a stage may read as a whole count with all their documents. */
function foreignCandidates(stages: readonly Document[], sources: Sources, database: string): number {
  let sum = 0;
  for (const stage of stages) {
    for (const [name, argument] of Object.entries(stage)) {
      sum += stageCandidates(name, argument, sources, database);
      if (name === '$facet' && isObject(argument)) {
        for (const inner of Object.values(argument)) sum += foreignCandidates(inner as Document[], sources, database);
      }
    }
  }
  return sum;
}

function stageCandidates(name: string, argument: unknown, sources: Sources, database: string): number {
  const sizeOf = (collection: unknown): number =>
    typeof collection === 'string' ? sources.size(sources.resolve(`${database}.${collection}`).namespace) : 0;
  if (name === '$unionWith') return sizeOf(isObject(argument) ? argument.coll : argument);
  if (!isObject(argument)) return 0;
  if (name !== '$lookup' && name !== '$graphLookup') return 0;
  const path = name === '$lookup' ? argument.foreignField : argument.connectToField;
  const isServed = typeof path === 'string' && sources.isIndexed(`${database}.${String(argument.from)}`, path);
  return isServed ? 0 : sizeOf(argument.from);
}
