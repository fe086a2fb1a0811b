import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { compareWith } from '../query/collation.ts';
import { compileExpression, type Expression } from '../query/expression.ts';
import { Grouping } from '../query/group.ts';
import { isObject, numberOf, show } from '../query/value-types.ts';
import { sortStage, wholeNumber } from './basic-stages.ts';
import { expressionOptions, metaOf, scopeOf, type CompileStage, type StageContext, type StartStage } from './stage.ts';

export const group: CompileStage = (argument, context) => grouped(new Grouping(argument, context.collation), context);

/** @param boundTo variables of the document that the grouping's expressions may use */
function grouped(grouping: Grouping, context: StageContext, boundTo?: (document: Document) => Document): StartStage {
  return () => {
    const running = grouping.empty();
    return {
      add: (document) => {
        running.add(scopeOf(document, context, boundTo?.(document)));
      },
      finish: () => running.results(),
    };
  };
}

export const sortByCount: CompileStage = (argument, context) => {
  const isExpression = isObject(argument) && Object.keys(argument)[0]?.startsWith('$') === true;
  if (isObject(argument) && !isExpression) {
    throw new CommandError(
      40147,
      'the sortByCount field must be defined as a $-prefixed path or an expression inside an object',
    );
  }
  if (!isExpression && typeof argument !== 'string') {
    throw new CommandError(40149, 'the sortByCount field must be specified as a string or as an object');
  }
  if (typeof argument === 'string' && !argument.startsWith('$')) {
    throw new CommandError(
      40148,
      'the sortByCount field must be defined as a $-prefixed path or an expression inside an object',
    );
  }
  const counted = group({ _id: argument, count: { $sum: 1 } }, context);
  return inTurn(counted, sortStage({ count: -1 }, context));
};

/** Two stages as one. */
export function inTurn(first: StartStage, second: StartStage): StartStage {
  return () => {
    const [one, two] = [first(), second()];
    return {
      add: (document, emit) => {
        one.add(document, (made) => {
          two.add(made, emit);
        });
      },
      *finish() {
        const made: Document[] = [];
        for (const document of one.finish?.() ?? []) {
          two.add(document, (out) => made.push(out));
          yield* made.splice(0);
        }
        yield* two.finish?.() ?? [];
      },
    };
  };
}

interface BucketOptions {
  readonly groupBy: Expression;
  readonly boundaries: readonly unknown[];
  readonly fallback: { readonly value: unknown } | undefined;
  readonly output: Document;
}

const BUCKET_OPTIONS: readonly string[] = ['groupBy', 'boundaries', 'default', 'output'];

