import type { Options } from 'mingo/types';
import { Lazy } from 'mingo/lazy';
import type { Iterator } from 'mingo/lazy';
import { CommandError } from '../errors.ts';
import { compareWith, parseCollation } from './collation.ts';
import type { Collation } from './collation.ts';
import { compileLoosely } from './expression.ts';
import type { Scope } from './expression-scope.ts';
import { Grouping } from './group.ts';
import { compileMatcher } from './matcher.ts';
import { parseAddFields, parseProjection } from './projection-parse.ts';
import type { ParsedProjection } from './projection-parse.ts';
import { inObject } from './projection.ts';
import { compileSort } from './sort.ts';
import { textScoreOf } from './text-scores.ts';
import { unwind } from './unwind.ts';
import { isObject } from './value-types.ts';
import type { Fields } from './value-types.ts';

/** A stage as mingo calls it. */
export type Stage = (documents: Iterator, argument: never, options: Options) => Iterator;

interface Locals {
  readonly local?: { readonly variables?: Fields };
  readonly now?: Date;
}

/** What a stage runs with: variables of `let`, the time of the command, the collation. */
interface Settings {
  readonly variables: Fields;
  readonly now: Date;
  readonly collation: Collation | undefined;
}

function settingsOf(options: Options): Settings {
  const { local, now } = options as Locals;
  return {
    variables: { ...options.variables, ...local?.variables },
    now: now ?? new Date(),
    collation: parseCollation(options.collation),
  };
}

function scopeOf(document: unknown, { variables, now }: Settings): Scope {
  return { root: document, current: document, variables, now };
}

/** Compiled specifications, so that a pipeline run for each document of a `$lookup` is compiled once. */
const projections = new WeakMap<object, Map<string, ParsedProjection>>();

function cachedProjection(key: string, spec: Fields, build: () => ParsedProjection): ParsedProjection {
  let known = projections.get(spec);
  if (known === undefined) projections.set(spec, (known = new Map<string, ParsedProjection>()));
  let parsed = known.get(key);
  if (parsed === undefined) known.set(key, (parsed = build()));
  return parsed;
}

function requireObject(name: string, argument: unknown, code: number): Fields {
  if (!isObject(argument)) throw new CommandError(code, `${name} specification must be an object`);
  return argument;
}

function rewrite(documents: Iterator, { root, isInclusion }: ParsedProjection, settings: Settings): Iterator {
  return documents.map((document) => {
    const own = document as Fields;
    const score = textScoreOf(own);
    const variables = score === undefined ? settings.variables : { ...settings.variables, $textScore: score };
    return inObject(root, own, { isInclusion, own, plain: own, variables, now: settings.now });
  });
}

function project(documents: Iterator, argument: unknown, options: Options): Iterator {
  const spec = requireObject('$project', argument, 15969);
  if (Object.keys(spec).length === 0) {
    throw new CommandError(
      51272,
      'Invalid $project :: caused by :: projection specification must have at least one field',
    );
  }
  const settings = settingsOf(options);
  const { collation } = settings;
  const key = `project ${JSON.stringify(collation?.spec)}`;
  const parsed = cachedProjection(key, spec, () => parseProjection(spec, { collation, isLoose: true }, 'project'));
  return rewrite(documents, parsed, settings);
}

function addFields(documents: Iterator, argument: unknown, options: Options): Iterator {
  const spec = requireObject('$addFields', argument, 40272);
  const settings = settingsOf(options);
  const { collation } = settings;
  const key = `addFields ${JSON.stringify(collation?.spec)}`;
  const parsed = cachedProjection(key, spec, () => parseAddFields(spec, { collation, isLoose: true }));
  return rewrite(documents, parsed, settings);
}

function unset(documents: Iterator, argument: unknown, options: Options): Iterator {
  const paths: unknown[] = Array.isArray(argument) ? argument : [argument];
  if (paths.length === 0 || paths.some((path) => typeof path !== 'string' || path === '')) {
    throw new CommandError(31002, '$unset specification must be a string or an array containing only string values');
  }
  return project(documents, Object.fromEntries(paths.map((path) => [path, 0])), options);
}

function match(documents: Iterator, argument: unknown, options: Options): Iterator {
  if (!isObject(argument)) throw new CommandError(15959, 'the match filter must be an expression in an object');
  const matcher = compileMatcher(argument, settingsOf(options));
  return documents.filter((document: unknown) => matcher.test(document as Fields));
}

