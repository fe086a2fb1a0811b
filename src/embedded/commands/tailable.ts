import { Batch } from '../aggregate/batch.ts';
import { CommandError } from '../errors.ts';
import type { Operation } from '../plan/operation.ts';
import type { Query } from '../plan/query.ts';
import { projector } from '../plan/query.ts';
import { bytesTest } from '../plan/record-source.ts';
import { recordIdOf, recordKey } from '../storage/tree-key.ts';
import { HIGHEST } from '../storage/view.ts';
import { viewOf, type CommandContext } from './context.ts';
import type { DocumentStream } from './cursors.ts';

/** Follows a capped collection in the order of insertion: its end is only the end for now. */
export function tailStream(context: CommandContext, query: Query): DocumentStream {
  const { collection } = query;
  if (!collection.isCapped) {
    throw new CommandError(
      'BadValue',
      `error processing query: ns=${collection.namespace} tailable cursor requested on non capped collection`,
    );
  }
  return new TailStream(context, query);
}

class TailStream implements DocumentStream {
  readonly isDone = false;
  readonly #context: CommandContext;
  readonly #query: Query;
  #nextRecordId = 0;

  constructor(context: CommandContext, query: Query) {
    this.#context = context;
    this.#query = query;
  }

  next(count: number, operation: Operation): readonly Buffer[] {
    const { collection } = this.#query;
    const matches = bytesTest(this.#query.matcher);
    const project = projector(this.#query);
    const batch = new Batch(count);
    while (!batch.isFull && !operation.isSliceOver) {
      const from = recordKey(this.#nextRecordId);
      const entries = viewOf(this.#context).scan(collection.tree, { from, to: HIGHEST, reverse: false, limit: 64 });
      if (entries.length === 0) break;
      for (const { key, value } of entries) {
        const recordId = recordIdOf(key);
        if (matches(value) && !batch.add(project?.({ recordId, bytes: value }) ?? value)) break;
        this.#nextRecordId = recordId + 1;
      }
    }
    return batch.documents;
  }
}
