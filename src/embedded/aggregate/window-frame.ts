import { CommandError } from '../errors.ts';
import type { Document } from '../bson/codec.ts';
import { compareValues } from '../bson/order.ts';
import { compileExpression } from '../query/expression.ts';
import { isObject, numberOf, show } from '../query/value-types.ts';

/** The documents around one that a window holds, by their places: `from` inclusive, `to` exclusive. */
export interface Frame {
  readonly from: number;
  readonly to: number;
}

/** The documents of one partition, in order. */
export interface Partition {
  readonly documents: readonly Document[];
  /** What they are sorted by; empty without a sort. */
  readonly keys: readonly (readonly unknown[])[];
  readonly isSameKey: (a: number, b: number) => boolean;
}

export type FrameOf = (partition: Partition, index: number) => Frame;

/** How a window's ends are given. */
export interface Window {
  readonly frameOf: FrameOf;
  /** Whether all windows of a partition are the whole of it. */
  readonly isWhole: boolean;
  /** Whether all begin with the first document, so that each only adds to the one before. */
  readonly isGrowing: boolean;
}

type Bound = number | 'current' | 'unbounded';

export const WHOLE: Window = {
  frameOf: ({ documents }) => ({ from: 0, to: documents.length }),
  isWhole: true,
  isGrowing: true,
};

/** @throws CommandError where the window is malformed or needs a sort that is not there */
export function compileWindow(given: unknown, sortBy: Document | undefined): Window {
  if (given === undefined) return WHOLE;
  if (!isObject(given)) throw new CommandError('FailedToParse', "'window' field must be an object");
  const { documents, range, unit, ...others } = given;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new CommandError(
      'FailedToParse',
      `'window' field can only contain 'documents' as the only argument or 'range' with an optional 'unit' field, not '${unknown}'`,
    );
  }
  if (documents !== undefined && range !== undefined) {
    throw new CommandError('FailedToParse', "Window bounds can specify either 'documents' or 'unit', not both.");
  }
  if (range !== undefined) return rangeWindow(boundsOf('range', range), unit, sortBy);
  if (unit !== undefined)
    throw new CommandError('FailedToParse', "Window bounds can only specify 'unit' with range-based bounds.");
  return documents === undefined ? WHOLE : documentWindow(boundsOf('documents', documents), sortBy);
}

function boundsOf(name: string, given: unknown): readonly [Bound, Bound] {
  if (!Array.isArray(given) || given.length !== 2) {
    throw new CommandError('FailedToParse', `Window bounds must be a 2-element array: ${name}: ${show(given)}`);
  }
  const [low, high] = given.map((bound) => boundOf(name, bound)) as [Bound, Bound];
  if (placeOf(low) > placeOf(high, Infinity)) {
    throw new CommandError(5339900, `Lower bound must not exceed upper bound: ${show(given)}`);
  }
  return [low, high];
}

function boundOf(name: string, bound: unknown): Bound {
  if (bound === 'current' || bound === 'unbounded') return bound;
  const number = numberOf(bound);
  const isRight = number !== undefined && (name === 'range' || Number.isInteger(number));
  if (!isRight) {
    const wanted =
      name === 'range'
        ? 'Range-based bounds expression must be a number'
        : 'Numeric document-based bounds must be an integer';
    throw new CommandError('FailedToParse', `${wanted}, or 'current' or 'unbounded', but got ${show(bound)}`);
  }
  return number;
}

function placeOf(bound: Bound, unbounded = -Infinity): number {
  if (bound === 'unbounded') return unbounded;
  return bound === 'current' ? 0 : bound;
}

function documentWindow([low, high]: readonly [Bound, Bound], sortBy: Document | undefined): Window {
  const isWhole = low === 'unbounded' && high === 'unbounded';
  if (!isWhole && sortBy === undefined) throw new CommandError(5339901, 'Document-based bounds require a sortBy');
  const [before, after] = [placeOf(low), placeOf(high, Infinity)];
  const frameOf: FrameOf = ({ documents: { length } }, index) => {
    const from = Math.min(length, Math.max(0, index + before));
    return { from, to: Math.max(from, Math.min(length, index + after + 1)) };
  };
  return { frameOf, isWhole, isGrowing: low === 'unbounded' };
}

function rangeWindow([low, high]: readonly [Bound, Bound], unit: unknown, sortBy: Document | undefined): Window {
  const directions = Object.values(sortBy ?? {});
  if (directions.length !== 1) throw new CommandError(5339902, 'Range-based bounds require sortBy a single field');
  if (numberOf(directions[0]) !== 1) throw new CommandError(8947401, 'Range-based bounds require an ascending sortBy');
  const shift = shiftBy(unit);
  // A place that grows with the document's own: what is sorted needs no search from the start.
  const frameOf: FrameOf = ({ keys, documents }, index) => {
    const value = keys[index]?.[0];
    const valueAt = (place: number): unknown => keys[place]?.[0];
    const from =
      low === 'unbounded'
        ? 0
        : firstPlace(documents.length, (place) => compareValues(valueAt(place), shift(value, placeOf(low))) >= 0);
    const to =
      high === 'unbounded'
        ? documents.length
        : firstPlace(documents.length, (place) => compareValues(valueAt(place), shift(value, placeOf(high))) > 0);
    return { from, to: Math.max(from, to) };
  };
  return { frameOf, isWhole: low === 'unbounded' && high === 'unbounded', isGrowing: low === 'unbounded' };
}

/** The first place of a sorted list from which on the test holds. */
function firstPlace(length: number, test: (place: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (test(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function shiftBy(unit: unknown): (value: unknown, by: number) => unknown {
  if (unit === undefined) {
    return (value, by) => {
      const number = numberOf(value);
      if (number === undefined) {
        throw new CommandError(
          5429414,
          `Invalid range: Expected the sortBy field to be a number, but it was ${show(value)}`,
        );
      }
      return number + by;
    };
  }
  const add = compileExpression({ $dateAdd: { startDate: '$$date', unit, amount: '$$by' } }, { names: ['date', 'by'] });
  return (value, by) => {
    if (!(value instanceof Date)) {
      throw new CommandError(
        5429513,
        `Invalid range: Expected the sortBy field to be a Date, but it was ${show(value)}`,
      );
    }
    return by === 0 ? value : add({}, { date: value, by });
  };
}
