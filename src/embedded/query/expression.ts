import { Long, Timestamp } from 'bson';
import { CommandError } from '../errors.ts';
import type { Collation } from './collation.ts';
import { delegated, isKnownOperator } from './expression-mingo.ts';
import { OPERATORS } from './expression-operators.ts';
import type { Compiling, Evaluate, Scope } from './expression-scope.ts';
import { fieldOf, isObject, setField } from './value-types.ts';
import type { Fields } from './value-types.ts';

export interface ExpressionOptions {
  /** Variables of `let`, as values. */
  readonly variables?: Fields | undefined;
  /** Names of variables that are given when the expression runs. */
  readonly names?: readonly string[] | undefined;
  readonly now?: Date | undefined;
  readonly collation?: Collation | undefined;
  /** Leaves it to the time of running whether a variable exists. */
  readonly isLoose?: boolean | undefined;
}

/** Evaluates an expression on one document; the variables and the time given here go before those given when compiling. */
export type Expression = (document: unknown, variables?: Fields, now?: Date) => unknown;

type SystemVariable = (scope: Scope) => unknown;

const SYSTEM: Readonly<Record<string, SystemVariable>> = {
  ROOT: (scope) => scope.root,
  CURRENT: (scope) => scope.current,
  REMOVE: () => undefined,
  NOW: (scope) => scope.now,
  CLUSTER_TIME: (scope) => new Timestamp(new Long(1, Math.floor(scope.now.getTime() / 1000))),
  USER_ROLES: () => [],
  KEEP: () => '$$KEEP',
  PRUNE: () => '$$PRUNE',
  DESCEND: () => '$$DESCEND',
};

/**
 * Follows names from a value as the aggregation language does: an array on the way gives the array of what its objects hold, and
 * nothing is read by array offset.
 */
export function resolvePath(value: unknown, names: readonly string[], from = 0): unknown {
  let current = value;
  for (let index = from; index < names.length; index++) {
    if (Array.isArray(current)) return resolveInArray(current, names, index);
    if (!isObject(current)) return undefined;
    current = fieldOf(current, names[index] ?? '');
  }
  return current;
}

function resolveInArray(array: readonly unknown[], names: readonly string[], from: number): unknown[] {
  const found: unknown[] = [];
  for (const element of array) {
    if (!isObject(element)) continue;
    const value = resolvePath(element, names, from);
    if (value !== undefined) found.push(value);
  }
  return found;
}

function checkNames(names: readonly string[]): void {
  for (const name of names) {
    if (name === '') throw new CommandError(15998, 'FieldPath field names may not be empty strings.');
    if (name.startsWith('$')) {
      const message = `FieldPath field names may not start with '$'. Consider using $getField or $setField.`;
      throw new CommandError(16410, message);
    }
  }
}

function compilePath(text: string): Evaluate {
  const path = text.slice(1);
  if (path === '') throw new CommandError(16872, "'$' by itself is not a valid FieldPath");
  const names = path.split('.');
  checkNames(names);
  const [only] = names;
  if (names.length === 1 && only !== undefined) {
    return ({ current }) => (isObject(current) ? fieldOf(current, only) : resolvePath(current, names));
  }
  return ({ current }) => resolvePath(current, names);
}

function compileVariable(text: string, compiling: Compiling): Evaluate {
  const [name = '', ...names] = text.slice(2).split('.');
  if (name === '') throw new CommandError('FailedToParse', 'empty variable names are not allowed');
  checkNames(names);
  const system = Object.hasOwn(SYSTEM, name) ? SYSTEM[name] : undefined;
  // A construct may bind CURRENT anew, which only its scope knows.
  if (system !== undefined) return names.length === 0 ? system : (scope) => resolvePath(system(scope), names);
  if (compiling.known !== undefined && !compiling.known.has(name)) refuseVariable(name);
  return ({ variables }) => {
    const value = variables[name];
    if (value === undefined && compiling.known === undefined && !(name in variables)) refuseVariable(name);
    return names.length === 0 ? value : resolvePath(value, names);
  };
}

function refuseVariable(name: string): never {
  throw new CommandError(17276, `Use of undefined variable: ${name}`);
}

