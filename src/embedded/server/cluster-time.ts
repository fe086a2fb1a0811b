import { Binary, Double, Long, Timestamp } from 'bson';
import { encode, type Document } from '../bson/codec.ts';

const SIGNATURE_BYTES = 20;

const COUNTER_NAME = '$clusterTime';
const OPERATION_NAME = 'operationTime';

/**
 * The logical clock of the replica set of one. Replies tell it, so that drivers can ask to read no earlier than what they
 * have seen (causal consistency). It goes on with every commit, and never back behind what a client has seen.
 */
export class ClusterTime {
  #seconds = Math.floor(Date.now() / 1_000);
  #increment = 1;
  #end: Buffer | undefined;

  get now(): Timestamp {
    return new Timestamp({ t: this.#seconds, i: this.#increment });
  }

  /** Goes on: something was written. */
  tick(): void {
    this.#set(Math.floor(Date.now() / 1_000), 1);
  }

  /** Catches up with what a client has heard elsewhere, such as before this server was started anew. */
  witness(seen: Timestamp): void {
    if (seen.t > this.#seconds || (seen.t === this.#seconds && seen.i > this.#increment)) {
      this.#seconds = seen.t;
      this.#increment = seen.i;
      this.#end = undefined;
    }
  }

  #set(seconds: number, increment: number): void {
    if (seconds > this.#seconds) {
      this.#seconds = seconds;
      this.#increment = increment;
    } else this.#increment += 1;
    this.#end = undefined;
  }

  /** `$clusterTime` and `operationTime` as members of a reply. */
  get members(): Document {
    const { now } = this;
    return {
      [COUNTER_NAME]: {
        clusterTime: now,
        signature: { hash: new Binary(Buffer.alloc(SIGNATURE_BYTES)), keyId: Long.ZERO },
      },
      [OPERATION_NAME]: now,
    };
  }

  /** The end of every reply that succeeded: `ok`, then {@link members}, then the end of the document. */
  get end(): Buffer {
    // `ok: 1` as a double, as MongoDB writes it.
    this.#end ??= encode({ ok: new Double(1), ...this.members }).subarray(4);
    return this.#end;
  }
}

/** One for the process: a clock that serves several servers is still a clock. */
export const clusterTime = new ClusterTime();
