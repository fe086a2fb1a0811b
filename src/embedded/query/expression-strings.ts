import { ObjectId } from 'bson';
import { CommandError } from '../errors.ts';
import { compareStrings } from '../bson/order.ts';
import { binary, isNullish, namedArguments, strict, typeNameOf, unary } from './expression-arguments.ts';
import type { Compiling, Evaluate, Operator, Scope } from './expression-scope.ts';
import { compileRegex, patternOf } from './regular-expressions.ts';
import { isNumeric, isRegex, numberOf } from './value-types.ts';

/** Text that MongoDB makes of a value where a string is wanted; null and missing give an empty one. */
function coerced(value: unknown, name: string): string {
  if (isNullish(value)) return '';
  if (typeof value === 'string') return value;
  if (isNumeric(value)) return String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof ObjectId) return value.toHexString();
  throw new CommandError(16007, `can't convert from BSON type ${typeNameOf(value)} to String in ${name}`);
}

function concat(values: readonly unknown[]): string | null {
  if (values.some(isNullish)) return null;
  for (const value of values) {
    if (typeof value !== 'string')
      throw new CommandError(16702, `$concat only supports strings, not ${typeNameOf(value)}`);
  }
  return values.join('');
}

function text(value: unknown, code: number, message: (type: string) => string): string {
  if (typeof value !== 'string') throw new CommandError(code, message(typeNameOf(value)));
  return value;
}

function split(subject: unknown, separator: unknown): unknown {
  if (isNullish(subject) || isNullish(separator)) return null;
  const whole = text(
    subject,
    40085,
    (type) => `$split requires an expression that evaluates to a string as a first argument, found: ${type}`,
  );
  const between = text(
    separator,
    40086,
    (type) => `$split requires an expression that evaluates to a string as a second argument, found: ${type}`,
  );
  if (between === '') throw new CommandError(40087, '$split requires a non-empty separator');
  return whole.split(between);
}

/** MongoDB counts code points, whatever a reader would see as one sign. */
function codePoints(whole: string): string[] {
  return Array.from(whole);
}

interface Units {
  readonly name: '$indexOfBytes' | '$indexOfCP';
  /** The text cut into what positions count. */
  readonly cut: (text: string) => readonly (string | number)[];
  readonly code: number;
}

function indexOf({ name, cut, code }: Units): Operator {
  return strict(name, [2, 4], ([subject, wanted, from, to]) => {
    if (isNullish(subject)) return null;
    const whole = cut(text(subject, code, (type) => `${name} requires a string as the first argument, found: ${type}`));
    const part = cut(
      text(wanted, code + 1, (type) => `${name} requires a string as the second argument, found: ${type}`),
    );
    const start = position(from, 0, name);
    const last = Math.min(position(to, whole.length, name), whole.length) - part.length;
    for (let at = start; at <= last; at++) if (part.every((unit, offset) => whole[at + offset] === unit)) return at;
    return -1;
  });
}

function position(value: unknown, fallback: number, name: string): number {
  if (value === undefined) return fallback;
  const number = numberOf(value);
  if (number === undefined || !Number.isInteger(number)) {
    throw new CommandError(
      40096,
      `${name} requires an integral starting index, found a value of type: ${typeNameOf(value)}`,
    );
  }
  if (number < 0) throw new CommandError(40097, `${name} requires a nonnegative start index, found: ${String(number)}`);
  return number;
}

interface Found {
  readonly match: string;
  readonly idx: number;
  readonly captures: readonly (string | null)[];
}

function search(name: string, argument: unknown, compiling: Compiling): (scope: Scope) => Generator<Found, undefined> {
  const parts = namedArguments(name, argument, ['input', 'regex'], 51104);
  const compile = (part: string): Evaluate | undefined =>
    part in parts ? compiling.compile(parts[part], compiling) : undefined;
  const [input, regex, options] = [compile('input'), compile('regex'), compile('options')];
  const compiled = new Map<string, RegExp>();
  const expressionOf = (scope: Scope): RegExp | undefined => {
    const pattern = searchPattern(name, regex?.(scope), options?.(scope));
    if (pattern === undefined) return undefined;
    const key = `${pattern.options}/${pattern.source}`;
    let expression = compiled.get(key);
    if (expression === undefined) {
      const { source, flags } = compileRegex(pattern);
      expression = new RegExp(source, `${flags}g`);
      compiled.set(key, expression);
    }
    return expression;
  };
  return function* find(scope) {
    const subject = input?.(scope);
    const expression = expressionOf(scope);
    if (isNullish(subject) || expression === undefined) return undefined;
    const whole = text(subject, 51104, () => `${name} needs 'input' to be of type string`);
    for (const match of whole.matchAll(expression)) {
      const captures = match.slice(1).map((capture: string | undefined) => capture ?? null);
      yield { match: match[0], idx: codePoints(whole.slice(0, match.index)).length, captures };
    }
    return undefined;
  };
}

