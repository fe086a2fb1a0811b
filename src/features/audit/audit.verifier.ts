import { asSystem } from '../../platform/database/scoped.ts';
import { chainName, type Anchor, type AuditChain } from './audit.model.ts';
import type { ChainReads } from './chain.reads.ts';
import { ChainWalk, type AuditFault } from './chain-walk.ts';
import { GENESIS } from './link.ts';
import type { Seals } from './seals.ts';

export interface AuditVerifierDeps {
  readonly reads: ChainReads;
  readonly seals: Pick<Seals, 'isGenuine'>;
}

/** A sealed head, as it is kept outside of the database. */
export interface ExportedAnchor extends Anchor {
  readonly chain: string;
}

export interface VerifiedChain {
  readonly chain: string;
  /** How many entries were looked at. */
  readonly entries: number;
  /** The head that was reached, where there is no fault. */
  readonly anchor: ExportedAnchor | undefined;
  readonly fault: AuditFault | undefined;
  /** Whether its head was sealed with this key. */
  readonly isSealed: boolean;
}

const access = asSystem('verification of the audit log');

/** Checks that nothing was removed, changed or inserted. Holds one page of entries, whatever there is. */
export class AuditVerifier {
  readonly #reads: ChainReads;
  readonly #seals: AuditVerifierDeps['seals'];

  constructor({ reads, seals }: AuditVerifierDeps) {
    this.#reads = reads;
    this.#seals = seals;
  }

  /** Every chain; also those whose head somebody has removed. */
  async *verifyAll(): AsyncGenerator<VerifiedChain> {
    for await (const chain of this.#reads.chains(access)) yield this.verify(chain);
    for await (const { merchantId, seq, _id } of this.#reads.firstOfEach(access)) {
      const chain = chainName(merchantId);
      if ((await this.#reads.findChain(chain, access)) !== undefined) continue;
      const fault = { chain, seq, entryId: _id.toHexString(), what: 'belongs to a chain without a head' };
      yield { chain, entries: 0, anchor: undefined, fault, isSealed: false };
    }
  }

  /**
   * One chain, from its cut to the head it had when it was read, and all that was chained since. Begins anew behind a
   * later cut when what is missing was removed by retention in the meantime: each time the cut has moved on, so it ends.
   */
  async verify(chain: AuditChain): Promise<VerifiedChain> {
    for (let seen = chain; ;) {
      const verified = await this.#verifyOnce(seen);
      const later = verified.fault && (await this.#cutSince(seen, verified.fault));
      if (later === undefined) return verified;
      seen = later;
    }
  }

  async #verifyOnce(chain: AuditChain): Promise<VerifiedChain> {
    const { _id: name, merchantId, cut, head } = chain;
    const walk = new ChainWalk(name, cut ?? { seq: 0, hash: GENESIS });
    const from = walk.seq;
    let fault = this.#unsealed(chain, walk) ?? walk.compare(head);
    if (fault === undefined) {
      for await (const entry of this.#reads.entriesOf(merchantId, access)) {
        fault = walk.step(entry) ?? walk.compare(head);
        if (fault !== undefined) break;
      }
    }
    fault ??= await this.#faultAtEnd(walk, head);
    const anchor = fault === undefined ? { chain: name, ...head } : undefined;
    const isSealed = this.#seals.isGenuine(name, 'head', head);
    return { chain: name, entries: walk.seq - from, anchor, fault, isSealed };
  }

  /** Whether a chain still holds what an anchor exported earlier says of it. */
  async verifyAnchor({ chain, ...anchor }: ExportedAnchor): Promise<AuditFault | undefined> {
    const fault = (what: string, entryId?: string): AuditFault => ({ chain, seq: anchor.seq, entryId, what });
    if (!this.#seals.isGenuine(chain, 'head', anchor)) return fault('is an anchor that this key has not sealed');
    const found = await this.#reads.findChain(chain, access);
    if (found === undefined) return fault('is missing, and so is the whole chain');
    if (isCut(found, anchor.seq)) return undefined;
    const entry = await this.#reads.findAt(found.merchantId, anchor.seq, access);
    if (entry === undefined) {
      const missing = fault('is missing: the chain was cut off before it');
      return (await this.#cutSince(found, missing)) === undefined ? missing : undefined;
    }
    if (entry.hash === anchor.hash) return undefined;
    return fault('was replaced: the anchor remembers another', entry._id.toHexString());
  }

  /** The chain as it is now, if a cut that it had not when it was seen explains why an entry is not there. */
  async #cutSince(seen: AuditChain, { seq, entryId }: AuditFault): Promise<AuditChain | undefined> {
    // What is there and wrong is no less so for being removed later.
    if (entryId !== undefined || isCut(seen, seq)) return undefined;
    const now = await this.#reads.findChain(seen._id, access);
    return now !== undefined && isCut(now, seq) ? now : undefined;
  }

  #unsealed({ _id: chain, head, cut }: AuditChain, walk: ChainWalk): AuditFault | undefined {
    if (cut !== null && !this.#seals.isGenuine(chain, 'cut', cut))
      return walk.fault(cut.seq, 'is the end of a cut that this key has not sealed');
    if (this.#seals.isGenuine(chain, 'head', head)) return undefined;
    return walk.fault(head.seq, 'is a head that this key has not sealed');
  }

  async #faultAtEnd(walk: ChainWalk, head: Anchor): Promise<AuditFault | undefined> {
    if (walk.seq < head.seq) return walk.fault(walk.seq + 1, 'is missing: the chain was cut off before it');
    if (walk.seq === head.seq) return undefined;
    // Chained since the head was read: then the head has moved on at the same moment.
    const { head: now = head } = (await this.#reads.findChain(walk.chain, access)) ?? {};
    return walk.seq > now.seq ? walk.fault(now.seq + 1, 'was appended: the head does not reach it') : undefined;
  }
}

const isCut = ({ cut }: AuditChain, seq: number): boolean => cut !== null && seq <= cut.seq;
