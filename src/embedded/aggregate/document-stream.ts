import { encode, type Document } from '../bson/codec.ts';
import type { Operation } from '../plan/operation.ts';
import { refuseLongResult } from './aggregation.ts';
import { Batch } from './batch.ts';

/** Documents that an iterator gives, batch by batch. */
export class DocumentsStream {
  readonly #documents: Iterator<Document, void>;
  #waiting: Buffer | undefined;
  #isExhausted = false;

  constructor(documents: Iterable<Document, void>) {
    this.#documents = documents[Symbol.iterator]();
    this.#advance();
  }

  get isDone(): boolean {
    return this.#isExhausted;
  }

  async next(count: number, operation: Operation): Promise<readonly Buffer[]> {
    const batch = new Batch(count);
    while (this.#waiting !== undefined && batch.add(this.#waiting)) {
      operation.check();
      this.#advance();
      if (operation.isSliceOver) await operation.yield();
    }
    return batch.documents;
  }

  #advance(): void {
    const step = this.#documents.next();
    this.#isExhausted = step.done === true;
    this.#waiting = step.done === true ? undefined : refuseLongResult(encode(step.value));
  }
}
