import { CommandError, notSupported } from '../errors.ts';
import { elementMatch, matchAll } from './array-operators.ts';
import { equalTo, inOrder, isReference, matchesRegex, memberOf } from './comparison-operators.ts';
import type { Comparison } from './comparison-operators.ts';
import { condition, every, negated } from './condition.ts';
import type { Condition, Parse } from './condition.ts';
import { hasBits, hasRemainder, hasSize, hasType, isTrue } from './element-operators.ts';
import type { BitOperator } from './element-operators.ts';
import { patternOf } from './regular-expressions.ts';
import { isObject, isRegex } from './value-types.ts';
import type { Fields } from './value-types.ts';

type Build = (operand: unknown, parse: Parse, siblings: Fields, path: string) => Condition | undefined;

const comparison =
  (operator: Comparison): Build =>
  (operand, parse, _siblings, path) => {
    if (isRegex(operand))
      throw new CommandError('BadValue', `Can't have RegEx as arg to predicate over field '${path}'.`);
    return condition(inOrder(operator, operand, parse.collation));
  };

const bits =
  (operator: BitOperator): Build =>
  (operand) =>
    condition(hasBits(operator, operand));

const geo =
  (operator: string): Build =>
  () => {
    throw notSupported(`The geospatial operator ${operator}`, 'BadValue');
  };

const GEO_OPERATORS = [
  '$near',
  '$nearSphere',
  '$geoNear',
  '$geoWithin',
  '$within',
  '$geoIntersects',
  '$maxDistance',
  '$minDistance',
  '$uniqueDocs',
];

const OPERATORS: Readonly<Record<string, Build>> = {
  $eq: (operand, parse) => equality(operand, parse),
  $ne: (operand, parse, _siblings, path) => {
    if (isRegex(operand)) throw new CommandError('BadValue', `Can't have regex as arg to $ne.`);
    return negated(equality(operand, parse, path));
  },
  $gt: comparison('$gt'),
  $gte: comparison('$gte'),
  $lt: comparison('$lt'),
  $lte: comparison('$lte'),
  $in: (operand, parse) => condition(memberOf(operand, parse.collation)),
  $nin: (operand, parse) => {
    if (!Array.isArray(operand)) throw new CommandError('BadValue', '$nin needs an array');
    return negated(condition(memberOf(operand, parse.collation)));
  },
  $exists: (operand) => {
    const exists = condition((value) => value !== undefined);
    return isTrue(operand) ? exists : negated(exists);
  },
  $type: (operand, parse) => {
    const { test, needsTypedNumbers } = hasType(operand);
    parse.needsTypedNumbers ||= needsTypedNumbers;
    return condition(test);
  },
  $size: (operand) => condition(hasSize(operand), 'whole'),
  $mod: (operand) => condition(hasRemainder(operand)),
  $regex: (operand, _parse, siblings) => condition(matchesRegex(regexOperand(operand, siblings))),
  $options: (_operand, _parse, siblings) => {
    if (!Object.hasOwn(siblings, '$regex')) throw new CommandError('BadValue', '$options needs a $regex');
    return undefined;
  },
  $all: (operand, parse) => matchAll(operand, parse, fieldCondition),
  $elemMatch: (operand, parse) => elementMatch(operand, parse, fieldCondition),
  $not: (operand, parse, _siblings, path) => negated(notOperand(operand, parse, path)),
  $bitsAllSet: bits('$bitsAllSet'),
  $bitsAllClear: bits('$bitsAllClear'),
  $bitsAnySet: bits('$bitsAnySet'),
  $bitsAnyClear: bits('$bitsAnyClear'),
  $comment: () => undefined,
  ...Object.fromEntries(GEO_OPERATORS.map((operator) => [operator, geo(operator)])),
};

/** `{field: value}`: equality, whose operand may be a regular expression stored as a value only through `$eq`. */
function equality(operand: unknown, parse: Parse, path = ''): Condition {
  if (operand === undefined) {
    throw new CommandError('BadValue', `cannot compare to undefined${path === '' ? '' : ` at ${path}`}`);
  }
  return condition(equalTo(operand, parse.collation));
}

function regexOperand(operand: unknown, siblings: Fields): { source: string; options: string } {
  const options = siblings.$options;
  if (options !== undefined && typeof options !== 'string')
    throw new CommandError('BadValue', '$options has to be a string');
  if (typeof operand === 'string') {
    if (operand.includes('\0')) {
      throw new CommandError('BadValue', 'Regular expression cannot contain an embedded null byte');
    }
    return { source: operand, options: [...new Set(options)].sort().join('') };
  }
  if (!isRegex(operand)) throw new CommandError('BadValue', '$regex has to be a string');
  const pattern = patternOf(operand);
  if (options === undefined) return pattern;
  if (pattern.options !== '') throw new CommandError(51075, 'options set in both $regex and $options');
  return { source: pattern.source, options };
}

function notOperand(operand: unknown, parse: Parse, path: string): Condition {
  if (isRegex(operand)) return condition(matchesRegex(patternOf(operand)));
  if (!isObject(operand)) throw new CommandError('BadValue', '$not needs a regex or a document');
  if (Object.keys(operand).length === 0) throw new CommandError('BadValue', '$not cannot be empty');
  return operators(operand, parse, path);
}

function operators(operand: Fields, parse: Parse, path: string): Condition {
  const conditions: Condition[] = [];
  for (const [name, argument] of Object.entries(operand)) {
    const build = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
    if (build === undefined) throw new CommandError('BadValue', `unknown operator: ${name}`);
    const built = build(argument, parse, operand, path);
    if (built !== undefined) conditions.push(built);
  }
  return every(conditions);
}

/** Whether the operand of a field holds operators, and is no value to be compared with. */
export function isOperatorObject(operand: unknown): operand is Fields {
  if (!isObject(operand)) return false;
  return Object.keys(operand)[0]?.startsWith('$') === true && !isReference(operand);
}

/**
 * Compiles what stands beside a field's name in a filter: operators, a regular expression, or a value to be equal to.
 * @throws CommandError BadValue, in MongoDB's words, for unknown operators and wrong operands
 */
export function fieldCondition(operand: unknown, parse: Parse, path: string): Condition {
  if (isOperatorObject(operand)) return operators(operand, parse, path);
  if (isRegex(operand)) return condition(matchesRegex(patternOf(operand)));
  return condition(equalTo(operand, parse.collation));
}
