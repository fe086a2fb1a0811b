import { decodeFields, encode, type Document } from '../bson/codec.ts';
import type { Operation } from '../plan/operation.ts';
import { projector, type Project } from '../plan/query.ts';
import type { Found } from '../plan/record-source.ts';
import { setTextScore } from '../query/text-scores.ts';
import { refuseLongResult, type Aggregation } from './aggregation.ts';
import type { Batch } from './batch.ts';
import { BatchedStream } from './batched-stream.ts';
import type { PipelineRun } from './pipeline-run.ts';
import { readDocument } from './read-document.ts';

const PAGE = 128;

/** The results of an aggregation. A stage that gives its whole result at once does not stop after a slice of time. */
export class AggregationStream extends BatchedStream {
  readonly #aggregation: Aggregation;
  readonly #run: PipelineRun;
  readonly #read: (found: Found) => Document;
  readonly #project: Project | undefined;
  /** Results that no batch has taken yet. */
  #waiting: Buffer[] = [];
  /** Records on their way into the stages. */
  #found: { readonly records: readonly Found[]; next: number } = { records: [], next: 0 };
  #ending: Iterator<readonly Document[], void> | undefined;
  #isExhausted = false;

  constructor(aggregation: Aggregation) {
    super();
    this.#aggregation = aggregation;
    this.#run = aggregation.compiled.start();
    this.#read = readerOf(aggregation);
    this.#project = aggregation.isQuery && aggregation.query !== undefined ? projector(aggregation.query) : undefined;
  }

  override get isDone(): boolean {
    return this.#isExhausted && this.#waiting.length === 0;
  }

  /** How many documents have left each stage so far. */
  get counts(): readonly number[] {
    return this.#run.counts;
  }

  override next(count: number, operation: Operation): readonly Buffer[] | Promise<readonly Buffer[]> {
    this.#aggregation.operation = operation;
    return super.next(count, operation);
  }

  protected override advance(batch: Batch, operation: Operation): void {
    if (this.#waiting.length === 0) this.#work(Math.min(PAGE, batch.room), operation);
    const taken = takeInto(batch, this.#waiting);
    if (taken > 0) this.#waiting = this.#waiting.slice(taken);
  }

  #work(wanted: number, operation: Operation): void {
    if (this.#ending !== undefined) this.#end(this.#ending, operation);
    else if (this.#aggregation.isQuery) this.#pass(wanted, operation);
    else this.#feed(operation);
  }

  /** Hands on what the query finds. */
  #pass(wanted: number, operation: Operation): void {
    const source = this.#aggregation.query?.source;
    const project = this.#project;
    if (source === undefined || source.isDone) {
      this.#isExhausted = true;
      return;
    }
    for (const record of source.pull(wanted, operation)) {
      this.#waiting.push(project === undefined ? record.bytes : project(record));
    }
  }

  /** Pushes what the query finds through the stages. */
  #feed(operation: Operation): void {
    const source = this.#aggregation.query?.source;
    if (this.#found.next === this.#found.records.length) {
      if (source === undefined || source.isDone) {
        this.#ending = this.#run.batches();
        return;
      }
      this.#found = { records: source.pull(PAGE, operation), next: 0 };
    }
    const { records } = this.#found;
    while (this.#found.next < records.length) {
      if (this.#run.isFull) {
        this.#ending = this.#run.batches();
        break;
      }
      const record = records[this.#found.next++];
      if (record !== undefined) this.#run.push(this.#read(record));
      // A single document may be much work, if it is joined with others.
      if (operation.isSliceOver) break;
    }
    this.#put(this.#run.take());
  }

  #end(ending: Iterator<readonly Document[], void>, operation: Operation): void {
    while (this.#waiting.length < PAGE) {
      const { value, done } = ending.next();
      if (done === true) {
        this.#isExhausted = true;
        return;
      }
      this.#put(value);
      if (operation.isSliceOver) return;
    }
  }

  #put(documents: readonly Document[]): void {
    for (const document of documents) this.#waiting.push(refuseLongResult(encode(document)));
  }
}

function takeInto(batch: Batch, documents: readonly Buffer[]): number {
  let taken = 0;
  for (const document of documents) {
    if (!batch.add(document)) break;
    taken += 1;
  }
  return taken;
}

/** Decodes as much of a record as the stages read. */
function readerOf({ fields }: Aggregation): (found: Found) => Document {
  const read = decoderOf(fields);
  return ({ bytes, score }) => {
    const document = read(bytes);
    if (score !== undefined) setTextScore(document, score);
    return document;
  };
}

function decoderOf(fields: ReadonlySet<string> | 'all'): (bytes: Buffer) => Document {
  if (fields === 'all') return readDocument;
  return fields.size === 0 ? () => ({}) : (bytes) => decodeFields(bytes, fields);
}
