import type { ScopedModel } from '../../platform/database/collection.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import type { Transact } from '../../platform/database/transaction.ts';
import type { Now } from '../../shared/time.ts';
import type { AuditChain, AuditEntry } from './audit.model.ts';
import type { ChainReads } from './chain.reads.ts';
import type { Seals } from './seals.ts';

export interface AuditRetentionDeps {
  readonly entries: ScopedModel<AuditEntry>;
  readonly chains: ScopedModel<AuditChain>;
  readonly reads: Pick<ChainReads, 'chains' | 'findOldest'>;
  readonly transact: Transact;
  readonly seals: Pick<Seals, 'seal'>;
  /** How long entries are kept, in milliseconds. */
  readonly keptMs: number;
  readonly now: Now;
}

/** What one transaction removes, to stay short. */
const BATCH = 200;

const access = asSystem('retention of the audit log');

/**
 * Removes entries that are older than they are kept. What is removed is always the begin of a chain, and a sealed cut
 * takes its place, so that the rest can still be verified and nobody else can shorten a chain in this way.
 */
export class AuditRetention {
  readonly #deps: AuditRetentionDeps;

  constructor(deps: AuditRetentionDeps) {
    this.#deps = deps;
  }

  /** @returns how many entries were removed; it ends early when `signal` says so, and goes on at the next run */
  async removeOld(signal: AbortSignal): Promise<number> {
    const before = new Date(this.#deps.now().getTime() - this.#deps.keptMs);
    let removed = 0;
    for await (const chain of this.#deps.reads.chains(access)) {
      let batch = BATCH;
      while (batch === BATCH && !signal.aborted) removed += batch = await this.#cut(chain, before);
      if (signal.aborted) break;
    }
    return removed;
  }

  async #cut({ _id, merchantId }: AuditChain, before: Date): Promise<number> {
    const { entries, chains, reads, transact, seals, now } = this.#deps;
    const oldest = await reads.findOldest(merchantId, BATCH, access);
    // In the order of the chain: a younger one among older ones holds up those behind it.
    const young = oldest.findIndex(({ occurredAt }) => occurredAt >= before);
    const last = (young === -1 ? oldest : oldest.slice(0, young)).at(-1);
    if (last === undefined) return 0;
    const { seq, hash } = last;
    const cut = seals.seal(_id, 'cut', { seq, hash, at: now() });
    return transact(access, async (within) => {
      const notCut = { _id, 'cut.seq': { $not: { $gte: seq } } };
      const { modifiedCount } = await chains.updateOne(notCut, { $set: { cut } }, within);
      if (modifiedCount === 0) return 0;
      return (await entries.deleteMany({ merchantId, seq: { $gt: 0, $lte: seq } }, within)).deletedCount;
    });
  }
}
