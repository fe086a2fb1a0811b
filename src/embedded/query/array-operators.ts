import { CommandError } from '../errors.ts';
import { condition, every, never } from './condition.ts';
import type { Condition, Parse } from './condition.ts';
import type { DocumentTest, ValueTest } from './path-predicate.ts';
import { isObject } from './value-types.ts';
import type { Fields } from './value-types.ts';

/** Compiles the operand of a field; given by the caller, since operators of arrays contain operands themselves. */
export type OperandCompiler = (operand: unknown, parse: Parse, path: string) => Condition;

const LOGICAL: ReadonlySet<string> = new Set(['$and', '$or', '$nor', '$where', '$expr', '$jsonSchema', '$comment']);

function startsWithOperator(operand: unknown): operand is Fields {
  return isObject(operand) && Object.keys(operand)[0]?.startsWith('$') === true;
}

/**
 * `$elemMatch`: an array of which one element meets all conditions, either operators on the element itself or a filter on its fields.
 * @throws CommandError BadValue for an operand that is no object
 */
export function elementMatch(operand: unknown, parse: Parse, compile: OperandCompiler): Condition {
  if (!isObject(operand)) throw new CommandError('BadValue', '$elemMatch needs an Object');
  const first = Object.keys(operand)[0] ?? '';
  const onValues = first.startsWith('$') && !LOGICAL.has(first) && !Object.hasOwn(operand, '$ref');
  const test = onValues ? compile(operand, parse, '').value : elementTest(parse.subFilter(operand));
  return condition(someElement(test), 'whole');
}

function elementTest(filter: DocumentTest): ValueTest {
  return (element) => {
    if (isObject(element)) return filter(element);
    return Array.isArray(element) && filter(Object.fromEntries(element.entries()));
  };
}

function someElement(test: ValueTest): ValueTest {
  return (value, details) => {
    if (!Array.isArray(value)) return false;
    for (let index = 0; index < value.length; index++) {
      if (test(value[index])) {
        if (details !== undefined) details.position = index;
        return true;
      }
    }
    return false;
  };
}

/**
 * `$all`: every listed value (or regular expression, or `$elemMatch`) is met by the field, each by an element of its own or the same.
 * @throws CommandError BadValue for an operand that is no array or mixes in other operators
 */
export function matchAll(operand: unknown, parse: Parse, compile: OperandCompiler): Condition {
  if (!Array.isArray(operand)) throw new CommandError('BadValue', '$all needs an array');
  const members = operand as unknown[];
  if (members.length === 0) return never();
  const wantsElements = isElementMatch(members[0]);
  return every(
    members.map((member) => {
      if (wantsElements && !isElementMatch(member)) {
        throw new CommandError('BadValue', '$all/$elemMatch has to be consistent');
      }
      if (!wantsElements && startsWithOperator(member) && !Object.hasOwn(member, '$ref')) {
        throw new CommandError('BadValue', 'no $ expressions in $all');
      }
      return compile(member, parse, '');
    }),
  );
}

function isElementMatch(member: unknown): boolean {
  return isObject(member) && Object.keys(member)[0] === '$elemMatch';
}
