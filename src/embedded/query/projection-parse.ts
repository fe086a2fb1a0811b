import { CommandError } from '../errors.ts';
import { isTrue } from './element-operators.ts';
import { compileExpression, expressionFields } from './expression.ts';
import type { Expression, ExpressionOptions } from './expression.ts';
import { compileMatcher } from './matcher.ts';
import type { ValueTest } from './path-predicate.ts';
import { isObject, numberOf, show } from './value-types.ts';
import type { Fields } from './value-types.ts';

export interface Slice {
  readonly kind: 'slice';
  readonly skip: number | undefined;
  readonly limit: number;
}

export interface Compute {
  readonly kind: 'compute';
  readonly evaluate: Expression;
  readonly reads: ReadonlySet<string> | 'all';
  /** A path and nothing else, which may be read from a document in any decoding. */
  readonly isPath: boolean;
}

export interface ElementMatch {
  readonly kind: 'elemMatch';
  readonly test: ValueTest;
}

export interface Branch {
  readonly kind: 'branch';
  readonly children: Map<string, Rule>;
  /** Whether something below is computed, so that the branch is made where the document lacks it. */
  hasComputed: boolean;
}

export type Rule = { readonly kind: 'keep' | 'drop' } | Slice | Compute | ElementMatch | Branch;

/** A projection as its specification says it. */
export interface ParsedProjection {
  readonly root: Branch;
  readonly isInclusion: boolean;
  /** The path before `.$`, in parts. */
  readonly positional: readonly string[] | undefined;
}

/** find() has operators of its own; `$addFields` knows no flags. */
type Language = 'find' | 'project' | 'addFields';

interface Parsing {
  readonly root: Branch;
  readonly language: Language;
  readonly options: ExpressionOptions;
  mode: 'inclusion' | 'exclusion' | undefined;
  positional: readonly string[] | undefined;
  idRule: 'keep' | 'drop' | undefined;
  hasElementMatch: boolean;
  hasComputed: boolean;
}

export function newBranch(): Branch {
  return { kind: 'branch', children: new Map(), hasComputed: false };
}

function checkNames(path: string, names: readonly string[]): void {
  if (path === '') throw new CommandError(40352, 'FieldPath cannot be constructed with empty string');
  if (path.endsWith('.')) throw new CommandError(40353, "FieldPath must not end with a '.'.");
  for (const name of names) {
    if (name === '') throw new CommandError(15998, 'FieldPath field names may not be empty strings.');
    if (name.startsWith('$') && !['$id', '$ref', '$db'].includes(name)) {
      throw new CommandError(
        16410,
        `FieldPath field names may not start with '$'. Consider using $getField or $setField.`,
      );
    }
  }
}

function addRule(parsing: Parsing, path: string, rule: Rule): void {
  const names = path.split('.');
  checkNames(path, names);
  let branch = parsing.root;
  const last = names.pop() ?? '';
  for (const [index, name] of names.entries()) {
    if (rule.kind === 'compute') branch.hasComputed = true;
    let next = branch.children.get(name);
    if (next === undefined) {
      next = newBranch();
      branch.children.set(name, next);
    } else if (next.kind !== 'branch') {
      const rest = path
        .split('.')
        .slice(index + 1)
        .join('.');
      throw new CommandError(31249, `Path collision at ${path} remaining portion ${rest}`);
    }
    branch = next;
  }
  if (branch.children.has(last)) throw new CommandError(31250, `Path collision at ${path}`);
  if (rule.kind === 'compute') branch.hasComputed = true;
  branch.children.set(last, rule);
}

function setMode(parsing: Parsing, path: string, mode: 'inclusion' | 'exclusion'): void {
  if (parsing.mode === undefined) {
    parsing.mode = mode;
  } else if (parsing.mode !== mode) {
    const code = mode === 'inclusion' ? 31253 : 31254;
    throw new CommandError(code, `Cannot do ${mode} on field ${path} in ${parsing.mode} projection`);
  }
}

function addFlag(parsing: Parsing, path: string, isKept: boolean): void {
  const kind = isKept ? 'keep' : 'drop';
  if (path === '_id') parsing.idRule = kind;
  else setMode(parsing, path, isKept ? 'inclusion' : 'exclusion');
  addRule(parsing, path, { kind });
}

function addPositional(parsing: Parsing, path: string, isKept: boolean): void {
  if (!isKept) throw new CommandError(31395, `positional projection cannot be used with exclusion`);
  if (parsing.positional !== undefined) {
    throw new CommandError(31276, 'Cannot specify more than one positional projection per query.');
  }
  setMode(parsing, path, 'inclusion');
  const target = path.slice(0, -2);
  parsing.positional = target.split('.');
  addRule(parsing, target, { kind: 'keep' });
}