function compileObject(expression: Fields, compiling: Compiling): Evaluate {
  const members = Object.entries(expression).map(([name, member]) => {
    if (name.includes('.')) {
      throw new CommandError(
        16405,
        `FieldPath field names may not contain '.'. Consider using $getField or $setField.`,
      );
    }
    return [name, compiling.compile(member, compiling)] as const;
  });
  return (scope) => {
    const result: Fields = {};
    for (const [name, evaluate] of members) {
      const value = evaluate(scope);
      if (value !== undefined) setField(result, name, value);
    }
    return result;
  };
}

function compileOperator(name: string, expression: Fields, compiling: Compiling): Evaluate {
  const names = Object.keys(expression);
  if (names.length !== 1) {
    const fields = `an expression specification must contain exactly one field, the name of the expression`;
    throw new CommandError(15983, `Object expression: ${fields}. Found ${String(names.length)} fields.`);
  }
  const argument = expression[name];
  const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (operator !== undefined) return operator(argument, compiling);
  if (isKnownOperator(name)) return delegated(name, argument, compiling);
  throw new CommandError('InvalidPipelineOperator', `Unrecognized expression '${name}'`);
}

function compile(expression: unknown, compiling: Compiling): Evaluate {
  if (typeof expression === 'string') {
    if (expression.startsWith('$$')) return compileVariable(expression, compiling);
    if (expression.startsWith('$')) return compilePath(expression);
    return () => expression;
  }
  if (Array.isArray(expression)) {
    const parts = expression.map((entry: unknown) => compile(entry, compiling));
    return (scope) => parts.map((part) => part(scope) ?? null);
  }
  if (!isObject(expression)) return () => expression;
  const first = Object.keys(expression)[0];
  return first?.startsWith('$') === true
    ? compileOperator(first, expression, compiling)
    : compileObject(expression, compiling);
}

/**
 * Compiles an aggregation expression.
 * @throws CommandError with MongoDB's codes for unknown operators and variables and for arguments that cannot be right
 */
export function compileExpression(expression: unknown, options: ExpressionOptions = {}): Expression {
  const given = options.variables ?? {};
  const known = new Set([...Object.keys(given), ...(options.names ?? [])]);
  const evaluate = compile(expression, {
    collation: options.collation,
    known: options.isLoose === true ? undefined : known,
    compile,
  });
  const compiledAt = options.now ?? new Date();
  return (document, variables, now = compiledAt) =>
    evaluate({
      root: document,
      current: document,
      variables: variables === undefined ? given : { ...given, ...variables },
      now,
    });
}

/** Compiles an expression whose variables are known only when it runs. */
export function compileLoosely(expression: unknown, collation?: Collation): Evaluate {
  return compile(expression, { collation, known: undefined, compile });
}

/** Top-level fields of the document that an expression can read; `all` if it takes the document as a whole. */
export function expressionFields(expression: unknown): ReadonlySet<string> | 'all' {
  const fields = new Set<string>();
  return gatherFields(expression, fields) ? fields : 'all';
}

/** These read fields of the document by a name that is not written as a path. */
const READ_BY_NAME: ReadonlySet<string> = new Set([
  '$getField',
  '$setField',
  '$unsetField',
  '$meta',
  '$function',
  '$accumulator',
]);

function gatherFields(expression: unknown, fields: Set<string>): boolean {
  if (typeof expression === 'string') return gatherPath(expression, fields);
  if (Array.isArray(expression)) return expression.every((entry) => gatherFields(entry, fields));
  if (!isObject(expression)) return true;
  return Object.entries(expression).every(([name, member]) => {
    if (name === '$literal') return true;
    return !READ_BY_NAME.has(name) && gatherFields(member, fields);
  });
}

function gatherPath(text: string, fields: Set<string>): boolean {
  if (!text.startsWith('$')) return true;
  const [first = '', second] = text.split('.', 2);
  const isDocument = first === '$$ROOT' || first === '$$CURRENT';
  if (isDocument && second === undefined) return false;
  if (isDocument) fields.add(second ?? '');
  else if (!first.startsWith('$$')) fields.add(first.slice(1));
  return true;
}
