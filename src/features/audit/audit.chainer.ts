import type { ScopedModel } from '../../platform/database/collection.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import type { Transact, TransactionAccess } from '../../platform/database/transaction.ts';
import { newId, type Id } from '../../shared/ids.ts';
import type { Now } from '../../shared/time.ts';
import {
  chainName,
  type Anchor,
  type AuditChain,
  type AuditContent,
  type AuditEntry,
  type AuditLink,
  type ChainOwner,
} from './audit.model.ts';
import { GENESIS, linkOf } from './link.ts';
import type { Seals } from './seals.ts';

export interface AuditChainerDeps {
  readonly entries: ScopedModel<AuditEntry>;
  readonly chains: ScopedModel<AuditChain>;
  readonly transact: Transact;
  readonly seals: Seals;
  readonly now: Now;
}

/** What one transaction chains at most, to stay short. */
const BATCH = 200;

const access = asSystem('chain of the audit log');

/**
 * Puts entries into their chain. Any number of workers may: who moves the head on has the batch, and who comes second
 * begins anew behind it, so that every entry has one place and no place is left out.
 */
export class AuditChainer {
  readonly #deps: AuditChainerDeps;

  constructor(deps: AuditChainerDeps) {
    this.#deps = deps;
  }

  /** Chains an entry and whatever else waits in its chain; does nothing for one that is chained. */
  async chain(entryId: Id, owner: ChainOwner, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.#waits(entryId))) await this.#chainBatch(owner);
    signal.throwIfAborted();
  }

  async #waits(_id: Id): Promise<boolean> {
    return (await this.#deps.entries.exists({ _id, seq: null }).setOptions(access)) !== null;
  }

  #chainBatch(owner: ChainOwner): Promise<void> {
    const { entries, chains, transact } = this.#deps;
    return transact(access, async (within) => {
      const found = await chains
        .findOne({ _id: chainName(owner) }, { head: 1 }, within)
        .lean<Pick<AuditChain, 'head'>>();
      const waiting = await entries
        .find({ merchantId: owner, seq: null }, null, within)
        .sort({ _id: 1 })
        .limit(BATCH)
        .lean<AuditEntry[]>();
      if (waiting.length === 0) return;
      let last: Pick<AuditLink, 'hash' | 'seq'> = found?.head ?? { seq: 0, hash: GENESIS };
      const linkNext = (content: AuditContent): AuditLink => {
        const link = linkOf(content, last);
        last = link;
        return link;
      };
      const note = this.#noteOn(owner, found?.head);
      const noted = note && [{ ...note, ...linkNext(note) }];
      const links = waiting.map((entry) => ({ _id: entry._id, link: linkNext(entry) }));
      await this.#moveHead(owner, found?.head, last, within);
      if (noted !== undefined) await entries.create(noted, within);
      const updates = links.map(({ _id, link }) => ({
        updateOne: { filter: { _id, seq: null }, update: { $set: link } },
      }));
      const { modifiedCount } = await entries.bulkWrite(updates, within);
      if (modifiedCount !== links.length) throw new Error('Entries were chained by somebody else');
    });
  }

  /**
   * The head that is about to be sealed anew was not sealed with this key: somebody has set it who does not have the key, or that
   * is another now. From here on only this entry would show it.
   */
  #noteOn(owner: ChainOwner, head: Anchor | undefined): AuditContent | undefined {
    const { seals, now } = this.#deps;
    const id = chainName(owner);
    if (head === undefined || seals.isGenuine(id, 'head', head)) return undefined;
    return {
      _id: newId(),
      merchantId: owner,
      action: 'audit.head-not-sealed',
      actor: { kind: 'anonymous', id: null },
      reason: access.scope.reason,
      target: { kind: 'audit-chain', id },
      before: null,
      after: { seq: head.seq, hash: head.hash },
      address: null,
      requestId: null,
      result: 'failed',
      occurredAt: now(),
    };
  }

  /** First of the writes: here two workers meet, and the second begins anew. */
  async #moveHead(
    owner: ChainOwner,
    from: Anchor | undefined,
    to: Pick<AuditLink, 'hash' | 'seq'>,
    within: TransactionAccess,
  ): Promise<void> {
    const { chains, seals, now } = this.#deps;
    const _id = chainName(owner);
    const head = seals.seal(_id, 'head', { seq: to.seq, hash: to.hash, at: now() });
    if (from === undefined) {
      await chains.create([{ _id, merchantId: owner, head, cut: null }], within);
      return;
    }
    const { modifiedCount } = await chains.updateOne({ _id, 'head.seq': from.seq }, { $set: { head } }, within);
    if (modifiedCount !== 1) throw new Error('The chain was moved on by somebody else');
  }
}
