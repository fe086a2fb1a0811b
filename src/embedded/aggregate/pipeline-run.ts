import type { Document } from '../bson/codec.ts';
import type { Emit, Pipeline, RunningPipeline, Stage, StartStage } from './stage.ts';

/** A pipeline that can be run any number of times. */
export class CompiledPipeline implements Pipeline {
  readonly #starts: readonly StartStage[];

  constructor(starts: readonly StartStage[]) {
    this.#starts = starts;
  }

  start(): PipelineRun {
    return new PipelineRun(this.#starts.map((start) => start()));
  }

  /** Runs over documents that are at hand, lazily. */
  *run(documents: Iterable<Document>): Generator<Document, void> {
    const run = this.start();
    for (const document of documents) {
      run.push(document);
      yield* run.take();
      if (run.isFull) break;
    }
    yield* run.rest();
  }
}

/** One run of a pipeline: documents go in by {@link push}, results come out by {@link take} and, at the end, {@link rest}. */
export class PipelineRun implements RunningPipeline {
  readonly #stages: readonly Stage[];
  readonly #emits: readonly Emit[];
  readonly #first: Emit;
  /** How many documents have left each stage. */
  readonly counts: number[];
  #output: Document[] = [];

  constructor(stages: readonly Stage[]) {
    this.#stages = stages;
    const emits: Emit[] = [];
    const counts = stages.map(() => 0);
    this.counts = counts;
    // Each stage hands on to the next, the last one to the output.
    for (let position = stages.length; position >= 0; position--) {
      const stage = stages[position];
      const next = emits[position + 1];
      emits[position] = (document) => {
        if (position > 0) counts[position - 1] = (counts[position - 1] ?? 0) + 1;
        if (stage === undefined || next === undefined) this.#output.push(document);
        else stage.add(document, next);
      };
    }
    this.#emits = emits;
    this.#first = emits[0] ?? (() => undefined);
  }

  /** Whether further documents cannot change the result. */
  get isFull(): boolean {
    return this.#stages.some(({ isFull }) => isFull === true);
  }

  push(document: Document): void {
    this.#first(document);
  }

  /** What has come out since it was last asked for. */
  take(): readonly Document[] {
    if (this.#output.length === 0) return this.#output;
    const output = this.#output;
    this.#output = [];
    return output;
  }

  /** What comes out after the last document has gone in; an empty list means "not yet", and is a place to pause. */
  *batches(): Generator<readonly Document[], void> {
    for (const [position, stage] of this.#stages.entries()) {
      const later = this.#stages.slice(position + 1);
      const emit = this.#emits[position + 1];
      for (const document of stage.finish?.() ?? []) {
        if (later.some(({ isFull }) => isFull === true)) break;
        emit?.(document);
        yield this.take();
      }
    }
    yield this.take();
  }

  *rest(): Generator<Document, void> {
    for (const batch of this.batches()) yield* batch;
  }
}