function addComputed(parsing: Parsing, path: string, expression: unknown): void {
  const isMeta = isObject(expression) && Object.hasOwn(expression, '$meta');
  if (!isMeta) {
    if (parsing.mode === 'exclusion') {
      throw new CommandError(31252, `Cannot use an expression ${path}: ${show(expression)} in an exclusion projection`);
    }
    if (path !== '_id') setMode(parsing, path, 'inclusion');
    parsing.hasComputed = true;
  }
  const isPath = typeof expression === 'string' && expression.startsWith('$') && !expression.startsWith('$$');
  const reads = isMeta ? new Set<string>() : expressionFields(expression);
  addRule(parsing, path, { kind: 'compute', evaluate: compileExpression(expression, parsing.options), reads, isPath });
}

/** The `$slice` of find(): a count, or a pair of numbers; anything else is the expression of that name. */
function sliceOf(argument: unknown): Slice | undefined {
  const count = numberOf(argument);
  if (count !== undefined) return { kind: 'slice', skip: undefined, limit: Math.trunc(count) };
  if (!Array.isArray(argument) || argument.length !== 2) return undefined;
  const [skip, limit] = argument.map(numberOf);
  if (skip === undefined || limit === undefined) return undefined;
  if (limit <= 0) {
    throw new CommandError(
      28724,
      `First argument to $slice must be an array, but is of type: int; the limit must be positive: ${String(limit)}`,
    );
  }
  return { kind: 'slice', skip: Math.trunc(skip), limit: Math.trunc(limit) };
}

function addElementMatch(parsing: Parsing, path: string, argument: unknown): void {
  if (path.includes('.')) throw new CommandError(31275, 'Cannot use $elemMatch projection on a nested field');
  if (!isObject(argument))
    throw new CommandError(31274, `elemMatch: Invalid argument, object required, but got ${show(argument)}`);
  if (parsing.mode === 'exclusion') {
    throw new CommandError(31252, `Cannot use $elemMatch on field ${path} in an exclusion projection`);
  }
  parsing.hasElementMatch = true;
  const { collation, variables } = parsing.options;
  const matcher = compileMatcher({ element: { $elemMatch: argument } }, { collation, variables });
  addRule(parsing, path, { kind: 'elemMatch', test: (element) => matcher.test({ element: [element] }) });
}

function addObject(parsing: Parsing, path: string, value: Fields): void {
  const names = Object.keys(value);
  const first = names[0];
  if (first === undefined)
    throw new CommandError(51270, `An empty sub-projection is not a valid value. Found empty object at path`);
  const isFind = parsing.language === 'find' && names.length === 1;
  const slice = isFind && first === '$slice' ? sliceOf(value.$slice) : undefined;
  if (slice !== undefined) addRule(parsing, path, slice);
  else if (isFind && first === '$elemMatch') addElementMatch(parsing, path, value.$elemMatch);
  else if (first.startsWith('$')) addComputed(parsing, path, value);
  else for (const [name, member] of Object.entries(value)) addEntry(parsing, `${path}.${name}`, member);
}

function addEntry(parsing: Parsing, path: string, value: unknown): void {
  const isFlag = parsing.language !== 'addFields' && (typeof value === 'boolean' || numberOf(value) !== undefined);
  const isKept = !isFlag || isTrue(value);
  if (parsing.language === 'find' && isPositional(path)) addPositional(parsing, path, isKept);
  else if (isFlag) addFlag(parsing, path, isKept);
  else if (isObject(value)) addObject(parsing, path, value);
  else addComputed(parsing, path, value);
}

function isPositional(path: string): boolean {
  if (/(?:^|\.)\$\./.test(path)) {
    const advice = 'Positional projection may only be used at the end, for example: a.b.$.';
    throw new CommandError(
      31394,
      `As of 4.4, it's illegal to specify positional operator in the middle of a path. ${advice}`,
    );
  }
  return path.endsWith('.$');
}

function isInclusion(parsing: Parsing): boolean {
  if (parsing.mode !== undefined) return parsing.mode === 'inclusion';
  return parsing.hasElementMatch || parsing.hasComputed || parsing.idRule === 'keep';
}

/**
 * Reads the specification of a projection.
 * @throws CommandError with MongoDB's location numbers for mixed modes, colliding paths and malformed operators
 */
export function parseProjection(
  spec: Fields,
  options: ExpressionOptions,
  language: 'find' | 'project' = 'find',
): ParsedProjection {
  const parsing = parseEntries(spec, options, language);
  const inclusion = isInclusion(parsing);
  const { children } = parsing.root;
  if (inclusion && !children.has('_id')) children.set('_id', { kind: 'keep' });
  if (!inclusion && parsing.idRule === 'keep') children.delete('_id');
  return { root: parsing.root, isInclusion: inclusion, positional: parsing.positional };
}

/** Reads the specification of `$addFields`: everything stays, and what is computed is set. */
export function parseAddFields(spec: Fields, options: ExpressionOptions): ParsedProjection {
  return { root: parseEntries(spec, options, 'addFields').root, isInclusion: false, positional: undefined };
}

function parseEntries(spec: Fields, options: ExpressionOptions, language: Language): Parsing {
  const parsing: Parsing = {
    root: newBranch(),
    language,
    options,
    mode: undefined,
    positional: undefined,
    idRule: undefined,
    hasElementMatch: false,
    hasComputed: false,
  };
  for (const [path, value] of Object.entries(spec)) addEntry(parsing, path, value);
  return parsing;
}
