import { Context, evalExpr, OpType } from 'mingo/core';
import type { Options } from 'mingo/types';
import * as mingoAccumulators from 'mingo/operators/accumulator';
import * as mingoExpressions from 'mingo/operators/expression';
import { Decimal128, Double, Int32, Long } from 'bson';
import { CommandError } from '../errors.ts';
import { mongoErrors } from './mingo-errors.ts';
import type { Compiling, Evaluate } from './expression-scope.ts';
import { isObject, numberOf } from './value-types.ts';

type MingoOperator = (subject: unknown, argument: unknown, options: Options) => unknown;

const CONTEXT = Context.init({ expression: { ...mingoExpressions }, accumulator: { ...mingoAccumulators } });

/**
 * Options in mingo's internal form. mingo makes them for each call from plain options, copying its tables of operators, and does not
 * export the class; an operator that is called once takes them out.
 */
const OPTIONS = captureOptions();

function captureOptions(): Options {
  const captured: Options[] = [];
  const capture: MingoOperator = (_subject, _argument, options) => captured.push(options);
  const context = Context.from(CONTEXT).addExpressionOps({ $capture: capture });
  evalExpr({}, { $capture: 1 }, { context, scriptEnabled: false } as Options);
  const [options] = captured;
  if (options === undefined) throw new Error('mingo did not call the operator');
  return options;
}

/** User code would run in the server's process. */
const REFUSED: ReadonlySet<string> = new Set(['$function', '$accumulator', '$where']);

/** mingo's own implementation of an expression operator. */
function find(name: string): MingoOperator | undefined {
  const found: unknown =
    CONTEXT.getOperator(OpType.EXPRESSION, name) ?? CONTEXT.getOperator(OpType.ACCUMULATOR, name) ?? undefined;
  return found as MingoOperator | undefined;
}

/** Whether the operator is one that mingo knows, or one refused by name. */
export function isKnownOperator(name: string): boolean {
  return REFUSED.has(name) || find(name) !== undefined;
}

function isConstant(argument: unknown): boolean {
  if (typeof argument === 'string') return !argument.startsWith('$');
  return typeof argument !== 'object' || argument === null;
}

/** mingo computes with JavaScript's numbers only. */
function plainNumber(value: unknown): unknown {
  const wrapped =
    value instanceof Long || value instanceof Int32 || value instanceof Double || value instanceof Decimal128;
  return wrapped ? numberOf(value) : value;
}

function literal(value: unknown): unknown {
  const plain = Array.isArray(value) ? value.map(plainNumber) : plainNumber(value);
  return isConstant(plain) ? plain : { $literal: plain };
}

/** Compiles the argument's parts with our own compiler, so that mingo's operator receives values. */
function literalArgument(argument: unknown, compiling: Compiling): Evaluate {
  const compile = (part: unknown): Evaluate => {
    if (isConstant(part)) return () => part;
    const evaluate = compiling.compile(part, compiling);
    return (scope) => literal(evaluate(scope));
  };
  if (Array.isArray(argument)) {
    const parts = argument.map(compile);
    return (scope) => parts.map((part) => part(scope));
  }
  if (isObject(argument) && Object.keys(argument)[0]?.startsWith('$') !== true) {
    const parts = Object.entries(argument).map(([name, part]) => [name, compile(part)] as const);
    return (scope) => Object.fromEntries(parts.map(([name, part]) => [name, part(scope)]));
  }
  return compile(argument);
}

/** An operator left to mingo: its arguments are evaluated here, the operator itself there. */
export function delegated(name: string, argument: unknown, compiling: Compiling): Evaluate {
  if (REFUSED.has(name))
    throw new CommandError('BadValue', `${name} is refused: user code is not run by the embedded server`);
  const operator = find(name);
  if (operator === undefined) throw new CommandError('InvalidPipelineOperator', `Unrecognized expression '${name}'`);
  const values = literalArgument(argument, compiling);
  return (scope) => mongoErrors(() => operator({}, values(scope), OPTIONS));
}
