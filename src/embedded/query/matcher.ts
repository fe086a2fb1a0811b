import { CommandError } from '../errors.ts';
import type { Collation } from './collation.ts';
import { allOf, anyOf } from './condition.ts';
import type { Parse } from './condition.ts';
import { isTrue } from './element-operators.ts';
import { compileExpression, expressionFields } from './expression.ts';
import { fieldCondition } from './field-operators.ts';
import type { DocumentTest, MatchDetails } from './path-predicate.ts';
import { compileSchema } from './schema.ts';
import { isObject, numberOf, show } from './value-types.ts';
import type { Fields } from './value-types.ts';

/** A compiled filter. */
export interface Matcher {
  test(document: Fields): boolean;
  /** Top-level fields that the filter reads. */
  readonly fields: ReadonlySet<string> | 'all';
  /** Index of the array element that made a predicate of an array true, for the positional `$` operator. */
  positionOf(document: Fields): number | undefined;
  /** Whether only documents in the typed decoding can be answered rightly (`$type: 'int'`). */
  readonly needsTypedNumbers: boolean;
  /** Whether the filter holds `$text`, which is true here and left to the caller. */
  readonly hasText: boolean;
}

export interface MatcherOptions {
  readonly collation?: Collation | undefined;
  /** Variables of `let`, for `$expr`. */
  readonly variables?: Fields | undefined;
  /** `$$NOW`; the time of compiling when not given. */
  readonly now?: Date | undefined;
  /** Leaves it to the time of running whether a variable of `$expr` exists. */
  readonly isLoose?: boolean | undefined;
}

interface Level {
  /** False inside `$elemMatch`, where `$expr` and `$text` have no document to work on. */
  readonly isTop: boolean;
}

type TopLevel = (operand: unknown, parse: Parse, level: Level) => DocumentTest | undefined;

const UNKNOWN_ADVICE = "If you have a field name that starts with a '$' symbol, consider using $getField or $setField.";

const always: DocumentTest = () => true;

function clauses(operator: string, operand: unknown, parse: Parse, level: Level): DocumentTest[] {
  if (!Array.isArray(operand)) throw new CommandError('BadValue', `${operator} must be an array`);
  if (operand.length === 0) throw new CommandError('BadValue', '$and/$or/$nor must be a nonempty array');
  return operand.map((clause: unknown) => {
    if (!isObject(clause)) throw new CommandError('BadValue', '$or/$and/$nor entries need to be full objects');
    return compileFilter(clause, parse, level);
  });
}

function requireOne(operator: string, operand: unknown): void {
  if (numberOf(operand) !== 1) throw new CommandError('FailedToParse', `${operator} must be an integer value of 1`);
}

function refuseInside(operator: string, level: Level): void {
  if (!level.isTop) throw new CommandError('BadValue', `${operator} can only be applied to the top-level document`);
}

const TOP_LEVEL: Readonly<Record<string, TopLevel>> = {
  $and: (operand, parse, level) => allOf(clauses('$and', operand, parse, level)),
  $or: (operand, parse, level) => anyOf(clauses('$or', operand, parse, level)),
  $nor: (operand, parse, level) => {
    const any = anyOf(clauses('$nor', operand, parse, level));
    return (document) => !any(document);
  },
  $expr: (operand, parse, level) => {
    refuseInside('$expr', level);
    const evaluate = compileExpression(operand, {
      variables: parse.variables,
      now: parse.now,
      collation: parse.collation,
      isLoose: parse.isLoose,
    });
    addFields(parse, expressionFields(operand));
    return (document) => isTrue(evaluate(document));
  },
  $jsonSchema: (operand, parse) => {
    if (!isObject(operand)) throw new CommandError('TypeMismatch', '$jsonSchema must be an object');
    parse.needsTypedNumbers = true;
    addFields(parse, 'all');
    return compileSchema(operand);
  },
  $text: (_operand, parse, level) => {
    refuseInside('$text', level);
    parse.hasText = true;
    return undefined;
  },
  $comment: () => undefined,
  $alwaysTrue: (operand) => {
    requireOne('$alwaysTrue', operand);
    return always;
  },
  $alwaysFalse: (operand) => {
    requireOne('$alwaysFalse', operand);
    return () => false;
  },
  $sampleRate: (operand) => {
    const rate = numberOf(operand);
    if (rate === undefined) throw new CommandError('BadValue', 'argument to $sampleRate must be a numeric type');
    if (!(rate >= 0 && rate <= 1))
      throw new CommandError('BadValue', 'numeric argument to $sampleRate must be in [0, 1]');
    return () => Math.random() < rate;
  },
  $where: () => {
    throw new CommandError('BadValue', '$where is refused: user code is not run by the embedded server');
  },
};

function addFields(parse: Parse, fields: ReadonlySet<string> | 'all'): void {
  if (fields === 'all') parse.fields = 'all';
  else if (parse.fields !== 'all') for (const field of fields) parse.fields.add(field);
}

function compileFilter(filter: Fields, parse: Parse, level: Level): DocumentTest {
  const tests: DocumentTest[] = [];
  for (const [name, operand] of Object.entries(filter)) {
    const test = name.startsWith('$') ? topLevel(name, operand, parse, level) : fieldTest(name, operand, parse, level);
    if (test !== undefined) tests.push(test);
  }
  return allOf(tests);
}

function fieldTest(path: string, operand: unknown, parse: Parse, level: Level): DocumentTest {
  if (level.isTop && parse.fields !== 'all') parse.fields.add(topField(path));
  return fieldCondition(operand, parse, path).at(path);
}

function topField(path: string): string {
  const dot = path.indexOf('.');
  return dot === -1 ? path : path.slice(0, dot);
}

function topLevel(name: string, operand: unknown, parse: Parse, level: Level): DocumentTest | undefined {
  const compile = Object.hasOwn(TOP_LEVEL, name) ? TOP_LEVEL[name] : undefined;
  if (compile === undefined) {
    throw new CommandError('BadValue', `unknown top level operator: ${name}. ${UNKNOWN_ADVICE}`);
  }
  return compile(operand, parse, level);
}

/**
 * Compiles a filter to a test of documents, which may be in the plain or in the typed decoding.
 * @throws CommandError in MongoDB's words for a filter that is no query
 */
export function compileMatcher(filter: Fields, options: MatcherOptions = {}): Matcher {
  if (!isObject(filter))
    throw new CommandError('TypeMismatch', `Expected field filter to be of type object: ${show(filter)}`);
  const parse: Parse = {
    collation: options.collation,
    variables: options.variables ?? {},
    now: options.now ?? new Date(),
    isLoose: options.isLoose ?? false,
    fields: new Set(),
    needsTypedNumbers: false,
    hasText: false,
    subFilter: (inner) => compileFilter(inner, parse, { isTop: false }),
  };
  const test = compileFilter(filter, parse, { isTop: true });
  return {
    test: (document) => test(document),
    fields: parse.fields,
    positionOf: (document) => {
      const details: MatchDetails = { position: undefined };
      return test(document, details) ? details.position : undefined;
    },
    needsTypedNumbers: parse.needsTypedNumbers,
    hasText: parse.hasText,
  };
}
