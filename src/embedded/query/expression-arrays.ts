import { CommandError } from '../errors.ts';
import { equalValues } from '../bson/order.ts';
import { compareWith } from './collation.ts';
import { arrayOf, isNullish, namedArguments, strict, typeNameOf, unary } from './expression-arguments.ts';
import type { Compiling, Evaluate, Operator } from './expression-scope.ts';
import { setField, isObject, numberOf } from './value-types.ts';
import type { Fields } from './value-types.ts';
import { compileSort } from './sort.ts';

function index(value: unknown, code: number, message: string): number {
  const number = numberOf(value);
  if (number === undefined || !Number.isInteger(number)) throw new CommandError(code, message);
  return number;
}

function elementAt(values: readonly unknown[]): unknown {
  const [list, at] = values;
  if (isNullish(list) || isNullish(at)) return null;
  const array = arrayOf(list, 28689, (type) => `$arrayElemAt's first argument must be an array, but is ${type}`);
  const position = index(
    at,
    28691,
    `$arrayElemAt's second argument must be representable as a 32-bit integer: ${typeNameOf(at)}`,
  );
  return array.at(position);
}

function end(name: '$first' | '$last', position: 0 | -1): Operator {
  return unary(name, (value) => {
    if (isNullish(value)) return null;
    return arrayOf(value, 28689, (type) => `${name}'s argument must be an array, but is ${type}`).at(position);
  });
}

function concatArrays(values: readonly unknown[]): unknown {
  const joined: unknown[] = [];
  for (const value of values) {
    if (isNullish(value)) return null;
    joined.push(...arrayOf(value, 28664, (type) => `$concatArrays only supports arrays, not ${type}`));
  }
  return joined;
}

function includes(values: readonly unknown[], compiling: Compiling): boolean {
  const [wanted, list] = values;
  const array = arrayOf(list, 40081, (type) => `$in requires an array as a second argument, found: ${type}`);
  const { collation } = compiling;
  if (collation === undefined) return array.some((element) => equalValues(element, wanted));
  const compare = compareWith(collation);
  return array.some((element) => compare(element, wanted) === 0);
}

function indexOf(values: readonly unknown[], compiling: Compiling): unknown {
  const [list, wanted, from, to] = values;
  if (isNullish(list)) return null;
  const array = arrayOf(list, 40090, (type) => `$indexOfArray requires an array as a first argument, found: ${type}`);
  const bounds = [from, to].map((bound) => {
    if (bound === undefined) return undefined;
    const number = index(
      bound,
      40096,
      `$indexOfArray requires an integral index, found a value of type: ${typeNameOf(bound)}`,
    );
    if (number < 0)
      throw new CommandError(40097, `$indexOfArray requires a nonnegative starting index, found: ${String(number)}`);
    return number;
  });
  const compare = compareWith(compiling.collation);
  const last = Math.min(bounds[1] ?? array.length, array.length);
  for (let at = bounds[0] ?? 0; at < last; at++) if (compare(array[at], wanted) === 0) return at;
  return -1;
}

function slice(values: readonly unknown[]): unknown {
  const [list, second, third] = values;
  if (isNullish(list) || isNullish(second) || third === null) return null;
  const array = arrayOf(list, 28724, (type) => `First argument to $slice must be an array, but is of type: ${type}`);
  const first = index(
    second,
    28725,
    `Second argument to $slice must be a numeric value, but is of type: ${typeNameOf(second)}`,
  );
  if (third === undefined) return first >= 0 ? array.slice(0, first) : array.slice(first);
  const count = index(third, 28727, `Third argument to $slice must be numeric, but is of type: ${typeNameOf(third)}`);
  if (count <= 0) throw new CommandError(28729, `Third argument to $slice must be positive: ${String(count)}`);
  const start = first >= 0 ? first : Math.max(0, array.length + first);
  return array.slice(start, start + count);
}

function toObject(value: unknown): unknown {
  if (isNullish(value)) return null;
  const entries = arrayOf(value, 40386, (type) => `$arrayToObject requires an array input, found: ${type}`);
  const result: Fields = {};
  for (const entry of entries) {
    const [name, member] = pair(entry);
    if (typeof name !== 'string') {
      throw new CommandError(
        40394,
        `$arrayToObject requires an object keys of 'k' to be of type string, found: ${typeNameOf(name)}`,
      );
    }
    if (member !== undefined) setField(result, name, member);
  }
  return result;
}

