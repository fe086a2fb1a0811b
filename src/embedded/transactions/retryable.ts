import { decode, encode, type Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { SESSIONS_TREE } from '../storage/tree-key.ts';
import { EMPTY, HIGHEST, type WritableView } from '../storage/view.ts';
import { Long } from 'bson';

/** How far a retryable command has come. Written with its changes, so that a repetition goes on and repeats nothing. */
export interface WriteProgress {
  /** Statements done. */
  done: number;
  /** What has been answered so far. */
  result: Document;
}

const EXPIRY_MS = 30 * 60_000;

/** Sessions looked at by one call of {@link RetryableWrites.expire}. */
const PAGE = 256;
const ZERO = Buffer.alloc(1);

/** The last retryable write of each session (MongoDB keeps them in `config.transactions`). */
export class RetryableWrites {
  readonly #writer: WritableView;
  /** Where the next look for what is over begins. */
  #next = EMPTY;

  constructor(writer: WritableView) {
    this.#writer = writer;
  }

  /**
   * What is known of this write from an earlier attempt.
   * @throws TransactionTooOld (225) when the session has gone on since
   */
  find(sessionId: string, txnNumber: bigint): WriteProgress | undefined {
    const bytes = this.#writer.get(SESSIONS_TREE, Buffer.from(sessionId, 'hex'));
    if (bytes === undefined) return undefined;
    const { number, done, result } = decode(bytes) as { number: number | Long; done: number; result: Document };
    const known = BigInt(String(number));
    if (known > txnNumber) {
      throw new CommandError(
        'TransactionTooOld',
        `Retryable write with txnNumber ${String(txnNumber)} is prohibited on session ${sessionId} because a newer retryable write with txnNumber ${String(known)} has already started on this session.`,
      );
    }
    return known === txnNumber ? { done, result } : undefined;
  }

  save(sessionId: string, txnNumber: bigint, { done, result }: WriteProgress): void {
    const record = { number: Long.fromBigInt(txnNumber), at: new Date(), done, result };
    this.#writer.put(SESSIONS_TREE, Buffer.from(sessionId, 'hex'), encode(record));
  }

  /** Forgets what no driver will ask for any more: each call looks at the sessions that come after those of the last. */
  expire(now = Date.now()): void {
    const page = this.#writer.scan(SESSIONS_TREE, { from: this.#next, to: HIGHEST, reverse: false, limit: PAGE });
    const last = page.at(-1);
    this.#next = last === undefined || page.length < PAGE ? EMPTY : Buffer.concat([last.key, ZERO]);
    for (const { key, value } of page) {
      const { at } = decode(value) as { at: Date };
      if (now - at.getTime() > EXPIRY_MS) this.#writer.remove(SESSIONS_TREE, key);
    }
  }
}
