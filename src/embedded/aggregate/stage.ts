import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import type { ExpressionOptions } from '../query/expression.ts';
import type { Collation } from '../query/collation.ts';
import type { Scope } from '../query/expression-scope.ts';
import { setTextScore, textScoreOf } from '../query/text-scores.ts';
import { isObject } from '../query/value-types.ts';
import type { Sources } from './sources.ts';

export type Emit = (document: Document) => void;

/**
 * A stage at work. Documents are pushed into it one by one, so that whoever pushes may pause between any two of them, and
 * only a stage that needs all of its input at once keeps it.
 */
export interface Stage {
  add(document: Document, emit: Emit): void;
  /** What comes out once everything has gone in. */
  finish?(): Iterable<Document>;
  /** Whether nothing more needs to go in. */
  readonly isFull?: boolean;
}

/** Begins a run of a compiled stage; each run has a state of its own. */
export type StartStage = () => Stage;

/** A pipeline that can be run any number of times. */
export interface Pipeline {
  start(): RunningPipeline;
  /** Runs over documents that are at hand, lazily. */
  run(documents: Iterable<Document>): Iterable<Document, void>;
}

/** One run: documents go in by {@link push}, results come out by {@link take} and, at the end, {@link rest}. */
export interface RunningPipeline {
  push(document: Document): void;
  /** What has come out since it was last asked for. */
  take(): readonly Document[];
  rest(): Iterable<Document, void>;
  /** Whether further documents cannot change the result. */
  readonly isFull: boolean;
}

/** What a pipeline is compiled for. */
export interface StageContext {
  readonly database: string;
  /** Values of `let`. Read at each evaluation, so that a correlated `$lookup` need not compile its pipeline anew. */
  readonly variables: Document;
  readonly collation: Collation | undefined;
  readonly now: Date;
  readonly sources: Sources;
  /** Compiles the pipelines inside of stages. */
  compile(stages: readonly unknown[], context: StageContext): Pipeline;
}

/** Compiles the argument of a stage. Throws in MongoDB's words for what is none. */
export type CompileStage = (argument: unknown, context: StageContext) => StartStage;

/** A stage that makes one document of each. */
export function eachDocument(change: (document: Document) => Document): StartStage {
  return () => ({
    add: (document, emit) => {
      emit(change(document));
    },
  });
}

/** The variable under which expressions find the score of a text search. */
const TEXT_SCORE = '$textScore';

/** Options for the expressions of a stage. */
export function expressionOptions({ variables, now, collation }: StageContext): ExpressionOptions {
  return { variables, now, collation, names: [TEXT_SCORE] };
}

/** The variables that stand for what is known of a document beside its fields. */
export function metaOf(document: Document): Document | undefined {
  const score = textScoreOf(document);
  return score === undefined ? undefined : { [TEXT_SCORE]: score };
}

/** Where an expression is evaluated that learns its variables only now. */
export function scopeOf(document: Document, { variables, now }: StageContext, more?: Document): Scope {
  const meta = metaOf(document);
  const all = more === undefined && meta === undefined ? variables : { ...variables, ...meta, ...more };
  return { root: document, current: document, variables: all, now };
}

/** Hands on to a changed document the score of the one it was made of. */
export function inherit(from: Document, to: Document): Document {
  const score = textScoreOf(from);
  if (score !== undefined) setTextScore(to, score);
  return to;
}

/** The name and argument of a stage. @throws CommandError 40323 where it has not one field */
export function namedStage(stage: unknown): readonly [name: string, argument: unknown] {
  if (!isObject(stage)) {
    throw new CommandError('TypeMismatch', "Each element of the 'pipeline' array must be an object");
  }
  const [entry, ...others] = Object.entries(stage);
  if (entry === undefined || others.length > 0) {
    throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.');
  }
  return entry;
}
