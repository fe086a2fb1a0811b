import type { Operation } from '../plan/operation.ts';
import { Batch } from './batch.ts';

/** Documents handed out batch by batch. Work stops after each slice of time, so that others get their turn. */
export abstract class BatchedStream {
  abstract get isDone(): boolean;

  /** Does one piece of the work on a batch that has room. */
  protected abstract advance(batch: Batch, operation: Operation): void;

  next(count: number, operation: Operation): readonly Buffer[] | Promise<readonly Buffer[]> {
    const batch = new Batch(count);
    this.#fill(batch, operation);
    return batch.isFull || this.isDone ? batch.documents : this.#continue(batch, operation);
  }

  async #continue(batch: Batch, operation: Operation): Promise<readonly Buffer[]> {
    while (!batch.isFull && !this.isDone) {
      await operation.yield();
      this.#fill(batch, operation);
    }
    return batch.documents;
  }

  /** Works for one slice of time. */
  #fill(batch: Batch, operation: Operation): void {
    operation.check();
    while (!batch.isFull && !this.isDone) {
      this.advance(batch, operation);
      if (operation.isSliceOver) return;
    }
  }
}
