import type { Collation } from './collation.ts';
import type { Fields } from './value-types.ts';

/** What an expression is evaluated against. */
export interface Scope {
  readonly root: unknown;
  /** `$$CURRENT`: what paths without a variable start from. */
  readonly current: unknown;
  readonly variables: Readonly<Fields>;
  readonly now: Date;
}

/** A compiled expression; `undefined` stands for a missing value. */
export type Evaluate = (scope: Scope) => unknown;

/** What compiling needs to know. */
export interface Compiling {
  readonly collation: Collation | undefined;
  /** Names of the variables in reach; undefined when they are known only when the expression runs. */
  readonly known: ReadonlySet<string> | undefined;
  compile(expression: unknown, compiling: Compiling): Evaluate;
}

/** Builds an operator from its argument as written. */
export type Operator = (argument: unknown, compiling: Compiling) => Evaluate;

/** The compiling inside a construct that binds further variables. */
export function withVariables(compiling: Compiling, names: readonly string[]): Compiling {
  return compiling.known === undefined ? compiling : { ...compiling, known: new Set([...compiling.known, ...names]) };
}

export function withValues(scope: Scope, values: Fields): Scope {
  return { ...scope, variables: { ...scope.variables, ...values } };
}
