import { Context, evalExpr } from 'mingo/core';
import type { Options } from 'mingo/types';
import * as accumulators from 'mingo/operators/accumulator';
import * as expressions from 'mingo/operators/expression';
import * as pipeline from 'mingo/operators/pipeline';
import * as projection from 'mingo/operators/projection';
import * as query from 'mingo/operators/query';
import * as windows from 'mingo/operators/window';
import { CommandError } from '../errors.ts';
import { ACCUMULATORS } from './accumulators.ts';
import { parseCollation } from './collation.ts';
import { compileLoosely } from './expression.ts';
import { OPERATORS } from './expression-operators.ts';
import type { Evaluate } from './expression-scope.ts';
import { compileMatcher } from './matcher.ts';
import { isObject } from './value-types.ts';
import type { Fields } from './value-types.ts';

export { mongoErrors } from './mingo-errors.ts';

type ExpressionOperator = (subject: unknown, argument: unknown, options: Options) => unknown;
type AccumulatorOperator = (documents: unknown[], argument: unknown, options: Options) => unknown;
type QueryOperator = (selector: string, operand: unknown, options: Options) => (document: unknown) => boolean;

interface Locals {
  readonly local?: { readonly root?: unknown; readonly variables?: Fields };
  readonly now?: Date;
}

/** Compiled expressions by the object that held the argument; arguments that are no objects are compiled at each call. */
const compiled = new WeakMap<object, Map<string, Evaluate>>();

function compiledOperator(name: string, argument: unknown, options: Options): Evaluate {
  const build = (): Evaluate => compileLoosely({ [name]: argument }, parseCollation(options.collation));
  if (typeof argument !== 'object' || argument === null) return build();
  let known = compiled.get(argument);
  if (known === undefined) compiled.set(argument, (known = new Map<string, Evaluate>()));
  const key = options.collation === undefined ? name : `${name} ${JSON.stringify(options.collation)}`;
  let evaluate = known.get(key);
  if (evaluate === undefined) known.set(key, (evaluate = build()));
  return evaluate;
}

/** One of our operators where mingo evaluates an expression; mingo also calls it to fold a list of documents. */
function bridge(name: string): ExpressionOperator {
  const fold = Object.hasOwn(ACCUMULATORS, name) ? accumulate(name) : undefined;
  return (subject, argument, options) => {
    if (fold !== undefined && Array.isArray(subject)) return fold(subject, argument, options);
    const { local, now } = options as Locals;
    return compiledOperator(
      name,
      argument,
      options,
    )({
      root: local?.root ?? subject,
      current: subject,
      // mingo binds the current element of an array under this name.
      variables: { ...options.variables, this: subject, ...local?.variables },
      now: now ?? new Date(),
    });
  };
}

/** One of our accumulators where mingo folds documents: windows and `$bucketAuto`. */
function accumulate(name: string): AccumulatorOperator {
  return (documents, argument, options) => {
    const accumulator = ACCUMULATORS[name]?.(parseCollation(options.collation));
    for (const document of documents) {
      accumulator?.add(argument === null || argument === undefined ? document : evalExpr(document, argument, options));
    }
    return accumulator?.result();
  };
}

/** A query operator where mingo tests a document, as its updates do. */
function tested(name: string): QueryOperator {
  return (selector, operand, options) => {
    const { local, now } = options as Locals;
    const filter = selector === name ? { [name]: operand } : { [selector]: { [name]: operand } };
    const matcher = compileMatcher(filter, {
      collation: parseCollation(options.collation),
      variables: { ...options.variables, ...local?.variables },
      now,
    });
    return (document) => matcher.test(document as Fields);
  };
}

/** mingo's `$setWindowFields` computes through `$function` with a body of its own; a client's body is text or BSON code. */
function callOwn(subject: unknown, argument: unknown): unknown {
  const body = isObject(argument) ? argument.body : undefined;
  if (typeof body === 'function') return (body as (subject: unknown) => unknown)(subject);
  throw new CommandError('BadValue', '$function is refused: user code is not run by the embedded server');
}

function table<Entry>(names: Iterable<string>, make: (name: string) => Entry): Record<`$${string}`, Entry> {
  return Object.fromEntries([...names].map((name) => [name, make(name)]));
}

/** A regular expression under `$regex` already holds its options when mingo asks. */
const QUERY_NAMES = Object.keys(query).filter((name) => name !== '$where');

/**
 * mingo's operators with ours in the place of those that know no BSON classes, compare unlike MongoDB, or change the documents they
 * are given. It is for `mingo/aggregator` and `mingo/query`: those of `mingo` itself put its own operators before a given context's.
 */
export const context: Context = Context.init({
  accumulator: { ...accumulators, ...table(Object.keys(ACCUMULATORS), accumulate) },
  expression: { ...expressions, ...table(Object.keys(OPERATORS), bridge), $function: callOwn as never },
  pipeline: { $bucketAuto: pipeline.$bucketAuto },
  projection: { ...projection },
  query: { ...query, ...table(QUERY_NAMES, tested) },
  window: { ...windows },
});

const USER_CODE: ReadonlySet<string> = new Set(['$function', '$accumulator', '$where']);

/**
 * Refuses pipelines and filters with operators that would run the client's code.
 * @throws CommandError BadValue
 */
export function refuseUserCode(value: unknown): void {
  if (Array.isArray(value)) {
    value.forEach(refuseUserCode);
  } else if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      if (USER_CODE.has(name))
        throw new CommandError('BadValue', `${name} is refused: user code is not run by the embedded server`);
      if (name !== '$literal') refuseUserCode(member);
    }
  }
}
