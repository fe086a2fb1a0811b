import { CommandError } from '../errors.ts';
import { compareWith } from './collation.ts';
import { isTrue } from './element-operators.ts';
import { arrayOf, binary, compileArguments, isNullish, namedArguments, unary } from './expression-arguments.ts';
import { withValues, withVariables } from './expression-scope.ts';
import type { Compiling, Evaluate, Operator } from './expression-scope.ts';
import { textScoreOf } from './text-scores.ts';
import { isObject, numberOf } from './value-types.ts';
import type { Fields } from './value-types.ts';

const MANY = 1000;

function comparison(name: string, holds: (order: number) => unknown): Operator {
  return (argument, compiling) => {
    const compare = compareWith(compiling.collation);
    return binary(name, (a, b) => holds(compare(a, b)))(argument, compiling);
  };
}

function compileAll(name: string, argument: unknown, compiling: Compiling): Evaluate[] {
  return compileArguments(name, argument, compiling, [0, MANY * MANY]);
}

function conditional(argument: unknown, compiling: Compiling): Evaluate {
  const parts = Array.isArray(argument)
    ? compileArguments('$cond', argument, compiling, [3, 3])
    : conditionalParts(argument, compiling);
  const [test, then, otherwise] = parts as [Evaluate, Evaluate, Evaluate];
  return (scope) => (isTrue(test(scope)) ? then(scope) : otherwise(scope));
}

function conditionalParts(argument: unknown, compiling: Compiling): Evaluate[] {
  if (!isObject(argument))
    throw new CommandError(16020, 'Expression $cond takes exactly 3 arguments. 1 were passed in.');
  for (const name of Object.keys(argument)) {
    if (!['if', 'then', 'else'].includes(name))
      throw new CommandError(17083, `Unrecognized parameter to $cond: ${name}`);
  }
  return ['if', 'then', 'else'].map((name, index) => {
    if (!Object.hasOwn(argument, name)) throw new CommandError(17080 + index, `Missing '${name}' parameter to $cond`);
    return compiling.compile(argument[name], compiling);
  });
}

function switchOf(argument: unknown, compiling: Compiling): Evaluate {
  if (!isObject(argument))
    throw new CommandError(40060, '$switch requires an object as an argument, found: ' + typeof argument);
  const given = argument.branches;
  if (!Array.isArray(given)) throw new CommandError(40061, "$switch expected an array for 'branches'");
  if (given.length === 0) throw new CommandError(40068, '$switch requires at least one branch.');
  const branches = given.map((branch: unknown) => compileBranch(branch, compiling));
  const fallback = Object.hasOwn(argument, 'default') ? compiling.compile(argument.default, compiling) : undefined;
  return (scope) => {
    for (const { test, then } of branches) if (isTrue(test(scope))) return then(scope);
    if (fallback !== undefined) return fallback(scope);
    throw new CommandError(
      40066,
      '$switch could not find a matching branch for an input, and no default was specified.',
    );
  };
}

function compileBranch(branch: unknown, compiling: Compiling): { test: Evaluate; then: Evaluate } {
  if (!isObject(branch)) throw new CommandError(40062, '$switch expected each branch to be an object');
  if (!Object.hasOwn(branch, 'case'))
    throw new CommandError(40064, "$switch requires each branch have a 'case' expression");
  if (!Object.hasOwn(branch, 'then'))
    throw new CommandError(40065, "$switch requires each branch have a 'then' expression.");
  return { test: compiling.compile(branch.case, compiling), then: compiling.compile(branch.then, compiling) };
}

function letOf(argument: unknown, compiling: Compiling): Evaluate {
  const { vars, in: body } = namedArguments('$let', argument, ['vars', 'in'], 16874);
  if (!isObject(vars)) throw new CommandError(10065, 'invalid parameter: expected an object (vars)');
  const bindings = Object.entries(vars).map(([name, value]) => {
    if (name !== 'CURRENT') checkVariable(name);
    return [name, compiling.compile(value, compiling)] as const;
  });
  const inner = compiling.compile(body, withVariables(compiling, Object.keys(vars)));
  return (scope) => {
    const values: Fields = {};
    for (const [name, value] of bindings) values[name] = value(scope);
    const next = withValues(scope, values);
    return inner(Object.hasOwn(values, 'CURRENT') ? { ...next, current: values.CURRENT } : next);
  };
}

/** @throws CommandError FailedToParse unless users may give a variable this name */
export function checkVariable(name: string): void {
  if (!/^[a-z\x80-\uffff]/.test(name)) {
    throw new CommandError('FailedToParse', `'${name}' starts with an invalid character for a user variable name`);
  }
  const bad = /[^\w\x80-\uffff]/.exec(name);
  if (bad !== null) {
    throw new CommandError('FailedToParse', `'${name}' contains an invalid character for a variable name: '${bad[0]}'`);
  }
}

