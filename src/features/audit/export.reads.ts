import type { QueryFilter } from 'mongoose';
import type { ScopedModel } from '../../platform/database/collection.ts';
import { behind, keysetPages } from '../../platform/database/keyset.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { AuditEntry, ChainOwner } from './audit.model.ts';
import { filterOf, type AuditFilter } from './audit.reads.ts';
import type { ChainedEntry } from './chain-walk.ts';
import { LowestPlaces } from './lowest-places.ts';

export interface ExportSizes {
  /** How many entries are held and handed on at once. */
  readonly page: number;
  /** How many entries are asked for their place at once. */
  readonly placesPage: number;
  /** How many places are held at once, of 8 bytes each. */
  readonly places: number;
}

// Sorting half a million places holds the event loop for about a tenth of a second; who asks for more has them read in rounds.
const SIZES: ExportSizes = { page: 200, placesPage: 2_000, places: 500_000 };

/**
 * Entries for a file, page by page and in the order of the chain, which is not that of time: clocks differ, and
 * transactions take long. So the places of what is asked for are read first, by the indexes of the log's lists, and then
 * the entries along the chain: each twice, whatever else the log holds. What is chained after the begin is left out.
 * A first page without entries tells that the log answers: their places may take longer than a request may wait.
 */
export class ExportReads {
  readonly #entries: ScopedModel<AuditEntry>;
  readonly #sizes: ExportSizes;

  constructor(entries: ScopedModel<AuditEntry>, sizes = SIZES) {
    this.#entries = entries;
    this.#sizes = sizes;
  }

  /** The run of the chain from the first to the last entry of a time, without gaps: it also holds those of other times between them. */
  async *findRun(owner: ChainOwner, time: Time, access: Access): AsyncGenerator<readonly ChainedEntry[]> {
    const head = await this.#headOf(owner, access);
    yield [];
    const { first, last } = await this.#endsOf(owner, { time, head }, access);
    const run = { merchantId: owner, seq: { $gte: first, $lte: last } };
    yield* keysetPages<ChainedEntry>(this.#sizes.page, (limit, seen) =>
      this.#entries
        .find({ $and: [run, behind<ChainedEntry>('seq', seen)] }, null, access)
        .sort({ seq: 1, _id: 1 })
        .limit(limit)
        .hint('chain')
        .lean<ChainedEntry[]>(),
    );
  }

  /** What a question finds. */
  async *findAnswers(
    owner: ChainOwner,
    question: AuditFilter,
    access: Access,
  ): AsyncGenerator<readonly ChainedEntry[]> {
    const asked = filterOf(owner, question);
    const head = await this.#headOf(owner, access);
    yield [];
    let seen = 0;
    for (;;) {
      const lowest = new LowestPlaces(this.#sizes.places);
      for await (const places of this.#placesOf(asked, { after: seen, head }, access)) {
        for (const place of places) lowest.add(place);
      }
      const places = lowest.sorted();
      yield* this.#answersAt(places, asked, access);
      if (!lowest.isCut) return;
      seen = places.at(-1) ?? head;
    }
  }

  async *#answersAt(
    places: Float64Array,
    asked: QueryFilter<AuditEntry>,
    access: Access,
  ): AsyncGenerator<readonly ChainedEntry[]> {
    const { page } = this.#sizes;
    for (let start = 0; start < places.length; start += page) {
      const seq = { $in: [...places.subarray(start, start + page)] };
      // Asked for once more: of two entries that claim one place, the question may be about one.
      yield await this.#entries
        .find({ $and: [asked, { seq }] }, null, access)
        .sort({ seq: 1, _id: 1 })
        .hint('chain')
        .lean<ChainedEntry[]>();
    }
  }

  async #endsOf(
    owner: ChainOwner,
    { time, head }: { readonly time: Time; readonly head: number },
    access: Access,
  ): Promise<{ first: number; last: number }> {
    if ((time.from ?? time.until) === undefined) return { first: 1, last: head };
    const ends = { first: Infinity, last: 0 };
    for await (const places of this.#placesOf(filterOf(owner, time), { after: 0, head }, access)) {
      ends.first = Math.min(ends.first, ...places);
      ends.last = Math.max(ends.last, ...places);
    }
    return ends;
  }

  /** The last place that is taken; 0 in an empty chain. */
  async #headOf(owner: ChainOwner, access: Access): Promise<number> {
    const last = await this.#entries
      .findOne({ merchantId: owner, seq: { $gt: 0 } }, { seq: 1 }, access)
      .sort({ seq: -1, _id: -1 })
      .hint('chain')
      .lean<Pick<ChainedEntry, 'seq'>>();
    return last?.seq ?? 0;
  }

  /** The places of what is asked for, in the order of time: each page is short to read, however few of it are wanted. */
  async *#placesOf(
    asked: QueryFilter<AuditEntry>,
    { after, head }: { readonly after: number; readonly head: number },
    access: Access,
  ): AsyncGenerator<readonly number[]> {
    const pages = keysetPages<Placed>(this.#sizes.placesPage, (limit, seen) =>
      this.#entries
        .find({ $and: [asked, behind<Placed>('occurredAt', seen)] }, { occurredAt: 1, seq: 1 }, access)
        .sort({ occurredAt: 1, _id: 1 })
        .limit(limit)
        .lean<Placed[]>(),
    );
    for await (const page of pages)
      yield page.flatMap(({ seq }) => (seq !== null && seq > after && seq <= head ? seq : []));
  }
}

type Time = Pick<AuditFilter, 'from' | 'until'>;
type Placed = Pick<AuditEntry, '_id' | 'occurredAt' | 'seq'>;
