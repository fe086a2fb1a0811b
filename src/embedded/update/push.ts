import { typeAlias } from '../bson/order.ts';
import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { formatId } from './format.ts';
import type { Compare, ModifierParser } from './modifier-options.ts';
import { toBsonNumber, toDouble, toWhole } from './numbers.ts';
import { arrayIndex, getField, isDocument, nestingDepth } from './values.ts';

const CLAUSES = new Set(['$each', '$slice', '$sort', '$position']);

interface PushClauses {
  readonly values: readonly unknown[];
  readonly position: number;
  readonly slice: number | undefined;
  readonly sort: Compare | undefined;
}

function parseEach(value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw new CommandError(
    'BadValue',
    `The argument to $each in $push must be an array but it was of type: ${typeAlias(value)}`,
  );
}

function parseSlice(value: unknown): number {
  const slice = toWhole(value);
  if (slice !== undefined) return slice;
  throw new CommandError(
    'BadValue',
    `The value for $slice must be an integer value but was given type: ${typeAlias(value)}`,
  );
}

function parsePosition(value: unknown): number {
  const position = toWhole(value);
  if (position !== undefined) return position;
  throw new CommandError(
    'BadValue',
    `The value for $position must be an integer value, not of type: ${typeAlias(value)}`,
  );
}

/** 1 or -1, or undefined for anything else. */
function direction(value: unknown): number | undefined {
  const number = toBsonNumber(value);
  const order = number === undefined ? 0 : toDouble(number);
  return order === 1 || order === -1 ? order : undefined;
}

interface SortKey {
  readonly parts: readonly string[];
  readonly order: number;
}

function parseSortKey(field: string, value: unknown): SortKey {
  const order = direction(value);
  if (order === undefined) throw new CommandError('BadValue', 'The sort element value must be either 1 or -1');
  if (field === '') throw new CommandError('BadValue', 'The sort field cannot be empty');
  const parts = field.split('.');
  if (parts.includes('')) {
    throw new CommandError('BadValue', `The sort field is a dotted field but has an empty part: ${field}`);
  }
  return { parts, order };
}

/** The value at a path, numbers meaning places in arrays; a missing one sorts as null. */
function valueAt(element: unknown, parts: readonly string[]): unknown {
  let current = element;
  for (const part of parts) {
    if (Array.isArray(current)) current = (current as unknown[])[arrayIndex(part) ?? -1];
    else current = isDocument(current) ? getField(current, part) : undefined;
  }
  return current ?? null;
}

function parseSort(value: unknown, compare: Compare): Compare {
  if (isDocument(value)) {
    const keys = Object.entries(value).map(([field, order]) => parseSortKey(field, order));
    if (keys.length === 0) {
      throw new CommandError('BadValue', 'The sort pattern is empty when it should be a set of fields.');
    }
    return (left, right) => {
      for (const { parts, order } of keys) {
        const result = compare(valueAt(left, parts), valueAt(right, parts));
        if (result !== 0) return result * order;
      }
      return 0;
    };
  }
  if (toBsonNumber(value) === undefined) {
    throw new CommandError(
      'BadValue',
      'The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields',
    );
  }
  const order = direction(value);
  if (order === undefined) throw new CommandError('BadValue', 'The $sort element value must be either 1 or -1');
  return (left, right) => compare(left, right) * order;
}

function parseClauses(operand: Document, compare: Compare): PushClauses {
  const unknown = Object.keys(operand).find((name) => !CLAUSES.has(name));
  if (unknown !== undefined) throw new CommandError('BadValue', `Unrecognized clause in $push: ${unknown}`);
  const values = parseEach(getField(operand, '$each'));
  const has = (name: string): boolean => Object.hasOwn(operand, name);
  return {
    values,
    slice: has('$slice') ? parseSlice(getField(operand, '$slice')) : undefined,
    sort: has('$sort') ? parseSort(getField(operand, '$sort'), compare) : undefined,
    position: has('$position') ? parsePosition(getField(operand, '$position')) : Infinity,
  };
}

/** Where new elements go: counted from the end where negative, and never outside the array. */
function insertionIndex(position: number, length: number): number {
  return position < 0 ? Math.max(0, length + position) : Math.min(position, length);
}

function sliced(array: unknown[], slice: number): unknown[] {
  if (slice === 0) return [];
  return slice > 0 ? array.slice(0, slice) : array.slice(slice);
}

function pushed(existing: readonly unknown[], clauses: PushClauses): readonly unknown[] {
  const { values, position, slice, sort } = clauses;
  const isSliced = slice !== undefined && existing.length + values.length > Math.abs(slice);
  if (values.length === 0 && sort === undefined && !isSliced) return existing;
  const result = existing.slice();
  const index = insertionIndex(position, result.length);
  if (index === result.length) for (const value of values) result.push(value);
  else result.splice(index, 0, ...values);
  if (sort !== undefined) result.sort(sort);
  return isSliced ? sliced(result, slice) : result;
}

/** `$push`, with `$each`, `$position`, `$sort` and `$slice`, which act in this order. */
export const push: ModifierParser = (_path, operand, { compare }) => {
  const hasEach = isDocument(operand) && Object.hasOwn(operand, '$each');
  const clauses = hasEach
    ? parseClauses(operand, compare)
    : { values: [operand], position: Infinity, slice: undefined, sort: undefined };
  return {
    creates: true,
    depth: nestingDepth(clauses.values),
    update: (existing, state) => {
      if (Array.isArray(existing)) return pushed(existing as unknown[], clauses);
      throw new CommandError(
        'BadValue',
        `The field '${state.path.join('.')}' must be an array but is of type ${typeAlias(existing)} in document ` +
          `{${formatId(state.root)}}`,
      );
    },
    create: () => pushed([], clauses),
  };
};
