import type { ScopedModel } from '../../platform/database/collection.ts';
import { behind, keysetPages } from '../../platform/database/keyset.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { AuditChain, AuditEntry, ChainOwner } from './audit.model.ts';
import type { ChainedEntry } from './chain-walk.ts';

const PAGE = 500;

/** Reads along chains, page by page: a page is all that is held of them, and each read is short. */
export class ChainReads {
  readonly #entries: ScopedModel<AuditEntry>;
  readonly #chains: ScopedModel<AuditChain>;

  constructor(entries: ScopedModel<AuditEntry>, chains: ScopedModel<AuditChain>) {
    this.#entries = entries;
    this.#chains = chains;
  }

  async findChain(_id: string, access: Access): Promise<AuditChain | undefined> {
    return (await this.#chains.findOne({ _id }, null, access).lean<AuditChain>()) ?? undefined;
  }

  /** All chains, by name. */
  async *chains(access: Access): AsyncGenerator<AuditChain> {
    const pages = keysetPages<AuditChain>(PAGE, (limit, last) =>
      this.#chains
        .find({ _id: { $gt: last?._id ?? '' } }, null, access)
        .sort({ _id: 1 })
        .limit(limit)
        .lean<AuditChain[]>(),
    );
    for await (const page of pages) yield* page;
  }

  /** The entries of a chain by place; where two claim one, both. */
  async *entriesOf(merchantId: ChainOwner, access: Access): AsyncGenerator<ChainedEntry> {
    const pages = keysetPages<ChainedEntry>(PAGE, (limit, last) =>
      this.#entries
        .find({ merchantId, seq: { $gt: 0 }, ...behind('seq', last) }, null, access)
        .sort({ seq: 1, _id: 1 })
        .limit(limit)
        .lean<ChainedEntry[]>(),
    );
    for await (const page of pages) yield* page;
  }

  /** The first entries of a chain, oldest first. */
  async findOldest(merchantId: ChainOwner, limit: number, access: Access): Promise<ChainedEntry[]> {
    return this.#entries
      .find({ merchantId, seq: { $gt: 0 } }, null, access)
      .sort({ seq: 1, _id: 1 })
      .limit(limit)
      .lean<ChainedEntry[]>();
  }

  async findAt(merchantId: ChainOwner, seq: number, access: Access): Promise<ChainedEntry | undefined> {
    return (await this.#entries.findOne({ merchantId, seq }, null, access).lean<ChainedEntry>()) ?? undefined;
  }

  /** The first entry of each owner, whether or not there is a chain of its name. Costs a read an owner. */
  async *firstOfEach(access: Access): AsyncGenerator<ChainedEntry> {
    let owners: object = {};
    for (;;) {
      const entry = await this.#entries
        .findOne({ ...owners, seq: { $gt: 0 } }, null, access)
        .sort({ merchantId: 1, seq: 1, _id: 1 })
        .lean<ChainedEntry>();
      if (!entry) return;
      yield entry;
      owners = { merchantId: entry.merchantId === null ? { $ne: null } : { $gt: entry.merchantId } };
    }
  }
}
