import { expressionFields } from './expression.ts';
import { compileMatcher } from './matcher.ts';
import { parseProjection } from './projection-parse.ts';
import type { Branch } from './projection-parse.ts';
import { isObject } from './value-types.ts';
import type { Fields } from './value-types.ts';

/** What a stage reads of its input, and whether later stages still see fields of the source beside those. */
interface Reading {
  readonly reads: ReadonlySet<string> | 'all';
  /** True where the stage's output holds nothing of its input but what it read. */
  readonly closes: boolean;
}

const EVERYTHING: Reading = { reads: 'all', closes: true };
const NOTHING: Reading = { reads: new Set(), closes: false };

function topField(path: string): string {
  return path.split('.', 1)[0] ?? path;
}

function reading(argument: unknown, closes: boolean): Reading {
  return { reads: expressionFields(argument), closes };
}

function projected({ children }: Branch): Set<string> | 'all' {
  const fields = new Set<string>();
  for (const [name, rule] of children) {
    if (rule.kind === 'drop') continue;
    if (rule.kind !== 'compute') fields.add(name);
    if (rule.kind === 'compute' ? !addAll(fields, rule.reads) : rule.kind === 'branch' && !addBranch(fields, rule))
      return 'all';
  }
  return fields;
}

function addAll(fields: Set<string>, reads: ReadonlySet<string> | 'all'): boolean {
  if (reads === 'all') return false;
  for (const field of reads) fields.add(field);
  return true;
}

/** Expressions below a branch read from the document's root. */
function addBranch(fields: Set<string>, branch: Branch): boolean {
  return [...branch.children.values()].every((rule) => {
    if (rule.kind === 'branch') return addBranch(fields, rule);
    return rule.kind !== 'compute' || addAll(fields, rule.reads);
  });
}

function projectReading(argument: unknown): Reading {
  if (!isObject(argument)) return EVERYTHING;
  const { root, isInclusion } = parseProjection(argument, { isLoose: true }, 'project');
  return isInclusion ? { reads: projected(root), closes: true } : NOTHING;
}

function addFieldsReading(argument: unknown): Reading {
  if (!isObject(argument)) return EVERYTHING;
  const reads = expressionFields(argument);
  // A dotted path reads what stands there before.
  const nested = Object.keys(argument).filter((name) => name.includes('.') || isObject(argument[name]));
  return reads === 'all' ? EVERYTHING : { reads: new Set([...reads, ...nested.map(topField)]), closes: false };
}

type Analyse = (argument: unknown) => Reading;

const STAGES: Readonly<Record<string, Analyse>> = {
  $match: (argument) =>
    isObject(argument) ? { reads: compileMatcher(argument, { isLoose: true }).fields, closes: false } : EVERYTHING,
  $sort: (argument) => ({
    reads: new Set(isObject(argument) ? Object.keys(argument).map(topField) : []),
    closes: false,
  }),
  $limit: () => NOTHING,
  $skip: () => NOTHING,
  $sample: () => NOTHING,
  $project: projectReading,
  $addFields: addFieldsReading,
  $set: addFieldsReading,
  $unset: () => NOTHING,
  $unwind: (argument) => {
    const path = isObject(argument) ? argument.path : argument;
    return typeof path === 'string' ? { reads: new Set([topField(path.slice(1))]), closes: false } : EVERYTHING;
  },
  $group: (argument) => groupReading(argument),
  $bucket: (argument) => groupReading(argument),
  $bucketAuto: (argument) => groupReading(argument),
  $sortByCount: (argument) => reading(argument, true),
  $count: () => ({ reads: new Set(), closes: true }),
  $replaceRoot: (argument) => reading(argument, true),
  $replaceWith: (argument) => reading(argument, true),
  $lookup: (argument) => {
    if (!isObject(argument)) return EVERYTHING;
    const bound = expressionFields(argument.let);
    if (bound === 'all') return EVERYTHING;
    const { localField } = argument;
    return {
      reads: new Set([...bound, ...(typeof localField === 'string' ? [topField(localField)] : [])]),
      closes: false,
    };
  },
  $facet: (argument) => {
    if (!isObject(argument)) return EVERYTHING;
    const fields = new Set<string>();
    const all = Object.values(argument).map((pipeline) =>
      Array.isArray(pipeline) ? requiredFields(pipeline as Fields[]) : 'all',
    );
    return all.every((reads) => addAll(fields, reads)) ? { reads: fields, closes: true } : EVERYTHING;
  },
};

const SORTED: ReadonlySet<string> = new Set(['$top', '$topN', '$bottom', '$bottomN']);

function groupReading(argument: unknown): Reading {
  const base = reading(argument, true);
  if (base.reads === 'all') return base;
  const fields = new Set(base.reads);
  gatherSorts(argument, fields);
  return { reads: fields, closes: true };
}

/** The keys of `sortBy` are paths without a dollar. */
function gatherSorts(value: unknown, fields: Set<string>): void {
  if (!isObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    const sortBy = SORTED.has(name) && isObject(member) ? member.sortBy : undefined;
    if (isObject(sortBy)) for (const path of Object.keys(sortBy)) fields.add(topField(path));
    gatherSorts(member, fields);
  }
}

/**
 * Top-level fields of the source documents that a pipeline can read, so that nothing else need be decoded. `all` unless some stage
 * ($group, an inclusion, $count …) ends the documents' own life, and for stages that are not known here.
 */
export function requiredFields(pipeline: readonly Fields[]): ReadonlySet<string> | 'all' {
  const fields = new Set<string>();
  for (const stage of pipeline) {
    const [name = ''] = Object.keys(stage);
    const analyse = Object.hasOwn(STAGES, name) ? STAGES[name] : undefined;
    if (analyse === undefined) return 'all';
    const { reads, closes } = analyse(stage[name]);
    if (!addAll(fields, reads)) return 'all';
    if (closes) return fields;
  }
  return 'all';
}
