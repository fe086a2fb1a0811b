import { decode, decodeFields, decodeTyped } from '../bson/codec.ts';
import { readRecord, type StoredRecord } from '../catalog/records.ts';
import type { Matcher } from '../query/matcher.ts';
import type { Sorter } from '../query/sort.ts';
import type { Operation } from './operation.ts';
import { fetchHits, type Hit, type Scan, type ScanContext } from './scan.ts';

/** A document found, and its score in a text search. */
export type Found = StoredRecord & Pick<Hit, 'score'>;

/** Documents that match, in order, piece by piece. */
export interface RecordSource {
  /** At most `limit` documents; fewer, even none, do not mean the end. Works for one slice of time at most. */
  pull(limit: number, operation: Operation): readonly Found[];
  readonly isDone: boolean;
}

const LARGEST_PAGE = 256;

/** Scan, fetch, filter, skip and limit. */
export class FilteredSource implements RecordSource {
  isDone = false;
  readonly #scan: Scan;
  readonly #context: ScanContext;
  readonly #matches: ((bytes: Buffer) => boolean) | undefined;
  #skip: number;
  #remaining: number;
  #page: number;

  /** @param matcher left out where the scan yields just what is asked for */
  constructor(scan: Scan, context: ScanContext, matcher: Matcher | undefined, skip: number, limit: number) {
    this.#scan = scan;
    this.#context = context;
    this.#matches = matcher && bytesTest(matcher);
    this.#skip = skip;
    this.#remaining = limit > 0 ? limit : Infinity;
    // Where every hit counts, no more are looked at than are wanted.
    this.#page = matcher === undefined ? LARGEST_PAGE : 32;
  }

  pull(limit: number, operation: Operation): readonly Found[] {
    const wanted = Math.min(limit, this.#remaining);
    let found: Found[] = [];
    while (found.length < wanted && !this.isDone) {
      const hits = this.#scan.next(Math.min(this.#page, wanted - found.length + this.#skip));
      if (hits === undefined) this.isDone = true;
      else found = found.length === 0 ? this.#admit(hits) : found.concat(this.#admit(hits));
      if (this.#matches !== undefined) this.#page = Math.min(this.#page * 2, LARGEST_PAGE);
      if (operation.isSliceOver) break;
    }
    this.#remaining -= found.length;
    if (this.#remaining <= 0) this.isDone = true;
    return found;
  }

  #admit(hits: readonly Hit[]): Found[] {
    // Hits that are only skipped need not be read, if they are known to match.
    const unread = this.#matches === undefined ? Math.min(this.#skip, hits.length) : 0;
    this.#skip -= unread;
    const records = fetchHits(unread > 0 ? hits.slice(unread) : hits, this.#context);
    const matches = this.#matches;
    if (matches === undefined) return records;
    const found = records.filter(({ bytes }) => matches(bytes));
    const skipped = Math.min(this.#skip, found.length);
    this.#skip -= skipped;
    return skipped > 0 ? found.slice(skipped) : found;
  }
}

/** Reads no more of a document than the filter asks for. */
export function bytesTest(matcher: Matcher): (bytes: Buffer) => boolean {
  const { fields } = matcher;
  if (matcher.needsTypedNumbers) return (bytes) => matcher.test(decodeTyped(bytes));
  return fields === 'all'
    ? (bytes) => matcher.test(decode(bytes))
    : (bytes) => matcher.test(decodeFields(bytes, fields));
}

interface Sortable {
  readonly recordId: number;
  readonly key: readonly unknown[];
  readonly score: number | undefined;
}

/** Collects everything, sorts it by what the documents hold, and reads them again one by one when they are asked for. */
export class SortedSource implements RecordSource {
  readonly #source: RecordSource;
  readonly #context: ScanContext;
  readonly #sorter: Sorter;
  readonly #skip: number;
  readonly #limit: number;
  readonly #keyOf: (found: Found) => readonly unknown[];
  #collected: Sortable[] = [];
  #position = -1;

  constructor(source: RecordSource, context: ScanContext, sorter: Sorter, skip: number, limit: number) {
    this.#source = source;
    this.#context = context;
    this.#sorter = sorter;
    this.#skip = skip;
    this.#limit = limit;
    this.#keyOf = ({ bytes, score }) => sorter.keyOf(decodeFields(bytes, sorter.fields), score);
  }

  get isDone(): boolean {
    return this.#position >= this.#collected.length;
  }

  pull(limit: number, operation: Operation): readonly Found[] {
    if (this.#position < 0) {
      this.#collect(operation);
      if (this.#position < 0) return [];
    }
    const found: Found[] = [];
    while (found.length < limit && !this.isDone && !operation.isSliceOver) {
      const sortable = this.#collected[this.#position++];
      const record = sortable && readRecord(this.#context.view, this.#context.collection, sortable.recordId);
      if (record) found.push(sortable.score === undefined ? record : { ...record, score: sortable.score });
    }
    return found;
  }

  #collect(operation: Operation): void {
    while (!this.#source.isDone) {
      for (const found of this.#source.pull(LARGEST_PAGE, operation)) {
        this.#collected.push({ recordId: found.recordId, key: this.#keyOf(found), score: found.score });
      }
      this.#shrink();
      if (operation.isSliceOver) return;
    }
    this.#sort();
    this.#position = this.#skip;
  }

  #sort(): void {
    // By record id where the keys are equal: the order of insertion, so that pages do not overlap.
    this.#collected.sort((a, b) => this.#sorter.compare(a.key, b.key) || a.recordId - b.recordId);
    if (this.#limit > 0) this.#collected.length = Math.min(this.#collected.length, this.#skip + this.#limit);
  }

  /** With a limit, only the best so far are kept: memory grows with the page, not with the collection. */
  #shrink(): void {
    const kept = this.#skip + this.#limit;
    if (this.#limit > 0 && this.#collected.length > Math.max(4 * kept, 1_024)) this.#sort();
  }
}