function searchPattern(
  name: string,
  regex: unknown,
  options: unknown,
): { source: string; options: string } | undefined {
  if (isNullish(regex)) return undefined;
  if (!isNullish(options) && typeof options !== 'string')
    throw new CommandError(51106, `${name} needs 'options' to be of type string`);
  if (isRegex(regex)) {
    const pattern = patternOf(regex);
    if (!isNullish(options) && pattern.options !== '') {
      throw new CommandError(51107, `${name}: found regex option(s) specified in both 'regex' and 'option' fields`);
    }
    return { source: pattern.source, options: pattern.options + (options ?? '') };
  }
  const source = text(regex, 51105, () => `${name} needs 'regex' to be of type string or regex`);
  return { source, options: options ?? '' };
}

function first(found: Generator<Found, undefined>): Found | null {
  const step = found.next();
  return step.done === true ? null : step.value;
}

/** Operators on strings. */
export const STRINGS: Readonly<Record<string, Operator>> = {
  $concat: strict('$concat', [0, Infinity], concat),
  $toLower: unary('$toLower', (value) => coerced(value, '$toLower').toLowerCase()),
  $toUpper: unary('$toUpper', (value) => coerced(value, '$toUpper').toUpperCase()),
  $strcasecmp: binary('$strcasecmp', (a, b) =>
    Math.sign(compareStrings(coerced(a, '$strcasecmp').toUpperCase(), coerced(b, '$strcasecmp').toUpperCase())),
  ),
  $strLenCP: unary(
    '$strLenCP',
    (value) => codePoints(text(value, 34471, (type) => `$strLenCP requires a string argument, found: ${type}`)).length,
  ),
  $strLenBytes: unary('$strLenBytes', (value) =>
    Buffer.byteLength(text(value, 34473, (type) => `$strLenBytes requires a string argument, found: ${type}`)),
  ),
  $split: binary('$split', split),
  $indexOfBytes: indexOf({ name: '$indexOfBytes', cut: (whole) => [...Buffer.from(whole)], code: 40091 }),
  $indexOfCP: indexOf({ name: '$indexOfCP', cut: codePoints, code: 40093 }),
  $substrCP: strict('$substrCP', [3, 3], ([value, from, count]) => {
    const start = position(from, 0, '$substrCP');
    return codePoints(coerced(value, '$substrCP'))
      .slice(start, start + position(count, 0, '$substrCP'))
      .join('');
  }),
  $substrBytes: strict('$substrBytes', [3, 3], ([value, from, count]) => substring(value, from, count)),
  $substr: strict('$substr', [3, 3], ([value, from, count]) => substring(value, from, count)),
  $regexMatch: (argument, compiling) => {
    const find = search('$regexMatch', argument, compiling);
    return (scope) => first(find(scope)) !== null;
  },
  $regexFind: (argument, compiling) => {
    const find = search('$regexFind', argument, compiling);
    return (scope) => first(find(scope));
  },
  $regexFindAll: (argument, compiling) => {
    const find = search('$regexFindAll', argument, compiling);
    return (scope) => [...find(scope)];
  },
};

function substring(value: unknown, from: unknown, count: unknown): string {
  const bytes = Buffer.from(coerced(value, '$substrBytes'));
  const start = position(from, 0, '$substrBytes');
  const length = numberOf(count) ?? 0;
  const end = length < 0 ? bytes.length : Math.min(start + Math.trunc(length), bytes.length);
  const isContinuation = (at: number): boolean => ((bytes[at] ?? 0) & 0xc0) === 0x80;
  if (isContinuation(start)) {
    throw new CommandError(28656, '$substrBytes:  Invalid range, starting index is a UTF-8 continuation byte.');
  }
  if (isContinuation(end)) {
    throw new CommandError(28657, '$substrBytes:  Invalid range, ending index is in the middle of a UTF-8 character.');
  }
  return bytes.toString('utf8', start, end);
}
