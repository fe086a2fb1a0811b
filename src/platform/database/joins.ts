import type { PipelineStage } from 'mongoose';
import type { Scope } from '../../shared/scope.ts';
import { filterFor, ScopeError, type ScopeFilter, type ScopeFilters } from './scope-filter.ts';

/** A collection that others may reach out to. */
export interface Joinable {
  /** Of the model, as `ref` names it. */
  readonly name: string;
  readonly collection: string;
  readonly scopes: ScopeFilters;
}

type Stage = Readonly<Record<string, unknown>>;

interface Reach {
  readonly scope: Scope;
  readonly joins: readonly Joinable[];
}

/**
 * A pipeline with the scope's filter in front, and that of each joined collection in front of its part of it. A new
 * one: a pipeline kept as a constant must not keep the tenant of its last use.
 */
export function scopePipeline(
  pipeline: readonly PipelineStage[],
  scope: Scope,
  filter: ScopeFilter,
  joins: readonly Joinable[],
): PipelineStage[] {
  const first = Object.keys(pipeline[0] ?? {})[0] ?? '';
  // These must come first, where the filter has to be, and see more than it lets through.
  if (UNFILTERED.has(first)) throw new ScopeError(`${first} leaves the scope of this model`);
  const stages = guard(pipeline as unknown as readonly Stage[], { scope, joins });
  return [{ $match: filter }, ...stages] as unknown as PipelineStage[];
}

const UNFILTERED: ReadonlySet<string> = new Set(['$changeStream', '$collStats', '$geoNear', '$indexStats', '$search']);

function guard(stages: readonly Stage[], reach: Reach): Stage[] {
  return stages.map((stage) =>
    Object.fromEntries(
      Object.entries(stage).map(([name, body]) => [name, GUARDS[name]?.(body as Stage, reach) ?? body]),
    ),
  );
}

/** What becomes of the stages that reach other collections. Those that are not named stay within this one. */
const GUARDS: Readonly<Record<string, (body: Stage, reach: Reach) => Stage>> = {
  $facet: (branches, reach) =>
    Object.fromEntries(Object.entries(branches).map(([name, branch]) => [name, guard(branch as Stage[], reach)])),
  $lookup: (body, reach) => ({ ...body, pipeline: joined(body, body.from, reach) }),
  $unionWith(body, reach) {
    const { coll = body as unknown } = body;
    return { coll, pipeline: joined(body, coll, reach) };
  },
  $graphLookup(body, reach) {
    const own = body.restrictSearchWithMatch ?? {};
    return { ...body, restrictSearchWithMatch: { $and: [own, filterOf(body.from, reach)] } };
  },
  $merge(body, reach) {
    if (reach.scope.kind !== 'system') throw new ScopeError('$merge is for the system scope only');
    filterOf(body.into, reach);
    return body;
  },
  $out() {
    throw new ScopeError('$out replaces a collection for all tenants');
  },
};

function joined({ pipeline = [] }: Stage, collection: unknown, reach: Reach): Stage[] {
  return [{ $match: filterOf(collection, reach) }, ...guard(pipeline as Stage[], reach)];
}

function filterOf(collection: unknown, { scope, joins }: Reach): ScopeFilter {
  const target = joins.find((candidate) => candidate.collection === collection);
  if (target === undefined) throw new ScopeError(`${String(collection)} is not among the joins of this model`);
  return filterFor(target.scopes, scope);
}
