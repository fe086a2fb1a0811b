import { Timestamp } from 'bson';
import { typeAlias } from '../bson/order.ts';
import { CommandError } from '../errors.ts';
import type { ModifierParser } from './modifier-options.ts';
import { REMOVED } from './tree.ts';
import { binaryEqual, getField, isDocument, nestingDepth } from './values.ts';

const set: ModifierParser = (_path, operand) => ({
  creates: true,
  depth: nestingDepth(operand),
  update: (existing) => (binaryEqual(existing, operand) ? existing : operand),
  create: () => operand,
});

const setOnInsert: ModifierParser = (path, operand, options) => ({
  ...set(path, operand, options),
  isActive: (state) => state.isInsert,
});

const unset: ModifierParser = () => ({
  creates: false,
  ignoresBlockedPath: true,
  update: () => REMOVED,
  create: () => undefined,
});

function keepWhile(isKept: (order: number) => boolean): ModifierParser {
  return (_path, operand, { compare }) => ({
    creates: true,
    depth: nestingDepth(operand),
    update: (existing) => (isKept(compare(existing, operand)) ? existing : operand),
    create: () => operand,
  });
}

type DateKind = 'date' | 'timestamp';

function dateKind(operand: unknown): DateKind {
  if (typeof operand === 'boolean') return 'date';
  if (!isDocument(operand)) {
    throw new CommandError(
      'BadValue',
      `${typeAlias(operand)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ` +
        "({$type: 'timestamp/date'}).",
    );
  }
  const unknown = Object.keys(operand).find((name) => name !== '$type');
  if (unknown !== undefined) throw new CommandError('BadValue', `Unrecognized $currentDate option: ${unknown}`);
  const kind = getField(operand, '$type');
  if (kind === 'date' || kind === 'timestamp') return kind;
  throw new CommandError(
    'BadValue',
    "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}",
  );
}

/** The cluster time of a moment: the first operation in its second. */
export function timestampOf(now: Date): Timestamp {
  return new Timestamp({ t: Math.floor(now.getTime() / 1000), i: 1 });
}

const currentDate: ModifierParser = (_path, operand, { now }) => {
  const value = dateKind(operand) === 'date' ? new Date(now) : timestampOf(now);
  return { creates: true, update: () => value, create: () => value };
};

/** Modifiers that put one value in the place of another. */
export const setModifiers: Readonly<Record<string, ModifierParser>> = {
  $set: set,
  $setOnInsert: setOnInsert,
  $unset: unset,
  $min: keepWhile((order) => order <= 0),
  $max: keepWhile((order) => order >= 0),
  $currentDate: currentDate,
};
