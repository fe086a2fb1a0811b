import type { ScopedModel } from '../../platform/database/collection.ts';
import { behind, keysetPages } from '../../platform/database/keyset.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { AuditEntry, ChainOwner } from './audit.model.ts';
import { filterOf, type AuditFilter } from './audit.reads.ts';
import type { ChainedEntry } from './chain-walk.ts';

const PAGE = 200;

/**
 * How far the order of the chain may be from that of time, in entries. They are chained in batches, almost in the order
 * in which they were written: apart are those of one moment, of clocks that differ and of transactions that took long.
 */
const APART = 500;

/**
 * Entries for a file, page by page and in the order of the chain. Each entry is read about once, whatever else the log
 * holds: a question about a store that has been there for years must not read all of those.
 */
export class ExportReads {
  readonly #entries: ScopedModel<AuditEntry>;

  constructor(entries: ScopedModel<AuditEntry>) {
    this.#entries = entries;
  }

  /**
   * The run of the chain that holds all entries of a time, without gaps. At its ends it may hold some of moments before and after.
   */
  async *findRun(owner: ChainOwner, time: Time, access: Access): AsyncGenerator<readonly ChainedEntry[]> {
    const [first, last] = await Promise.all([this.#firstOf(owner, time, access), this.#lastOf(owner, time, access)]);
    if (first === undefined || last === undefined) return;
    yield* keysetPages<ChainedEntry>(PAGE, (limit, seen) =>
      this.#entries
        .find({ merchantId: owner, seq: { $gt: seen?.seq ?? first - 1, $lte: last } }, null, access)
        .sort({ seq: 1, _id: 1 })
        .limit(limit)
        .hint('chain')
        .lean<ChainedEntry[]>(),
    );
  }

  /** What a question finds. It is read in the order of time, which is that of the indexes that serve it. */
  async *findAnswers(
    owner: ChainOwner,
    question: AuditFilter,
    access: Access,
  ): AsyncGenerator<readonly ChainedEntry[]> {
    const asked = { ...filterOf(owner, question), seq: { $gt: 0 } };
    const pages = keysetPages<ChainedEntry>(PAGE, (limit, seen) =>
      this.#entries
        .find({ $and: [asked, behind('occurredAt', seen)] }, null, access)
        .sort({ occurredAt: 1, _id: 1 })
        .limit(limit)
        .lean<ChainedEntry[]>(),
    );
    let held: ChainedEntry[] = [];
    for await (const page of pages) {
      held = [...held, ...page].sort((one, other) => one.seq - other.seq);
      if (held.length > APART) yield held.splice(0, held.length - APART);
    }
    yield held;
  }

  async #firstOf(owner: ChainOwner, time: Time, access: Access): Promise<number | undefined> {
    if (time.from === undefined) return 1;
    return (await this.#edge(owner, time, 1, access)).at(0);
  }

  async #lastOf(owner: ChainOwner, time: Time, access: Access): Promise<number | undefined> {
    if (time.until === undefined) return Infinity;
    return (await this.#edge(owner, time, -1, access)).at(-1);
  }

  /** The places of the first or of the last entries of a time, in ascending order. */
  async #edge(owner: ChainOwner, time: Time, direction: -1 | 1, access: Access): Promise<number[]> {
    const rows = await this.#entries
      .find({ ...filterOf(owner, time), seq: { $gt: 0 } }, { seq: 1 }, access)
      .sort({ occurredAt: direction, _id: direction })
      .limit(APART)
      .hint('newest')
      .lean<Pick<ChainedEntry, 'seq'>[]>();
    return rows.map(({ seq }) => seq).sort((one, other) => one - other);
  }
}

type Time = Pick<AuditFilter, 'from' | 'until'>;
