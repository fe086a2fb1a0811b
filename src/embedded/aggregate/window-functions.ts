import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { compileExpression } from '../query/expression.ts';
import { Grouping } from '../query/group.ts';
import { isNumeric, isObject, numberOf, show } from '../query/value-types.ts';
import { COLUMN_FUNCTIONS } from './window-columns.ts';
import { expressionOptions, metaOf, scopeOf, type StageContext } from './stage.ts';
import { compileWindow, type Partition, type Window } from './window-frame.ts';

export type { Partition } from './window-frame.ts';

/** Computes the values of one output field for all documents of a partition. */
export type WindowFunction = (partition: Partition) => readonly unknown[];

/** What window functions are compiled for. */
export interface WindowContext {
  readonly sortBy: Document | undefined;
  readonly stage: StageContext;
}

/** Values of accumulators over no documents, where they are not null. */
const OVER_NOTHING: Readonly<Record<string, unknown>> = { $sum: 0, $count: 0, $push: [], $addToSet: [] };

/** Functions that MongoDB computes from the whole window at once. */
const FRAME_FUNCTIONS: Readonly<Record<string, (argument: unknown, context: WindowContext) => FrameFunction>> = {
  $covariancePop: covariance(false),
  $covarianceSamp: covariance(true),
  $derivative: derivative,
  $integral: integral,
};

type FrameFunction = (partition: Partition, from: number, to: number) => unknown;

/**
 * Compiles one output of `$setWindowFields`, such as `{ $sum: '$n', window: { documents: [-1, 1] } }`.
 * @throws CommandError FailedToParse for what is no window function
 */
export function compileWindowFunction(spec: Document, context: WindowContext): WindowFunction {
  const { window: given, ...functions } = spec;
  const [entry, ...others] = Object.entries(functions);
  if (entry === undefined || others.length > 0) {
    throw new CommandError('FailedToParse', 'Window function specification must have exactly one function');
  }
  const [name, argument] = entry;
  const column = COLUMN_FUNCTIONS[name];
  if (column !== undefined) {
    if (given !== undefined) throw new CommandError(5371601, `${name} does not accept a 'window' field`);
    return column(argument, context);
  }
  const window = compileWindow(given, context.sortBy);
  const frames = FRAME_FUNCTIONS[name];
  return frames === undefined
    ? accumulated(name, argument, window, context)
    : overFrames(frames(argument, context), window);
}

function overFrames(compute: FrameFunction, { frameOf }: Window): WindowFunction {
  return (partition) =>
    partition.documents.map((_document, index) => {
      const { from, to } = frameOf(partition, index);
      return compute(partition, from, to);
    });
}

function accumulated(name: string, argument: unknown, window: Window, { stage }: WindowContext): WindowFunction {
  const grouping = accumulatorFor(name, argument, stage);
  const nothing = OVER_NOTHING[name] ?? null;
  const over = (documents: readonly Document[]): unknown => {
    const running = grouping.empty();
    for (const document of documents) running.add(scopeOf(document, stage));
    return resultOf(running, nothing);
  };
  return (partition) => {
    const { documents } = partition;
    if (window.isWhole) {
      const value = over(documents);
      return documents.map(() => value);
    }
    if (window.isGrowing) return growing(partition, window, grouping.empty(), stage, nothing);
    return documents.map((_document, index) => {
      const { from, to } = window.frameOf(partition, index);
      return over(documents.slice(from, to));
    });
  };
}

function accumulatorFor(name: string, argument: unknown, { collation }: StageContext): Grouping {
  try {
    return new Grouping({ _id: null, value: { [name]: argument } }, collation);
  } catch (error) {
    if (error instanceof CommandError && error.code === 15952) {
      throw new CommandError('FailedToParse', `Unrecognized window function, ${name}`);
    }
    throw error;
  }
}

function resultOf(running: Grouping, nothing: unknown): unknown {
  const [result] = running.results();
  const value = result === undefined ? nothing : result.value;
  // A list is still being added to.
  return Array.isArray(value) ? [...(value as unknown[])] : value;
}

/** Each window adds some documents to the one before. */
function growing(
  partition: Partition,
  { frameOf }: Window,
  running: Grouping,
  stage: StageContext,
  nothing: unknown,
): unknown[] {
  let added = 0;
  return partition.documents.map((_document, index) => {
    const { to } = frameOf(partition, index);
    for (; added < to; added++) running.add(scopeOf(partition.documents[added] ?? {}, stage));
    return resultOf(running, nothing);
  });
}

