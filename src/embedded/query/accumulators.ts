import { CommandError } from '../errors.ts';
import { canonicalKey } from './canonical-key.ts';
import { compareWith, foldValue } from './collation.ts';
import type { Collation } from './collation.ts';
import { isNullish } from './expression-arguments.ts';
import { mergeObjects } from './expression-objects.ts';
import { Sum } from './numbers.ts';
import { numberOf } from './value-types.ts';

/** Takes values one at a time and gives the result at the end. */
export interface Accumulator {
  add(value: unknown): void;
  result(): unknown;
}

export type MakeAccumulator = (collation: Collation | undefined) => Accumulator;

function sum(): Accumulator {
  const total = new Sum();
  return {
    add: (value) => {
      total.add(value);
    },
    result: () => total.result(),
  };
}

function average(): Accumulator {
  const total = new Sum();
  return {
    add: (value) => {
      total.add(value);
    },
    result: () => total.mean(),
  };
}

function extreme(sign: 1 | -1): MakeAccumulator {
  return (collation) => {
    const compare = compareWith(collation);
    let best: unknown;
    return {
      add: (value) => {
        if (!isNullish(value) && (best === undefined || compare(value, best) * sign > 0)) best = value;
      },
      result: () => best ?? null,
    };
  };
}

function first(): Accumulator {
  let found: unknown;
  let isSet = false;
  return {
    add: (value) => {
      if (!isSet) found = value;
      isSet = true;
    },
    result: () => found ?? null,
  };
}

function last(): Accumulator {
  let found: unknown;
  return {
    add: (value) => {
      found = value;
    },
    result: () => found ?? null,
  };
}

function push(): Accumulator {
  const values: unknown[] = [];
  return {
    add: (value) => {
      if (value !== undefined) values.push(value);
    },
    result: () => values,
  };
}

function addToSet(collation: Collation | undefined): Accumulator {
  const values = new Map<string, unknown>();
  return {
    add: (value) => {
      if (value === undefined) return;
      const key = canonicalKey(collation === undefined ? value : foldValue(value, collation));
      if (!values.has(key)) values.set(key, value);
    },
    result: () => [...values.values()],
  };
}

function merge(): Accumulator {
  const values: unknown[] = [];
  return { add: (value) => values.push(value), result: () => mergeObjects(values) };
}

/** Welford's method; passes over what is no number. */
function deviation(isSample: boolean): MakeAccumulator {
  return () => {
    let count = 0;
    let mean = 0;
    let squares = 0;
    return {
      add: (value) => {
        const number = numberOf(value);
        if (number === undefined) return;
        count++;
        const distance = number - mean;
        mean += distance / count;
        squares += distance * (number - mean);
      },
      result: () => {
        const divisor = isSample ? count - 1 : count;
        return divisor < 1 ? null : Math.sqrt(squares / divisor);
      },
    };
  };
}

/** The accumulators that need no more than one value at a time. */
export const ACCUMULATORS: Readonly<Record<string, MakeAccumulator>> = {
  $sum: sum,
  $avg: average,
  $min: extreme(-1),
  $max: extreme(1),
  $first: first,
  $last: last,
  $push: push,
  $addToSet: addToSet,
  $mergeObjects: merge,
  $stdDevPop: deviation(false),
  $stdDevSamp: deviation(true),
};

/** The accumulator of that name. @throws CommandError 15952 for an unknown one */
export function accumulatorOf(name: string): MakeAccumulator {
  const make = Object.hasOwn(ACCUMULATORS, name) ? ACCUMULATORS[name] : undefined;
  if (make === undefined) throw new CommandError(15952, `unknown group operator '${name}'`);
  return make;
}
