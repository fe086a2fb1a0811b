import { encode, type Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { cursorReply } from '../server/reply.ts';
import { read } from './arguments.ts';
import type { CommandContext } from './context.ts';
import { MAX_BATCH_BYTES, type DocumentStream } from './cursors.ts';

/** Documents that are all there at once, such as the lists of collections and indexes. */
class ListStream implements DocumentStream {
  readonly #documents: readonly Buffer[];
  #position = 0;

  constructor(documents: readonly Buffer[]) {
    this.#documents = documents;
  }

  get isDone(): boolean {
    return this.#position >= this.#documents.length;
  }

  next(count: number): readonly Buffer[] {
    const start = this.#position;
    let bytes = 0;
    while (!this.isDone && this.#position - start < count) {
      bytes += this.#documents[this.#position]?.length ?? 0;
      if (bytes > MAX_BATCH_BYTES && this.#position > start) break;
      this.#position += 1;
    }
    return this.#documents.slice(start, this.#position);
  }
}

/** Answers with a cursor over a list: what is more than its `batchSize` stays open for `getMore`. */
export function listReply(context: CommandContext, namespace: string, documents: readonly Document[]): Buffer {
  const stream = new ListStream(documents.map((document) => encode(document)));
  const batch = stream.next(batchSizeOf(context));
  const { session, transaction, services } = context;
  const cursor = stream.isDone
    ? undefined
    : services.cursors.open({
        namespace,
        stream,
        sessionId: session?.id,
        transaction,
        isTailable: false,
        awaitsData: false,
        noTimeout: false,
      });
  return cursorReply({ id: cursor?.id ?? 0n, namespace, batchName: 'firstBatch', documents: batch });
}

function batchSizeOf({ request, body }: CommandContext): number {
  const path = `${request.name}.cursor`;
  const cursor = read(body.cursor, 'object', path);
  const size = read(cursor?.batchSize, 'number', `${path}.batchSize`) ?? Infinity;
  if (size < 0) {
    const message = `BSON field 'batchSize' value must be >= 0, actual value '${String(size)}'`;
    throw new CommandError(51024, message);
  }
  return size;
}
