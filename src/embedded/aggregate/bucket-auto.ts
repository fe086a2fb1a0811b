import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { compareWith } from '../query/collation.ts';
import { Grouping } from '../query/group.ts';
import { isNumeric, isObject, numberOf, show } from '../query/value-types.ts';
import { bucketCountOf, groupByOf, outputOf } from './group.ts';
import { mingoStage } from './mingo-stage.ts';
import { metaOf, scopeOf, type CompileStage, type StageContext, type StartStage } from './stage.ts';

const OPTIONS: ReadonlySet<string> = new Set(['groupBy', 'buckets', 'output', 'granularity']);
const GRANULARITIES = /^(POWERSOF2|1-2-5|E(6|12|24|48|96|192)|R(5|10|20|40|80))$/;

interface Keyed {
  readonly value: unknown;
  readonly document: Document;
  readonly position: number;
}

/** Spreads documents evenly over so many buckets, equal values staying together. */
export const bucketAuto: CompileStage = (argument, context) => {
  if (!isObject(argument)) {
    throw new CommandError(40240, `The argument to $bucketAuto must be an object, but found type: ${typeof argument}.`);
  }
  for (const name of Object.keys(argument)) {
    if (!OPTIONS.has(name)) throw new CommandError(40245, `Unrecognized option to $bucketAuto: ${name}.`);
  }
  if (argument.groupBy === undefined || argument.buckets === undefined) {
    throw new CommandError(40246, "$bucketAuto requires 'groupBy' and 'buckets' to be specified.");
  }
  const groupBy = groupByOf('$bucketAuto', 40239, argument.groupBy, context);
  const output = outputOf('$bucketAuto', 40244, argument.output);
  const buckets = bucketCountOf(argument.buckets);
  if (argument.granularity !== undefined) return byGranularity(argument, context);
  const compare = compareWith(context.collation);
  return () => {
    const keyed: Keyed[] = [];
    return {
      add: (document) => {
        keyed.push({ value: groupBy(document, metaOf(document)) ?? null, document, position: keyed.length });
      },
      *finish() {
        keyed.sort((a, b) => compare(a.value, b.value) || a.position - b.position);
        yield* evenly(keyed, buckets, (a, b) => compare(a, b) === 0, new Folding(output, context));
      },
    };
  };
};

/** Folds the documents of a bucket into its output. */
class Folding {
  readonly #grouping: Grouping;
  readonly #context: StageContext;

  constructor(output: Document, context: StageContext) {
    this.#grouping = new Grouping({ _id: '$$bucket', ...output }, context.collation);
    this.#context = context;
  }

  fold(id: Document, documents: readonly Keyed[]): Document {
    const running = this.#grouping.empty();
    for (const { document } of documents) running.add(scopeOf(document, this.#context, { bucket: id }));
    return running.results()[0] ?? { _id: id };
  }
}

function* evenly(
  keyed: readonly Keyed[],
  buckets: number,
  isEqual: (a: unknown, b: unknown) => boolean,
  folding: Folding,
): Generator<Document, void> {
  const size = Math.max(1, Math.round(keyed.length / buckets));
  for (let start = 0, bucket = 1; start < keyed.length; bucket++) {
    const end = endOf(keyed, bucket < buckets ? start + size : keyed.length, isEqual);
    const next = keyed[Math.min(end, keyed.length - 1)];
    yield folding.fold({ min: keyed[start]?.value, max: next?.value }, keyed.slice(start, end));
    start = end;
  }
}

/** Where a bucket ends that should end at `wanted`: equal values are not parted. */
function endOf(keyed: readonly Keyed[], wanted: number, isEqual: (a: unknown, b: unknown) => boolean): number {
  let end = Math.min(wanted, keyed.length);
  while (end < keyed.length && isEqual(keyed[end - 1]?.value, keyed[end]?.value)) end += 1;
  return end;
}

/** Rounded boundaries are mingo's, which lists `_id` last. */
function byGranularity(argument: Document, context: StageContext): StartStage {
  const { granularity } = argument;
  if (typeof granularity !== 'string') {
    throw new CommandError(
      40261,
      `The $bucketAuto 'granularity' field must be a string, but found type: ${typeof granularity}.`,
    );
  }
  if (!GRANULARITIES.test(granularity)) throw new CommandError(40257, `Unknown rounding granularity '${granularity}'`);
  const groupBy = groupByOf('$bucketAuto', 40239, argument.groupBy, context);
  const start = mingoStage('$bucketAuto')(argument, context);
  return () => {
    const inner = start();
    let isEmpty = true;
    return {
      add: (document, emit) => {
        checkNumber(groupBy(document, metaOf(document)));
        isEmpty = false;
        inner.add(document, emit);
      },
      *finish() {
        if (isEmpty) return;
        for (const { _id: id, ...fields } of inner.finish?.() ?? []) yield { _id: id, ...fields };
      },
    };
  };
}

function checkNumber(value: unknown): void {
  const number = isNumeric(value) ? numberOf(value) : undefined;
  if (number === undefined) {
    throw new CommandError(
      40258,
      `$bucketAuto can specify a 'granularity' with numeric boundaries only, but found a value with type: ${show(value)}`,
    );
  }
  if (Number.isNaN(number))
    throw new CommandError(
      40259,
      "$bucketAuto can specify a 'granularity' with numeric boundaries only, but found a NaN",
    );
  if (number < 0)
    throw new CommandError(
      40260,
      `$bucketAuto can specify a 'granularity' with non-negative numbers only, but found ${String(number)}`,
    );
}
