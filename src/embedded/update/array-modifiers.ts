import { typeAlias } from '../bson/order.ts';
import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { formatDocument, formatField } from './format.ts';
import type { Compare, ModifierOptions, ModifierParser } from './modifier-options.ts';
import { toBsonNumber, toWhole } from './numbers.ts';
import { push } from './push.ts';
import type { Modifier } from './tree.ts';
import { asArray, bsonTag, getField, isDocument, nestingDepth } from './values.ts';

function parseAddends(operand: unknown): readonly unknown[] {
  if (!isDocument(operand) || Object.keys(operand)[0] !== '$each') return [operand];
  const each = getField(operand, '$each');
  if (!Array.isArray(each)) {
    throw new CommandError(
      'TypeMismatch',
      `The argument to $each in $addToSet must be an array but it was of type ${typeAlias(each)}`,
    );
  }
  if (Object.keys(operand).length > 1) {
    throw new CommandError('BadValue', `Found unexpected fields after $each in $addToSet: ${formatDocument(operand)}`);
  }
  return each as unknown[];
}

/** The values that neither `existing` nor an earlier one of them equals. */
function missingFrom(existing: readonly unknown[], values: readonly unknown[], compare: Compare): unknown[] {
  const missing: unknown[] = [];
  for (const value of values) {
    const isKnown = (other: unknown): boolean => compare(other, value) === 0;
    if (!existing.some(isKnown) && !missing.some(isKnown)) missing.push(value);
  }
  return missing;
}

const addToSet: ModifierParser = (_path, operand, { compare }) => {
  const values = missingFrom([], parseAddends(operand), compare);
  return {
    creates: true,
    depth: nestingDepth(values),
    update: (existing, state) => {
      const elements = asArray(existing);
      if (elements === undefined) {
        throw new CommandError(
          'BadValue',
          `Cannot apply $addToSet to non-array field. Field named '${state.path.at(-1) ?? ''}' has non-array type ` +
            typeAlias(existing),
        );
      }
      const added = missingFrom(elements, values, compare);
      return added.length === 0 ? existing : [...elements, ...added];
    },
    create: () => values,
  };
};

function popsFirst(path: string, operand: unknown): boolean {
  if (toBsonNumber(operand) === undefined) {
    throw new CommandError('FailedToParse', `Expected a number in: ${formatField(path, operand)}`);
  }
  const end = toWhole(operand);
  if (end === undefined) {
    throw new CommandError('FailedToParse', `Expected an integer: ${formatField(path, operand)}`);
  }
  if (end !== 1 && end !== -1) {
    throw new CommandError('FailedToParse', `$pop expects 1 or -1, found: ${String(end)}`);
  }
  return end === -1;
}

const pop: ModifierParser = (path, operand) => {
  const isFirst = popsFirst(path.dotted, operand);
  return {
    creates: false,
    update: (existing, state) => {
      const elements = asArray(existing);
      if (elements === undefined) {
        throw new CommandError(
          'TypeMismatch',
          `Path '${state.path.join('.')}' contains an element of non-array type '${typeAlias(existing)}'`,
        );
      }
      if (elements.length === 0) return existing;
      return isFirst ? elements.slice(1) : elements.slice(0, -1);
    },
    create: () => undefined,
  };
};

function culling(isCulled: (element: unknown) => boolean): Modifier {
  return {
    creates: false,
    update: (existing) => {
      const elements = asArray(existing);
      if (elements === undefined) throw new CommandError('BadValue', 'Cannot apply $pull to a non-array value');
      const kept = elements.filter((element) => !isCulled(element));
      return kept.length === elements.length ? existing : kept;
    },
    create: () => undefined,
  };
}

const pullAll: ModifierParser = (_path, operand, { compare }) => {
  if (!Array.isArray(operand)) {
    throw new CommandError('BadValue', `$pullAll requires an array argument but was given a ${typeAlias(operand)}`);
  }
  const values: readonly unknown[] = operand;
  return culling((element) => values.some((value) => compare(element, value) === 0));
};

/** Operators that ask about one value: `{$pull: {a: {$gt: 1}}}` asks the elements themselves, not fields of theirs. */
const VALUE_OPERATORS = new Set(
  (
    '$lt $lte $gt $gte $eq $ne $in $nin $size $all $type $exists $regex $options $mod $elemMatch $not $near ' +
    '$nearSphere $geoNear $within $geoWithin $geoIntersects $bitsAllSet $bitsAllClear $bitsAnySet $bitsAnyClear'
  ).split(' '),
);

function isRegularExpression(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof RegExp || bsonTag(value) === 'BSONRegExp';
}

function pullTest(operand: unknown, { matcher, compare }: ModifierOptions): (element: unknown) => boolean {
  if (isDocument(operand) && !VALUE_OPERATORS.has(Object.keys(operand)[0] ?? '')) {
    const matches = matcher(operand);
    return (element) => isDocument(element) && matches(element);
  }
  if (isDocument(operand) || isRegularExpression(operand)) {
    const wrapped: Document = { value: operand };
    const matches = matcher(wrapped);
    return (element) => matches({ value: element });
  }
  return (element) => compare(element, operand) === 0;
}

const pull: ModifierParser = (_path, operand, options) => culling(pullTest(operand, options));

/** Modifiers of arrays. */
export const arrayModifiers: Readonly<Record<string, ModifierParser>> = {
  $push: push,
  $addToSet: addToSet,
  $pop: pop,
  $pull: pull,
  $pullAll: pullAll,
};
