import type { ScopedModel } from '../../platform/database/collection.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import type { Transact } from '../../platform/database/transaction.ts';
import type { Logger } from '../../platform/observability/logger.ts';
import type { Now } from '../../shared/time.ts';
import type { AuditChain, AuditEntry } from './audit.model.ts';
import type { ChainReads } from './chain.reads.ts';
import { ChainWalk, type AuditFault, type ChainedEntry } from './chain-walk.ts';
import { GENESIS } from './link.ts';
import type { Seals } from './seals.ts';

export interface AuditRetentionDeps {
  readonly entries: ScopedModel<AuditEntry>;
  readonly chains: ScopedModel<AuditChain>;
  readonly reads: Pick<ChainReads, 'chains' | 'findChain' | 'findOldest'>;
  readonly transact: Transact;
  readonly seals: Pick<Seals, 'seal'>;
  readonly logger: Pick<Logger, 'error'>;
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

  /**
   * Ends early when `signal` says so, and goes on at the next run.
   * @returns how many entries were removed, and of how many chains none could be: at their begin something is not as it was
   * written, which a cut would hide
   */
  async removeOld(signal: AbortSignal): Promise<{ removed: number; broken: number }> {
    const before = new Date(this.#deps.now().getTime() - this.#deps.keptMs);
    const found = { removed: 0, broken: 0 };
    for await (const { _id } of this.#deps.reads.chains(access)) {
      let batch = BATCH;
      while (batch === BATCH && !signal.aborted) {
        const cut = await this.#cut(_id, before);
        found.removed += batch = cut.removed;
        if (cut.fault === undefined) continue;
        found.broken += 1;
        this.#deps.logger.error(
          { fault: cut.fault },
          'nothing is removed from a chain of the audit log that is broken',
        );
      }
      if (signal.aborted) break;
    }
    return found;
  }

  async #cut(_id: string, before: Date): Promise<{ readonly removed: number; readonly fault?: AuditFault }> {
    const { reads } = this.#deps;
    const chain = await reads.findChain(_id, access);
    if (chain === undefined) return { removed: 0 };
    const oldest = await reads.findOldest(chain.merchantId, BATCH + 1, access);
    // In the order of the chain: a younger one among older ones holds up those behind it.
    const young = oldest.findIndex(({ occurredAt }) => occurredAt >= before);
    const old = (young === -1 ? oldest : oldest.slice(0, young)).slice(0, BATCH);
    const last = old.at(-1);
    if (last === undefined) return { removed: 0 };
    const fault = faultOf(chain, oldest.slice(0, old.length + 1));
    if (fault === undefined) return { removed: await this.#remove(chain, last) };
    // Another has cut it off meanwhile, and goes on.
    const now = await reads.findChain(_id, access);
    return now?.cut?.seq === chain.cut?.seq ? { removed: 0, fault } : { removed: 0 };
  }

  #remove({ _id, merchantId }: AuditChain, { seq, hash }: ChainedEntry): Promise<number> {
    const { entries, chains, transact, seals, now } = this.#deps;
    const cut = seals.seal(_id, 'cut', { seq, hash, at: now() });
    return transact(access, async (within) => {
      const notCut = { _id, 'cut.seq': { $not: { $gte: seq } } };
      const { modifiedCount } = await chains.updateOne(notCut, { $set: { cut } }, within);
      if (modifiedCount === 0) return 0;
      return (await entries.deleteMany({ merchantId, seq: { $gt: 0, $lte: seq } }, within)).deletedCount;
    });
  }
}

/**
 * What is wrong with the first entries of a chain, the last of which stays: by that, or by the head where there is none behind
 * them, those that go cannot have been made anew, or been made to look old.
 */
function faultOf({ _id, cut, head }: AuditChain, entries: readonly ChainedEntry[]): AuditFault | undefined {
  const walk = new ChainWalk(_id, cut ?? { seq: 0, hash: GENESIS });
  for (const entry of entries) {
    const fault = walk.step(entry);
    if (fault !== undefined) return fault;
  }
  return walk.compare(head);
}
