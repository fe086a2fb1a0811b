import { CommandError } from '../errors.ts';
import type { Operation } from '../plan/operation.ts';
import type { Transaction } from '../transactions/transaction.ts';

/** Results that come piece by piece. */
export interface DocumentStream {
  /** At most `count` documents and about 16 MB; fewer do not mean the end, except none. */
  next(count: number, operation: Operation): readonly Buffer[] | Promise<readonly Buffer[]>;
  readonly isDone: boolean;
  /** Gives free what the stream holds. */
  close?(): void;
}

export interface Cursor {
  readonly id: bigint;
  readonly namespace: string;
  readonly stream: DocumentStream;
  readonly sessionId: string | undefined;
  readonly transaction: Transaction | undefined;
  /** Stays open at the end and waits for more: a tailable cursor of a capped collection. */
  readonly isTailable: boolean;
  readonly awaitsData: boolean;
  readonly noTimeout: boolean;
  lastUsedAt: number;
  isBusy: boolean;
}

/** A cursor nobody asked for in so long is closed (MongoDB's `cursorTimeoutMillis`). */
const CURSOR_TIMEOUT_MS = 10 * 60_000;

/** The longest batch, in bytes of documents. */
export const MAX_BATCH_BYTES = 16 * 1_024 * 1_024;

/** Open cursors by id. */
export class Cursors {
  readonly #cursors = new Map<bigint, Cursor>();
  // Not from 1: an id of another life of the server should be unknown, not somebody else's.
  #nextId = BigInt(Date.now()) * 1_000n;

  open(cursor: Omit<Cursor, 'id' | 'isBusy' | 'lastUsedAt'>): Cursor {
    const opened: Cursor = { ...cursor, id: this.#nextId++, lastUsedAt: Date.now(), isBusy: false };
    this.#cursors.set(opened.id, opened);
    return opened;
  }

  /** @throws CursorNotFound (43), Unauthorized (13) where another session opened it */
  require(id: bigint, namespace: string, sessionId: string | undefined): Cursor {
    const cursor = this.#cursors.get(id);
    if (cursor === undefined) throw new CommandError('CursorNotFound', `cursor id ${String(id)} not found`);
    if (cursor.namespace !== namespace) {
      throw new CommandError(
        'Unauthorized',
        `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`,
      );
    }
    if (cursor.sessionId !== sessionId) {
      throw new CommandError(
        50738,
        `Cannot run getMore on cursor ${String(id)}, which was not created in this session`,
      );
    }
    if (cursor.isBusy) throw new CommandError('CursorInUse', `cursor id ${String(id)} is already in use`);
    cursor.lastUsedAt = Date.now();
    return cursor;
  }

  /** @returns whether there was such a cursor */
  kill(id: bigint): boolean {
    const cursor = this.#cursors.get(id);
    if (cursor === undefined) return false;
    this.#cursors.delete(id);
    cursor.stream.close?.();
    return true;
  }

  killWhere(condition: (cursor: Cursor) => boolean): void {
    for (const cursor of this.#cursors.values()) if (condition(cursor)) this.kill(cursor.id);
  }

  expire(now = Date.now()): void {
    this.killWhere(
      ({ noTimeout, isBusy, lastUsedAt }) => !noTimeout && !isBusy && now - lastUsedAt > CURSOR_TIMEOUT_MS,
    );
  }

  get size(): number {
    return this.#cursors.size;
  }
}
