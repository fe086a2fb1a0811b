import { Decimal128 } from 'bson';
import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { compileExpression, type Expression } from '../query/expression.ts';
import { arithmetic, type Numeric } from '../query/numbers.ts';
import { isNumeric, isObject, numberOf, show } from '../query/value-types.ts';
import { expressionOptions, metaOf, type StageContext } from './stage.ts';
import type { Partition } from './window-frame.ts';

interface ColumnContext {
  readonly sortBy: Document | undefined;
  readonly stage: StageContext;
}

type CompileColumn = (argument: unknown, context: ColumnContext) => (partition: Partition) => readonly unknown[];

function requireSort(name: string, { sortBy }: ColumnContext, isSingle: boolean): void {
  const count = Object.keys(sortBy ?? {}).length;
  if (count === 0 || (isSingle && count !== 1)) {
    const wanted = isSingle ? ' with exactly one element' : '';
    throw new CommandError(5371602, `${name} must be specified with a top level sortBy expression${wanted}`);
  }
}

function requireNothing(name: string, argument: unknown): void {
  if (isObject(argument) && Object.keys(argument).length === 0) return;
  throw new CommandError(5371603, `${name} must be specified with '{}' as the value`);
}

type NextRank = (rank: number, index: number) => number;

/** @param next the rank of a document whose key differs from that of the one before */
function ranking(name: string, next: NextRank): CompileColumn {
  return (argument, context) => {
    requireNothing(name, argument);
    requireSort(name, context, true);
    return ({ documents, isSameKey }) => {
      let rank = 0;
      return documents.map((_document, index) => {
        if (index === 0 || !isSameKey(index - 1, index)) rank = next(rank, index);
        return rank;
      });
    };
  };
}

const documentNumber: CompileColumn = (argument, context) => {
  requireNothing('$documentNumber', argument);
  requireSort('$documentNumber', context, false);
  return ({ documents }) => documents.map((_document, index) => index + 1);
};

const shift: CompileColumn = (argument, context) => {
  requireSort('$shift', context, false);
  if (!isObject(argument)) throw new CommandError('FailedToParse', 'Argument to $shift must be an object');
  const by = numberOf(argument.by);
  if (argument.output === undefined || by === undefined || !Number.isInteger(by)) {
    throw new CommandError('FailedToParse', "$shift requires an 'output' expression and an integer 'by' field");
  }
  const output = compileExpression(argument.output, expressionOptions(context.stage));
  const fallback = compileExpression(argument.default ?? null, expressionOptions(context.stage))({}) ?? null;
  return ({ documents }) =>
    documents.map((_document, index) => {
      const other = documents[index + by];
      return other === undefined ? fallback : (output(other, metaOf(other)) ?? null);
    });
};

const expMovingAvg: CompileColumn = (argument, context) => {
  requireSort('$expMovingAvg', context, false);
  const { input, alpha } = movingAverageOf(argument);
  const expression = compileExpression(input, expressionOptions(context.stage));
  return ({ documents }) => {
    let average: Numeric | undefined;
    return documents.map((document) => {
      const value = expression(document, metaOf(document));
      if (isNumeric(value)) average = average === undefined ? value : smoothed(value, average, alpha);
      return average ?? null;
    });
  };
};

function smoothed(value: Numeric, average: Numeric, alpha: number): Numeric {
  if (value instanceof Decimal128 || average instanceof Decimal128) {
    const share = Decimal128.fromString(String(alpha));
    const rest = Decimal128.fromString(String(1 - alpha));
    return arithmetic('add', arithmetic('multiply', value, share), arithmetic('multiply', average, rest));
  }
  return (numberOf(value) ?? NaN) * alpha + (numberOf(average) ?? NaN) * (1 - alpha);
}

function movingAverageOf(argument: unknown): { input: unknown; alpha: number } {
  const { input, N: count, alpha } = isObject(argument) ? argument : {};
  if (input === undefined || (count === undefined) === (alpha === undefined)) {
    throw new CommandError(
      'FailedToParse',
      "$expMovingAvg sub object must have exactly two fields: An 'input' field, and either an 'N' field or an 'alpha' field",
    );
  }
  return { input, alpha: count === undefined ? alphaOf(alpha) : alphaOfCount(count) };
}

function alphaOfCount(given: unknown): number {
  const count = numberOf(given);
  if (count !== undefined && Number.isInteger(count) && count > 0) return 2 / (count + 1);
  throw new CommandError('FailedToParse', `'N' field must be an integer greater than zero. Got ${show(given)}`);
}

function alphaOf(given: unknown): number {
  const alpha = numberOf(given);
  if (alpha !== undefined && alpha > 0 && alpha < 1) return alpha;
  throw new CommandError('FailedToParse', `'alpha' must be between 0 and 1 (exclusive), found alpha: ${show(given)}`);
}

function valuesOf(expression: Expression, documents: readonly Document[]): unknown[] {
  return documents.map((document) => expression(document, metaOf(document)) ?? null);
}

/** The last observation carried forward. */
const locf: CompileColumn = (argument, { stage }) => {
  const expression = compileExpression(argument, expressionOptions(stage));
  return ({ documents }) => {
    let last: unknown = null;
    return valuesOf(expression, documents).map((value) => (last = value ?? last));
  };
};

const linearFill: CompileColumn = (argument, context) => {
  if (Object.keys(context.sortBy ?? {}).length !== 1) {
    throw new CommandError(
      605001,
      '$linearFill must be specified with a top level sortBy expression with exactly one element',
    );
  }
  const expression = compileExpression(argument, expressionOptions(context.stage));
  return (partition) => {
    const values = valuesOf(expression, partition.documents);
    const places = partition.keys.map(([place]) => placeOf(place));
    refuseRepeated(places);
    let before = -1;
    return values.map((value, index) => {
      if (value !== null) {
        if (!isNumeric(value))
          throw new CommandError(
            'TypeMismatch',
            `Value to be filled must be numeric or nullish. Found: ${show(value)}`,
          );
        before = index;
        return value;
      }
      const after = values.findIndex((other, place) => place > index && other !== null);
      return before < 0 || after < 0 ? null : between(values, places, before, after, index);
    });
  };
};

function placeOf(place: unknown): number {
  if (place instanceof Date) return place.getTime();
  const number = numberOf(place);
  if (number !== undefined) return number;
  throw new CommandError(
    'TypeMismatch',
    `$linearFill: sortBy field must be numeric or a date, but found: ${show(place)}`,
  );
}

function refuseRepeated(places: readonly number[]): void {
  if (places.some((place, index) => index > 0 && place === places[index - 1])) {
    throw new CommandError(6050106, 'There can be no repeated values in the sort field');
  }
}

function between(
  values: readonly unknown[],
  places: readonly number[],
  before: number,
  after: number,
  index: number,
): number {
  const [low, high] = [numberOf(values[before]) ?? NaN, numberOf(values[after]) ?? NaN];
  const [from, to, at] = [places[before] ?? NaN, places[after] ?? NaN, places[index] ?? NaN];
  return low + ((high - low) * (at - from)) / (to - from);
}

/** Window functions that look at the whole partition and take no window. */
export const COLUMN_FUNCTIONS: Readonly<Record<string, CompileColumn>> = {
  $rank: ranking('$rank', (_rank, index) => index + 1),
  $denseRank: ranking('$denseRank', (rank) => rank + 1),
  $documentNumber: documentNumber,
  $shift: shift,
  $expMovingAvg: expMovingAvg,
  $linearFill: linearFill,
  $locf: locf,
};
