import { ACCUMULATORS } from './accumulators.ts';
import { ARITHMETIC } from './expression-arithmetic.ts';
import { ARRAYS } from './expression-arrays.ts';
import { DATE_PARTS } from './expression-date-parts.ts';
import { DATES } from './expression-dates.ts';
import { LOGIC } from './expression-logic.ts';
import { OBJECTS } from './expression-objects.ts';
import type { Operator } from './expression-scope.ts';
import { SETS } from './expression-sets.ts';
import { STRINGS } from './expression-strings.ts';
import { TYPES } from './expression-types.ts';

/** An accumulator outside of a group: over the elements of its one argument, or over its several arguments. */
function folding(name: string): Operator {
  return (argument, compiling) => {
    const list: unknown[] = Array.isArray(argument) ? argument : [argument];
    const parts = list.map((part) => compiling.compile(part, compiling));
    const make = ACCUMULATORS[name];
    return (scope) => {
      const accumulator = make?.(compiling.collation);
      const values = parts.map((part) => part(scope));
      const [only] = values;
      const folded: unknown[] = parts.length === 1 && Array.isArray(only) ? only : values;
      for (const value of folded) accumulator?.add(value);
      return accumulator?.result();
    };
  };
}

const FOLDS = ['$sum', '$avg', '$min', '$max', '$stdDevPop', '$stdDevSamp'];

/** All expression operators that are not left to mingo. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  ...LOGIC,
  ...ARITHMETIC,
  ...ARRAYS,
  ...SETS,
  ...TYPES,
  ...OBJECTS,
  ...STRINGS,
  ...DATE_PARTS,
  ...DATES,
  ...Object.fromEntries(FOLDS.map((name) => [name, folding(name)])),
};
