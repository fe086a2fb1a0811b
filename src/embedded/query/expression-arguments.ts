import { CommandError } from '../errors.ts';
import { typeAlias } from '../bson/order.ts';
import type { Compiling, Evaluate, Operator } from './expression-scope.ts';
import { isObject } from './value-types.ts';
import type { Fields } from './value-types.ts';

export function isNullish(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** The name of the value's type as error messages show it; missing values are named so. */
export function typeNameOf(value: unknown): string {
  return value === undefined ? 'missing' : typeAlias(value);
}

/** Compiles the arguments of an operator that takes them as a list, a single one without brackets. */
export function compileArguments(
  name: string,
  argument: unknown,
  compiling: Compiling,
  [least, most]: readonly [number, number],
): Evaluate[] {
  const list: unknown[] = Array.isArray(argument) ? argument : [argument];
  if (list.length < least || list.length > most) {
    const wanted =
      least === most
        ? `takes exactly ${String(least)} arguments`
        : `takes at least ${String(least)} arguments, and at most ${String(most)}`;
    throw new CommandError(
      least === most ? 16020 : 28667,
      `Expression ${name} ${wanted}${least === most ? '.' : ', but'} ${String(list.length)} were passed in.`,
    );
  }
  return list.map((entry) => compiling.compile(entry, compiling));
}

/** An operator that evaluates all of its arguments first. */
export function strict(
  name: string,
  range: readonly [number, number],
  compute: (values: readonly unknown[], compiling: Compiling) => unknown,
): Operator {
  return (argument, compiling) => {
    const parts = compileArguments(name, argument, compiling, range);
    return (scope) =>
      compute(
        parts.map((part) => part(scope)),
        compiling,
      );
  };
}

/** An operator of one argument. */
export function unary(name: string, compute: (value: unknown, compiling: Compiling) => unknown): Operator {
  return (argument, compiling) => {
    const [part] = compileArguments(name, argument, compiling, [1, 1]) as [Evaluate];
    return (scope) => compute(part(scope), compiling);
  };
}

/** An operator of two arguments. */
export function binary(name: string, compute: (a: unknown, b: unknown, compiling: Compiling) => unknown): Operator {
  return (argument, compiling) => {
    const [left, right] = compileArguments(name, argument, compiling, [2, 2]) as [Evaluate, Evaluate];
    return (scope) => compute(left(scope), right(scope), compiling);
  };
}

/** The argument of an operator that takes an object of named parts. */
export function namedArguments(name: string, argument: unknown, required: readonly string[], code: number): Fields {
  if (!isObject(argument)) throw new CommandError(code, `${name} only supports an object as its argument`);
  for (const part of required) {
    if (argument[part] === undefined) throw new CommandError(code, `Missing '${part}' parameter to ${name}`);
  }
  return argument;
}

/** The value as an array. @throws CommandError with the given code */
export function arrayOf(value: unknown, code: number, message: (type: string) => string): readonly unknown[] {
  if (!Array.isArray(value)) throw new CommandError(code, message(typeNameOf(value)));
  return value as unknown[];
}
