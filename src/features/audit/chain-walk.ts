import type { AuditEntry, AuditLink } from './audit.model.ts';
import { hashOf } from './link.ts';

/** Where a chain is broken: the first place at which something is not as it was written. */
export interface AuditFault {
  readonly chain: string;
  readonly seq: number;
  /** Undefined where the entry itself is gone. */
  readonly entryId: string | undefined;
  readonly what: string;
}

export type ChainedEntry = AuditEntry & AuditLink;

/** Goes along a chain, entry by entry, and remembers nothing but the last one. */
export class ChainWalk {
  readonly chain: string;
  #last: Pick<AuditLink, 'hash' | 'seq'>;
  #lastId: string | undefined;

  /** @param behind the place before the first entry */
  constructor(chain: string, behind: Pick<AuditLink, 'hash' | 'seq'>) {
    this.chain = chain;
    this.#last = behind;
  }

  get seq(): number {
    return this.#last.seq;
  }

  /** @returns what is wrong with the next entry, or with the one before, of which this one knows the hash */
  step(entry: ChainedEntry): AuditFault | undefined {
    const { seq, hash, previousHash } = entry;
    const next = this.#last.seq + 1;
    const entryId = entry._id.toHexString();
    if (seq < next) return this.fault(seq, 'was inserted: its place is taken', entryId);
    if (seq > next) return this.fault(next, 'is missing');
    if (hashOf(entry, entry) !== hash) return this.fault(seq, 'was changed', entryId);
    if (previousHash !== this.#last.hash) return this.#brokenBehind(seq, entryId);
    this.#last = { seq, hash };
    this.#lastId = entryId;
    return undefined;
  }

  /** @returns what is wrong where the walk is just now, if it is where the head is */
  compare(head: Pick<AuditLink, 'hash' | 'seq'>): AuditFault | undefined {
    if (head.seq !== this.seq || head.hash === this.#last.hash) return undefined;
    return this.fault(this.seq, 'was replaced: the head remembers another', this.#lastId);
  }

  fault(seq: number, what: string, entryId?: string): AuditFault {
    return { chain: this.chain, seq, entryId, what };
  }

  /** An entry that fits in itself and not to the next: it was made anew, together with its hash. */
  #brokenBehind(seq: number, entryId: string): AuditFault {
    if (this.#lastId === undefined) return this.fault(seq, 'does not follow on what was before it', entryId);
    return this.fault(this.#last.seq, 'was replaced: the next entry remembers another', this.#lastId);
  }
}
