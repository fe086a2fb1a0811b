/** One entry of a tree; both are copies that the receiver owns. */
export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** A stretch of a tree: `from` inclusive, `to` exclusive, at most `limit` entries, from the high end if `reverse`. */
export interface Range {
  readonly from: Buffer;
  readonly to: Buffer;
  readonly reverse: boolean;
  readonly limit: number;
  /** Leaves every `value` empty, where only keys are asked for. */
  readonly keysOnly?: boolean;
}

/**
 * Ordered maps of bytes to bytes, each named by a number ("tree"), as they are at one moment. Collections and
 * indexes are trees; everything above storage reads through this alone, and so cannot tell whether it looks at what is
 * durable, at what is about to be, or at a transaction's own picture.
 */
export interface View {
  get(tree: number, key: Buffer): Buffer | undefined;
  /** At most `limit` entries in order. A longer scan asks again from behind the last key: nothing stays open between. */
  scan(tree: number, range: Range): Entry[];
  count(tree: number, from: Buffer, to: Buffer): number;
}

/** A view that can be written to. Changes made in one turn of the event loop become durable together or not at all. */
export interface WritableView extends View {
  put(tree: number, key: Buffer, value: Buffer): void;
  remove(tree: number, key: Buffer): void;
  /**
   * Announces a change of this entry: refused with WriteConflict where a transaction lost the race for it, and by
   * throwing {@link HeldByTransaction} where a plain write has to wait for one.
   */
  claim(tree: number, key: Buffer): void;
  /** Runs `effect` once the changes take effect: at once for a plain write, at the commit of a transaction. */
  whenApplied(effect: () => void): void;
}

/** Thrown to a plain write that met an entry some transaction has changed: wait for `ended`, then try again. */
export class HeldByTransaction extends Error {
  readonly ended: Promise<void>;

  constructor(ended: Promise<void>) {
    super('The entry is held by a transaction');
    this.ended = ended;
  }
}

export const EMPTY = Buffer.alloc(0);
/** Above every key: no encoded key starts with 0xFF four times over. */
export const HIGHEST = Buffer.alloc(4, 0xff);