function sort(documents: Iterator, argument: unknown, options: Options): Iterator {
  const spec = requireObject('the $sort key', argument, 15973);
  if (Object.keys(spec).length === 0) throw new CommandError(15976, '$sort stage must have at least one sort key');
  const sorter = compileSort(spec, settingsOf(options).collation);
  return documents.transform((all) => {
    const keyed = (all as Fields[]).map((document) => ({
      document,
      key: sorter.keyOf(document, textScoreOf(document)),
    }));
    keyed.sort((a, b) => sorter.compare(a.key, b.key));
    return Lazy(keyed.map(({ document }) => document));
  });
}

/** An iterator whose elements are made when the first is asked for. */
function later(make: () => unknown[]): Iterator {
  let values: unknown[] | undefined;
  let next = 0;
  return Lazy(() => {
    values ??= make();
    return next < values.length ? { value: values[next++], done: false } : { value: undefined, done: true };
  });
}

function group(documents: Iterator, argument: unknown, options: Options): Iterator {
  const settings = settingsOf(options);
  const grouping = new Grouping(argument, settings.collation);
  return later(() => {
    documents.each((document: unknown) => {
      grouping.add(scopeOf(document, settings));
    });
    return grouping.results();
  });
}

function sortByCount(documents: Iterator, argument: unknown, options: Options): Iterator {
  const isPath = typeof argument === 'string' && argument.startsWith('$');
  if (!isPath && !(isObject(argument) && Object.keys(argument)[0]?.startsWith('$') === true)) {
    throw new CommandError(40149, 'the sortByCount field must be defined as a $-prefixed path or an expression object');
  }
  return sort(group(documents, { _id: argument, count: { $sum: 1 } }, options), { count: -1 }, options);
}

function bucket(documents: Iterator, argument: unknown, options: Options): Iterator {
  const spec = requireObject('$bucket', argument, 40201);
  const { groupBy, boundaries, output } = spec;
  if (!Array.isArray(boundaries)) throw new CommandError(40192, "The $bucket 'boundaries' field must be an array");
  if (boundaries.length < 2) {
    throw new CommandError(
      40193,
      `The $bucket 'boundaries' field must have at least 2 values, but found ${String(boundaries.length)}`,
    );
  }
  const { collation } = settingsOf(options);
  const limits = boundaries.map((limit: unknown) => compileLoosely(limit)(scopeOf({}, settingsOf(options))));
  const compare = compareWith(collation);
  if (limits.some((limit, index) => index > 0 && compare(limits[index - 1], limit) >= 0)) {
    throw new CommandError(40194, `The 'boundaries' option to $bucket must be sorted in ascending order`);
  }
  const branches = limits.slice(0, -1).map((limit, index) => ({
    case: { $and: [{ $gte: [groupBy, { $literal: limit }] }, { $lt: [groupBy, { $literal: limits[index + 1] }] }] },
    then: { $literal: limit },
  }));
  const fallback = Object.hasOwn(spec, 'default') ? { default: spec.default } : {};
  const outputs = isObject(output) ? output : { count: { $sum: 1 } };
  const grouped = group(documents, { _id: { $switch: { branches, ...fallback } }, ...outputs }, options);
  return sort(grouped, { _id: 1 }, options);
}

function replaceWith(documents: Iterator, argument: unknown, options: Options): Iterator {
  const settings = settingsOf(options);
  const evaluate = compileLoosely(argument, settings.collation);
  return documents.map((document) => {
    const root = evaluate(scopeOf(document, settings));
    if (isObject(root)) return root;
    const message = "'newRoot' expression  must evaluate to an object, but resulting value was not an object";
    throw new CommandError(40228, message);
  });
}

function replaceRoot(documents: Iterator, argument: unknown, options: Options): Iterator {
  const { newRoot } = requireObject('$replaceRoot', argument, 40229);
  if (newRoot === undefined) throw new CommandError(40231, 'no newRoot specified for the $replaceRoot stage');
  return replaceWith(documents, newRoot, options);
}

/** No documents give no result, where mingo gives a count of 0. */
function count(documents: Iterator, argument: unknown, options: Options): Iterator {
  if (typeof argument !== 'string' || argument === '' || argument.startsWith('$') || argument.includes('.')) {
    throw new CommandError(40156, 'the count field must be a non-empty string, without a $ before it or a dot in it');
  }
  return project(group(documents, { _id: null, [argument]: { $sum: 1 } }, options), { _id: 0 }, options);
}

/** The stages that stand in for mingo's. */
export const STAGES: Readonly<Record<`$${string}`, Stage>> = {
  $match: match,
  $sort: sort,
  $group: group,
  $project: project,
  $addFields: addFields,
  $set: addFields,
  $unset: unset,
  $unwind: unwind,
  $sortByCount: sortByCount,
  $count: count,
  $bucket: bucket,
  $replaceRoot: replaceRoot,
  $replaceWith: replaceWith,
};