function parseBucket(argument: unknown, context: StageContext): BucketOptions {
  if (!isObject(argument))
    throw new CommandError(40201, `Argument to $bucket stage must be an object, but found type: ${typeof argument}.`);
  for (const name of Object.keys(argument)) {
    if (!BUCKET_OPTIONS.includes(name)) throw new CommandError(40197, `Unrecognized option to $bucket: ${name}.`);
  }
  if (argument.groupBy === undefined || argument.boundaries === undefined) {
    throw new CommandError(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.");
  }
  const boundaries = boundariesOf(argument.boundaries, context);
  const fallback = 'default' in argument ? { value: constant(argument.default, context) } : undefined;
  checkFallback(fallback, boundaries, context);
  return {
    groupBy: groupByOf('$bucket', 40202, argument.groupBy, context),
    boundaries,
    fallback,
    output: outputOf('$bucket', 40196, argument.output),
  };
}

/** What `$bucket` and `$bucketAuto` group by: a path or an expression, nothing constant. */
export function groupByOf(stage: string, code: number, value: unknown, context: StageContext): Expression {
  const isPath = typeof value === 'string' && value.startsWith('$');
  const isExpression = isObject(value) && Object.keys(value)[0]?.startsWith('$') === true;
  if (!isPath && !isExpression) {
    throw new CommandError(
      code,
      `The ${stage} 'groupBy' field must be defined as a $-prefixed path or an expression, but found: ${show(value)}.`,
    );
  }
  return compileExpression(value, expressionOptions(context));
}

export function outputOf(stage: string, code: number, value: unknown): Document {
  if (value !== undefined && !isObject(value)) {
    throw new CommandError(code, `The ${stage} 'output' field must be an object, but found type: ${typeof value}.`);
  }
  return value ?? { count: { $sum: 1 } };
}

function constant(value: unknown, context: StageContext): unknown {
  return compileExpression(value, expressionOptions(context))({}) ?? null;
}

function boundariesOf(given: unknown, context: StageContext): unknown[] {
  if (!Array.isArray(given)) {
    throw new CommandError(40200, `The $bucket 'boundaries' field must be an array, but found type: ${typeof given}.`);
  }
  if (given.length < 2) {
    throw new CommandError(
      40192,
      `The $bucket 'boundaries' field must have at least 2 values, but found ${String(given.length)} value(s).`,
    );
  }
  const compare = compareWith(context.collation);
  const values = given.map((value: unknown) => constant(value, context));
  values.forEach((value, index) => {
    const before = values[index - 1];
    if (index === 0) return;
    if (kindOf(before) !== kindOf(value)) {
      throw new CommandError(
        40193,
        `All values in the the 'boundaries' option to $bucket must have the same type. Found conflicting types: ${kindOf(before)} and ${kindOf(value)}.`,
      );
    }
    if (compare(before, value) >= 0) {
      throw new CommandError(
        40194,
        `The 'boundaries' option to $bucket must be sorted, but elements ${String(index - 1)} and ${String(index)} are not in ascending order.`,
      );
    }
  });
  return values;
}

function kindOf(value: unknown): string {
  if (numberOf(value) !== undefined) return 'number';
  if (typeof value !== 'object' || value === null) return typeof value;
  return value.constructor.name;
}

function checkFallback(
  fallback: { value: unknown } | undefined,
  boundaries: readonly unknown[],
  context: StageContext,
): void {
  if (fallback === undefined) return;
  const compare = compareWith(context.collation);
  const [lowest] = boundaries;
  if (kindOf(lowest) !== kindOf(fallback.value)) return;
  if (compare(fallback.value, lowest) >= 0 && compare(fallback.value, boundaries.at(-1)) < 0) {
    throw new CommandError(
      40199,
      "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest boundary.",
    );
  }
}

export const bucket: CompileStage = (argument, context) => {
  const { groupBy, boundaries, fallback, output } = parseBucket(argument, context);
  const compare = compareWith(context.collation);
  const idOf = (document: Document): unknown => {
    const value = groupBy(document, metaOf(document));
    const place = value === undefined ? -1 : boundaries.findLastIndex((boundary) => compare(boundary, value) <= 0);
    if (place >= 0 && place < boundaries.length - 1) return boundaries[place];
    if (fallback !== undefined) return fallback.value;
    throw new CommandError(
      40066,
      '$switch could not find a matching branch for an input, and no default was specified.',
    );
  };
  const grouping = new Grouping({ _id: '$$bucket', ...output }, context.collation);
  const inBuckets = grouped(grouping, context, (document) => ({ bucket: idOf(document) }));
  return inTurn(inBuckets, sortStage({ _id: 1 }, context));
};

/** A whole number of buckets. */
export function bucketCountOf(value: unknown): number {
  const given = show(value);
  if (numberOf(value) === undefined) {
    throw new CommandError(
      40241,
      `The $bucketAuto 'buckets' field must be a numeric value, but found type: ${typeof value}.`,
    );
  }
  const buckets = wholeNumber(
    value,
    40242,
    `The $bucketAuto 'buckets' field must be representable as a 32-bit integer, but found ${given}.`,
  );
  if (buckets <= 0)
    throw new CommandError(40243, `The $bucketAuto 'buckets' field must be greater than 0, but found: ${given}.`);
  return buckets;
}