function pair(entry: unknown): readonly [unknown, unknown] {
  if (Array.isArray(entry)) {
    if (entry.length !== 2) {
      const message = `$arrayToObject requires an array of size 2 arrays,found array of size: ${String(entry.length)}`;
      throw new CommandError(40397, message);
    }
    return [entry[0], entry[1]];
  }
  if (!isObject(entry)) {
    throw new CommandError(40398, `Unrecognised input type format for $arrayToObject: ${typeNameOf(entry)}`);
  }
  const names = Object.keys(entry);
  if (names.length !== 2 || !Object.hasOwn(entry, 'k') || !Object.hasOwn(entry, 'v')) {
    const message = `$arrayToObject requires an object with keys 'k' and 'v'. Missing either or both keys from: ${names.join(', ')}`;
    throw new CommandError(40393, message);
  }
  return [entry.k, entry.v];
}

function sortArray(argument: unknown, compiling: Compiling): Evaluate {
  const { input, sortBy } = namedArguments('$sortArray', argument, ['input', 'sortBy'], 2942502);
  const list = compiling.compile(input, compiling);
  const compare = elementOrder(sortBy, compiling);
  return (scope) => {
    const value = list(scope);
    if (isNullish(value)) return null;
    const elements = arrayOf(
      value,
      2942504,
      (type) => `The input argument to $sortArray must be an array, but was of type: ${type}`,
    );
    return compare(elements);
  };
}

function elementOrder(sortBy: unknown, compiling: Compiling): (elements: readonly unknown[]) => unknown[] {
  if (!isObject(sortBy)) {
    const direction = numberOf(sortBy);
    if (direction !== 1 && direction !== -1)
      throw new CommandError(2942507, 'The $sort element value must be either 1 or -1');
    const compare = compareWith(compiling.collation);
    return (elements) => [...elements].sort((a, b) => compare(a, b) * direction);
  }
  const sorter = compileSort(sortBy, compiling.collation);
  return (elements) =>
    elements
      .map((element) => ({ element, key: sorter.keyOf(isObject(element) ? element : {}) }))
      .sort((a, b) => sorter.compare(a.key, b.key))
      .map(({ element }) => element);
}

type Pick = (elements: readonly unknown[], count: number, compiling: Compiling) => unknown[];

const present = (elements: readonly unknown[]): unknown[] => elements.filter((element) => !isNullish(element));

const PICKS: Readonly<Record<string, Pick>> = {
  $firstN: (elements, count) => elements.slice(0, count),
  $lastN: (elements, count) => elements.slice(-count),
  $minN: (elements, count, { collation }) => present(elements).sort(compareWith(collation)).slice(0, count),
  $maxN: (elements, count, { collation }) => {
    const compare = compareWith(collation);
    return present(elements)
      .sort((a, b) => compare(b, a))
      .slice(0, count);
  },
};

function pickN(name: string, pick: Pick): Operator {
  return (argument, compiling) => {
    const parts = namedArguments(name, argument, ['n', 'input'], 5787900);
    const [count, input] = [compiling.compile(parts.n, compiling), compiling.compile(parts.input, compiling)];
    return (scope) => {
      const n = numberOf(count(scope));
      if (n === undefined || !Number.isInteger(n))
        throw new CommandError(5787902, `Value for 'n' must be of integral type`);
      if (n < 1) throw new CommandError(5787908, `'n' must be greater than 0, found ${String(n)}`);
      const elements = arrayOf(input(scope), 5788200, () => `Input must be an array`);
      return pick(elements, n, compiling);
    };
  };
}

/** Operators on arrays. */
export const ARRAYS: Readonly<Record<string, Operator>> = {
  $arrayElemAt: strict('$arrayElemAt', [2, 2], elementAt),
  $first: end('$first', 0),
  $last: end('$last', -1),
  $concatArrays: strict('$concatArrays', [0, Infinity], concatArrays),
  $in: strict('$in', [2, 2], includes),
  $indexOfArray: strict('$indexOfArray', [2, 4], indexOf),
  $slice: strict('$slice', [2, 3], slice),
  $size: unary('$size', (value) => {
    return arrayOf(value, 17124, (type) => `The argument to $size must be an array, but was of type: ${type}`).length;
  }),
  $isArray: unary('$isArray', (value) => Array.isArray(value)),
  $reverseArray: unary('$reverseArray', (value) => {
    if (isNullish(value)) return null;
    return [
      ...arrayOf(value, 34435, (type) => `The argument to $reverseArray must be an array, but was of type: ${type}`),
    ].reverse();
  }),
  $arrayToObject: unary('$arrayToObject', toObject),
  $sortArray: sortArray,
  ...Object.fromEntries(Object.entries(PICKS).map(([name, pick]) => [name, pickN(name, pick)])),
};
