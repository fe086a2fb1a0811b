import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { compileMatcher } from '../query/matcher.ts';
import { compileSort } from '../query/sort.ts';
import { textScoreOf } from '../query/text-scores.ts';
import { integerOf, isNumeric, isObject, numberOf, show } from '../query/value-types.ts';
import type { CompileStage, StageContext, StartStage } from './stage.ts';

export const match: CompileStage = (argument, context) => {
  if (!isObject(argument)) throw new CommandError(15959, 'the match filter must be an expression in an object');
  const { variables, collation, now } = context;
  const matcher = compileMatcher(argument, { variables, collation, now });
  if (matcher.hasText) throw new CommandError(17313, '$match with $text is only allowed as the first pipeline stage');
  return () => ({
    add: (document, emit) => {
      if (matcher.test(document)) emit(document);
    },
  });
};

/**
 * A whole number, as `$limit`, `$skip` and the like want it.
 * @throws CommandError of the code, in MongoDB's words
 */
export function wholeNumber(value: unknown, code: number, message: string): number {
  const number = isNumeric(value) ? numberOf(value) : undefined;
  if (number === undefined || !Number.isInteger(number) || integerOf(value) === undefined)
    throw new CommandError(code, message);
  return number;
}

/** The count of a `$limit`. */
export function limitOf(argument: unknown): number {
  const count = wholeNumber(
    argument,
    5107201,
    `invalid argument to $limit stage: Expected a number in: $limit: ${show(argument)}`,
  );
  if (count < 0)
    throw new CommandError(
      5107201,
      `invalid argument to $limit stage: Expected a non-negative number in: $limit: ${show(argument)}`,
    );
  if (count === 0) throw new CommandError(15958, 'the limit must be positive');
  return count;
}

/** The count of a `$skip`. */
export function skipOf(argument: unknown): number {
  const message = `invalid argument to $skip stage: Expected a ${isNumeric(argument) ? 'non-negative number' : 'number'} in: $skip: ${show(argument)}`;
  const count = wholeNumber(argument, 5107200, message);
  if (count < 0) throw new CommandError(5107200, message);
  return count;
}

export const limit: CompileStage = (argument) => {
  const count = limitOf(argument);
  return () => {
    let remaining = count;
    return {
      add: (document, emit) => {
        if (remaining <= 0) return;
        remaining -= 1;
        emit(document);
      },
      get isFull() {
        return remaining <= 0;
      },
    };
  };
};

export const skip: CompileStage = (argument) => {
  const count = skipOf(argument);
  return () => {
    let remaining = count;
    return {
      add: (document, emit) => {
        if (remaining > 0) remaining -= 1;
        else emit(document);
      },
    };
  };
};

export const count: CompileStage = (argument) => {
  if (typeof argument !== 'string') throw new CommandError(40156, 'the count field must be a non-empty string');
  if (argument === '') throw new CommandError(40156, 'the count field must be a non-empty string');
  if (argument.startsWith('$')) throw new CommandError(40158, 'the count field cannot be a $-prefixed path');
  if (argument.includes('.')) throw new CommandError(40160, "the count field cannot contain '.'");
  return () => {
    let total = 0;
    return {
      add: () => {
        total += 1;
      },
      finish: () => (total === 0 ? [] : [{ [argument]: total }]),
    };
  };
};

interface Keyed {
  readonly document: Document;
  readonly key: readonly unknown[];
  readonly position: number;
}

/** Sorts stably; with a limit only the best are kept. */
export function sortStage(spec: unknown, context: StageContext, most = Infinity): StartStage {
  if (!isObject(spec)) throw new CommandError(15973, 'the $sort key specification must be an object');
  if (Object.keys(spec).length === 0) throw new CommandError(15976, '$sort stage must have at least one sort key');
  const sorter = compileSort(spec, context.collation);
  const compare = (a: Keyed, b: Keyed): number => sorter.compare(a.key, b.key) || a.position - b.position;
  return () => {
    let keyed: Keyed[] = [];
    let position = 0;
    return {
      add: (document) => {
        keyed.push({ document, key: sorter.keyOf(document, textScoreOf(document)), position: position++ });
        if (keyed.length > Math.max(4 * most, 1_024)) keyed = keyed.sort(compare).slice(0, most);
      },
      *finish() {
        keyed.sort(compare);
        if (keyed.length > most) keyed.length = most;
        for (const { document } of keyed) yield document;
      },
    };
  };
}

export const sort: CompileStage = (argument, context) => sortStage(argument, context);

/** Chooses at random among all that go in, without putting any back (Vitter's algorithm R), in random order. */
export const sample: CompileStage = (argument) => {
  if (!isObject(argument)) throw new CommandError(28745, 'the $sample stage specification must be an object');
  const [unknown] = Object.keys(argument).filter((name) => name !== 'size');
  if (unknown !== undefined) throw new CommandError(28748, `unrecognized option to $sample: ${unknown}`);
  if (argument.size === undefined) throw new CommandError(28749, '$sample stage must specify a size');
  const size = isNumeric(argument.size) ? numberOf(argument.size) : undefined;
  if (size === undefined) throw new CommandError(28746, 'size argument to $sample must be a number');
  if (size <= 0) throw new CommandError(28747, 'size argument to $sample must be a positive integer');
  const most = Math.trunc(size);
  return () => {
    const kept: Document[] = [];
    let seen = 0;
    return {
      add: (document) => {
        seen += 1;
        if (kept.length < most) {
          kept.push(document);
          return;
        }
        const place = Math.floor(Math.random() * seen);
        if (place < most) kept[place] = document;
      },
      finish: () => shuffled(kept),
    };
  };
};

function shuffled(documents: readonly Document[]): Document[] {
  return documents
    .map((document) => ({ document, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ document }) => document);
}