function covariance(isSample: boolean) {
  return (argument: unknown, { stage }: WindowContext): FrameFunction => {
    if (!Array.isArray(argument) || argument.length !== 2) {
      throw new CommandError(5424000, '$covariance requires an array of exactly two expressions');
    }
    const [x, y] = argument.map((part: unknown) => compileExpression(part, expressionOptions(stage)));
    return ({ documents }, from, to) => {
      const pairs = documents.slice(from, to).flatMap((document) => {
        const pair = [numberOf(x?.(document)), numberOf(y?.(document))] as const;
        return pair[0] === undefined || pair[1] === undefined ? [] : [pair as readonly [number, number]];
      });
      const divisor = isSample ? pairs.length - 1 : pairs.length;
      if (divisor < 1) return null;
      const [meanX, meanY] = [mean(pairs.map(([first]) => first)), mean(pairs.map(([, second]) => second))];
      return pairs.reduce((sum, [a, b]) => sum + (a - meanX) * (b - meanY), 0) / divisor;
    };
  };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** Lengths of units in milliseconds: those of calendar length are not allowed here. */
const UNIT_MS: Readonly<Record<string, number>> = {
  week: 604_800_000,
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1_000,
  millisecond: 1,
};

interface Slope {
  /** The point of a document: place on the axis of the sort, and value. */
  readonly pointOf: (partition: Partition, index: number) => readonly [x: number, y: number] | undefined;
}

function slopeOf(name: string, argument: unknown, { sortBy, stage }: WindowContext): Slope {
  if (!isObject(argument) || argument.input === undefined) {
    throw new CommandError('FailedToParse', `${name} requires an 'input' expression`);
  }
  if (Object.keys(sortBy ?? {}).length !== 1) {
    throw new CommandError('FailedToParse', `${name} requires a sortBy with exactly one element`);
  }
  const { unit } = argument;
  const unitMs = typeof unit === 'string' ? UNIT_MS[unit] : undefined;
  if (unit !== undefined && unitMs === undefined) {
    throw new CommandError(5490704, `unit must be 'week' or smaller, but got ${show(unit)}`);
  }
  const input = compileExpression(argument.input, expressionOptions(stage));
  return {
    pointOf: ({ documents, keys }, index) => {
      const document = documents[index];
      const [place] = keys[index] ?? [];
      const value = document === undefined ? undefined : input(document, metaOf(document));
      if (!isNumeric(value) && !(value instanceof Date)) return undefined;
      const y = value instanceof Date ? value.getTime() : (numberOf(value) ?? NaN);
      return [axis(name, place, unitMs), y];
    },
  };
}

function axis(name: string, place: unknown, unitMs: number | undefined): number {
  if (place instanceof Date) {
    if (unitMs === undefined) throw new CommandError(5624900, `${name} with a date sortBy requires a 'unit'`);
    return place.getTime() / unitMs;
  }
  const number = numberOf(place);
  if (number === undefined) throw new CommandError(5624901, `${name} expects the sortBy field to be numeric or a date`);
  if (unitMs !== undefined) throw new CommandError(5624902, `${name} with a numeric sortBy does not accept a 'unit'`);
  return number;
}

function derivative(argument: unknown, context: WindowContext): FrameFunction {
  const { pointOf } = slopeOf('$derivative', argument, context);
  return (partition, from, to) => {
    if (to - from < 2) return null;
    const [first, last] = [pointOf(partition, from), pointOf(partition, to - 1)];
    if (first === undefined || last === undefined || first[0] === last[0]) return null;
    return (last[1] - first[1]) / (last[0] - first[0]);
  };
}

function integral(argument: unknown, context: WindowContext): FrameFunction {
  const { pointOf } = slopeOf('$integral', argument, context);
  return (partition, from, to) => {
    if (to <= from) return null;
    let sum = 0;
    let before: readonly [number, number] | undefined;
    for (let index = from; index < to; index++) {
      const point = pointOf(partition, index);
      if (point === undefined) continue;
      if (before !== undefined) sum += ((point[1] + before[1]) / 2) * (point[0] - before[0]);
      before = point;
    }
    return sum;
  };
}