function elementVariable(given: unknown, name: string): string {
  if (given === undefined) return 'this';
  if (typeof given !== 'string') throw new CommandError('TypeMismatch', `${name}: 'as' must be a string`);
  checkVariable(given);
  return given;
}

function mapOf(argument: unknown, compiling: Compiling): Evaluate {
  const { input, as, in: body } = namedArguments('$map', argument, ['input', 'in'], 16880);
  const name = elementVariable(as, '$map');
  const list = compiling.compile(input, compiling);
  const each = compiling.compile(body, withVariables(compiling, [name]));
  return (scope) => {
    const value = list(scope);
    if (isNullish(value)) return null;
    const elements = arrayOf(value, 16883, (type) => `input to $map must be an array not ${type}`);
    const variables: Fields = { ...scope.variables };
    const inner = { ...scope, variables };
    return elements.map((element) => {
      variables[name] = element;
      return each(inner) ?? null;
    });
  };
}

function filterOf(argument: unknown, compiling: Compiling): Evaluate {
  const { input, as, cond, limit } = namedArguments('$filter', argument, ['input', 'cond'], 28648);
  const name = elementVariable(as, '$filter');
  const list = compiling.compile(input, compiling);
  const test = compiling.compile(cond, withVariables(compiling, [name]));
  const most = limit === undefined ? undefined : compiling.compile(limit, compiling);
  return (scope) => {
    const value = list(scope);
    if (isNullish(value)) return null;
    const elements = arrayOf(value, 28651, (type) => `input to $filter must be an array not ${type}`);
    const count = limitOf(most?.(scope));
    const variables: Fields = { ...scope.variables };
    const inner = { ...scope, variables };
    const kept: unknown[] = [];
    for (const element of elements) {
      if (kept.length >= count) break;
      variables[name] = element;
      if (isTrue(test(inner))) kept.push(element);
    }
    return kept;
  };
}

function limitOf(value: unknown): number {
  if (isNullish(value)) return Infinity;
  const limit = numberOf(value);
  if (limit === undefined || !Number.isInteger(limit)) {
    throw new CommandError(327391, '$filter: limit must be represented as a 32-bit integral value');
  }
  if (limit < 1) throw new CommandError(327392, '$filter: limit must be greater than 0');
  return limit;
}

function reduceOf(argument: unknown, compiling: Compiling): Evaluate {
  const { input, initialValue, in: body } = namedArguments('$reduce', argument, ['input', 'initialValue', 'in'], 40075);
  const list = compiling.compile(input, compiling);
  const initial = compiling.compile(initialValue, compiling);
  const step = compiling.compile(body, withVariables(compiling, ['this', 'value']));
  return (scope) => {
    const value = list(scope);
    if (isNullish(value)) return null;
    const elements = arrayOf(value, 40080, (type) => `$reduce requires that 'input' be an array, found: ${type}`);
    const variables: Fields = { ...scope.variables, value: initial(scope) };
    const inner = { ...scope, variables };
    for (const element of elements) {
      variables.this = element;
      variables.value = step(inner);
    }
    return variables.value;
  };
}

function rate(argument: unknown, compiling: Compiling): Evaluate {
  const evaluate = compiling.compile(argument, compiling);
  return (scope) => Math.random() < (numberOf(evaluate(scope)) ?? 0);
}

/** Comparison, boolean logic, conditions, variables and the constructs that run over an array. */
export const LOGIC: Readonly<Record<string, Operator>> = {
  $cmp: comparison('$cmp', Math.sign),
  $eq: comparison('$eq', (order) => order === 0),
  $ne: comparison('$ne', (order) => order !== 0),
  $gt: comparison('$gt', (order) => order > 0),
  $gte: comparison('$gte', (order) => order >= 0),
  $lt: comparison('$lt', (order) => order < 0),
  $lte: comparison('$lte', (order) => order <= 0),
  $and: (argument, compiling) => {
    const parts = compileAll('$and', argument, compiling);
    return (scope) => parts.every((part) => isTrue(part(scope)));
  },
  $or: (argument, compiling) => {
    const parts = compileAll('$or', argument, compiling);
    return (scope) => parts.some((part) => isTrue(part(scope)));
  },
  $not: unary('$not', (value) => !isTrue(value)),
  $cond: conditional,
  $switch: switchOf,
  $ifNull: (argument, compiling) => {
    const parts = compileArguments('$ifNull', argument, compiling, [2, MANY]);
    const last = parts.pop();
    return (scope) => {
      for (const part of parts) {
        const value = part(scope);
        if (!isNullish(value)) return value;
      }
      return last?.(scope);
    };
  },
  $literal: (argument) => () => argument,
  $let: letOf,
  $map: mapOf,
  $filter: filterOf,
  $reduce: reduceOf,
  $rand: () => () => Math.random(),
  $sampleRate: rate,
  $meta: (argument) => (scope) =>
    argument === 'textScore' ? (scope.variables.$textScore ?? textScoreOf(scope.root)) : undefined,
};
