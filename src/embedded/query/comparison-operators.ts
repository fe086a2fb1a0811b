import { MaxKey, MinKey, ObjectId } from 'bson';
import { CommandError } from '../errors.ts';
import { compareValues, equalValues, typeRank } from '../bson/order.ts';
import { compareWith, foldValue } from './collation.ts';
import type { Collation } from './collation.ts';
import type { ValueTest } from './path-predicate.ts';
import { compileRegex, patternOf } from './regular-expressions.ts';
import type { Pattern } from './regular-expressions.ts';
import { isNaNValue, isNumeric, isObject, isRegex } from './value-types.ts';

const isMissing: ValueTest = (value) => value === undefined || value === null;

/** `$eq` for one value: null matches missing, objects compare with the order of their fields, strings under the collation. */
export function equalTo(operand: unknown, collation?: Collation): ValueTest {
  if (operand === null || operand === undefined) return isMissing;
  if (typeof operand === 'string') {
    if (collation === undefined) return (value) => value === operand;
    const folded = collation.fold(operand);
    return (value) => typeof value === 'string' && collation.fold(value) === folded;
  }
  if (typeof operand === 'boolean') return (value) => value === operand;
  if (typeof operand === 'number' && !Number.isNaN(operand)) return equalToNumber(operand);
  if (operand instanceof ObjectId) return (value) => value instanceof ObjectId && value.equals(operand);
  return equalToAny(operand, collation);
}

function equalToNumber(operand: number): ValueTest {
  return (value) =>
    typeof value === 'number'
      ? value === operand
      : typeof value === 'object' && isNumeric(value) && equalValues(value, operand);
}

function equalToAny(operand: unknown, collation: Collation | undefined): ValueTest {
  if (collation === undefined) return (value) => value !== undefined && equalValues(value, operand);
  const folded = foldValue(operand, collation);
  return (value) => value !== undefined && equalValues(foldValue(value, collation), folded);
}

export type Comparison = '$gt' | '$gte' | '$lt' | '$lte';

const HOLDS: Readonly<Record<Comparison, (order: number) => boolean>> = {
  $gt: (order) => order > 0,
  $gte: (order) => order >= 0,
  $lt: (order) => order < 0,
  $lte: (order) => order <= 0,
};

const NUMBER_TESTS: Readonly<Record<Comparison, (operand: number) => (value: number) => boolean>> = {
  $gt: (operand) => (value) => value > operand,
  $gte: (operand) => (value) => value >= operand,
  $lt: (operand) => (value) => value < operand,
  $lte: (operand) => (value) => value <= operand,
};

/**
 * `$gt`, `$gte`, `$lt`, `$lte` for one value. Only values of the operand's own type can match (all numbers being one type), except that
 * everything stands between MinKey and MaxKey; NaN equals itself and is in no order with anything else.
 */
export function inOrder(operator: Comparison, operand: unknown, collation?: Collation): ValueTest {
  const holds = HOLDS[operator];
  if (operand === null || operand === undefined) return holds(0) ? isMissing : () => false;
  if (isNaNValue(operand)) return holds(0) ? isNaNValue : () => false;
  if (typeof operand === 'number') return numberInOrder(operator, operand);
  if (operand instanceof MinKey || operand instanceof MaxKey) return (value) => holds(compareValues(value, operand));
  const rank = typeRank(operand);
  const compare = compareWith(collation);
  return (value) =>
    value !== undefined && typeRank(value) === rank && !isNaNValue(value) && holds(compare(value, operand));
}

function numberInOrder(operator: Comparison, operand: number): ValueTest {
  const holds = HOLDS[operator];
  const test = NUMBER_TESTS[operator](operand);
  return (value) => {
    if (typeof value === 'number') return test(value);
    return typeof value === 'object' && isNumeric(value) && !isNaNValue(value) && holds(compareValues(value, operand));
  };
}

/** A regular expression against one value: strings that match, and the same regular expression stored as a value. */
export function matchesRegex(pattern: Pattern): ValueTest {
  const regex = compileRegex(pattern);
  return (value) => {
    if (typeof value === 'string') return regex.test(value);
    if (!isRegex(value)) return false;
    const stored = patternOf(value);
    return stored.source === pattern.source && stored.options === pattern.options;
  };
}

interface Members {
  readonly primitives: Set<unknown>;
  readonly identifiers: Set<string>;
  readonly others: ValueTest[];
}

/**
 * `$in` for one value.
 * @throws CommandError BadValue for an operand that is no array, or holds an operator expression
 */
export function memberOf(operand: unknown, collation?: Collation): ValueTest {
  if (!Array.isArray(operand)) throw new CommandError('BadValue', '$in needs an array');
  const members: Members = { primitives: new Set(), identifiers: new Set(), others: [] };
  for (const member of operand as unknown[]) addMember(members, member, collation);
  const { primitives, identifiers, others } = members;
  return (value) => {
    if (primitives.has(value)) return true;
    if (identifiers.size > 0 && value instanceof ObjectId && identifiers.has(value.toHexString())) return true;
    for (const test of others) if (test(value)) return true;
    return false;
  };
}

function addMember(members: Members, member: unknown, collation: Collation | undefined): void {
  if (isObject(member) && Object.keys(member)[0]?.startsWith('$') === true && !isReference(member)) {
    throw new CommandError('BadValue', 'cannot nest $ under $in');
  }
  if (isRegex(member)) members.others.push(matchesRegex(patternOf(member)));
  else if (member instanceof ObjectId) members.identifiers.add(member.toHexString());
  else if (isNumeric(member)) addNumber(members, member);
  else if (isPrimitive(member, collation)) members.primitives.add(member).add(member ?? undefined);
  else members.others.push(equalTo(member, collation));
}

/** Whether the value equals what is the same to JavaScript, and nothing else. Null stands for undefined too. */
function isPrimitive(value: unknown, collation: Collation | undefined): boolean {
  if (typeof value === 'string') return collation === undefined;
  return typeof value === 'boolean' || value === null;
}

function addNumber(members: Members, member: unknown): void {
  if (typeof member === 'number') members.primitives.add(member);
  const wrapped = equalTo(member);
  members.others.push(typeof member === 'number' ? (value) => typeof value === 'object' && wrapped(value) : wrapped);
}

/** Whether the object is a DBRef (`$ref` with `$id`), which counts as a value though its names start with a dollar. */
export function isReference(value: object): boolean {
  return Object.hasOwn(value, '$ref') && Object.hasOwn(value, '$id');
}
