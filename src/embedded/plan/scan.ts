import type { Collection } from '../catalog/collection.ts';
import { isUniqueEntry, recordIdsAt, type StoredRecord } from '../catalog/records.ts';
import { componentLength } from '../bson/keys.ts';
import type { IndexDefinition } from '../catalog/index-definition.ts';
import { RECORD_ID_BYTES, recordIdOf, recordKey } from '../storage/tree-key.ts';
import { EMPTY, HIGHEST, type Entry, type View } from '../storage/view.ts';
import { keyRanges, directed, type AccessPlan, type IndexAccess, type KeyRange } from './access.ts';
import type { FieldBounds } from './bounds.ts';

/** What a query has looked at so far; explain shows it. */
export interface ScanCounters {
  keysExamined: number;
  docsExamined: number;
}

/** Where a document was found: its id, its bytes where they came along, and its score in a text search. */
export interface Hit {
  readonly recordId: number;
  readonly bytes?: Buffer;
  readonly score?: number;
}

/**
 * A source of hits in order. Each call looks at the data anew from behind the last key, so that nothing is held open
 * between two calls, however long the client takes.
 */
export interface Scan {
  /** At most about `limit` hits; may be empty before the end. `undefined` is the end. */
  next(limit: number): readonly Hit[] | undefined;
}

/** All documents in the order of insertion. */
class CollectionScan implements Scan {
  readonly #view: View;
  readonly #tree: number;
  readonly #reverse: boolean;
  #from: Buffer = EMPTY;
  #to: Buffer = HIGHEST;
  #isDone = false;

  constructor(view: View, collection: Collection, direction: 1 | -1) {
    this.#view = view;
    this.#tree = collection.tree;
    this.#reverse = direction === -1;
  }

  next(limit: number): readonly Hit[] | undefined {
    if (this.#isDone) return undefined;
    const range = { from: this.#from, to: this.#to, reverse: this.#reverse, limit };
    const entries = this.#view.scan(this.#tree, range);
    const last = entries.at(-1);
    if (last === undefined || entries.length < limit) this.#isDone = true;
    if (last !== undefined) {
      if (this.#reverse) this.#to = last.key;
      else this.#from = recordKey(recordIdOf(last.key) + 1);
    }
    return entries.map(({ key, value }) => ({ recordId: recordIdOf(key), bytes: value }));
  }
}

/** One stretch of an index after another. */
class IndexScan implements Scan {
  readonly #view: View;
  readonly #index: IndexDefinition;
  readonly #reverse: boolean;
  readonly #counters: ScanCounters;
  readonly #accepts: (key: Buffer) => boolean;
  readonly #seen: Set<number> | undefined;
  readonly #ranges: readonly KeyRange[];
  #position = 0;
  #from: Buffer | undefined;
  #to: Buffer | undefined;

  constructor(
    view: View,
    { index, bounds, direction }: IndexAccess,
    counters: ScanCounters,
    ranges?: readonly KeyRange[],
  ) {
    this.#view = view;
    this.#index = index;
    this.#reverse = direction === -1;
    this.#counters = counters;
    const { ranges: all, seekFields } = keyRanges(index, bounds);
    const used = ranges ?? all;
    this.#ranges = this.#reverse ? used.toReversed() : used;
    this.#accepts = keyFilter(index, bounds.fields, seekFields);
    // A document stands in such an index once for each element.
    this.#seen = index.arrayPaths.size > 0 ? new Set() : undefined;
  }

  next(limit: number): readonly Hit[] | undefined {
    return this.nextEntries(limit)?.map(({ recordId }) => ({ recordId }));
  }

  nextEntries(limit: number): readonly { recordId: number; key: Buffer }[] | undefined {
    const current = this.#ranges[this.#position];
    if (current === undefined) return undefined;
    const range = { from: this.#from ?? current.from, to: this.#to ?? current.to, reverse: this.#reverse, limit };
    const isUnique = isUniqueEntry(this.#index);
    const entries = this.#view.scan(this.#index.tree, { ...range, keysOnly: !isUnique });
    this.#advance(entries, limit);
    this.#counters.keysExamined += entries.length;
    const hits: { recordId: number; key: Buffer }[] = [];
    for (const { key, value } of entries) {
      if (!this.#accepts(key)) continue;
      const recordId = isUnique ? recordIdOf(value) : recordIdOf(key, key.length - RECORD_ID_BYTES);
      if (this.#isRepeated(recordId)) continue;
      hits.push({ recordId, key });
    }
    return hits;
  }

  #advance(entries: readonly Entry[], limit: number): void {
    const last = entries.at(-1);
    if (last === undefined || entries.length < limit) {
      this.#position += 1;
      this.#from = this.#to = undefined;
    } else if (this.#reverse) this.#to = last.key;
    else this.#from = Buffer.concat([last.key, ZERO]);
  }

  #isRepeated(recordId: number): boolean {
    if (this.#seen === undefined) return false;
    const { size } = this.#seen;
    return this.#seen.add(recordId).size === size;
  }
}

const ZERO = Buffer.alloc(1);

/** Checks on the key itself what the ranges left open, which saves reading the document. */
function keyFilter(
  index: IndexDefinition,
  fields: readonly FieldBounds[],
  seekFields: number,
): (key: Buffer) => boolean {
  const last = fields.findLastIndex(({ isConstrained }) => isConstrained);
  if (index.hasLongKeys || last < seekFields) return () => true;
  const checks = fields.slice(0, last + 1).map(({ intervals, isConstrained }, position) => {
    const direction = index.directions[position] ?? 1;
    const isChecked = isConstrained && position >= seekFields;
    return { direction, intervals: isChecked ? intervals : undefined };
  });
  return (key) => {
    let offset = 0;
    for (const { direction, intervals } of checks) {
      const length = componentLength(key, offset, direction === -1);
      if (intervals !== undefined) {
        const value = directed(key.subarray(offset, offset + length), direction);
        if (!intervals.some(({ low, high }) => isWithin(value, low, high))) return false;
      }
      offset += length;
    }
    return true;
  };
}

interface Edge {
  readonly bytes: Buffer;
  readonly inclusive: boolean;
}

function isWithin(value: Buffer, low: Edge, high: Edge): boolean {
  const fromLow = Buffer.compare(value, low.bytes);
  if (fromLow < 0 || (fromLow === 0 && !low.inclusive)) return false;
  const fromHigh = Buffer.compare(value, high.bytes);
  return fromHigh < 0 || (fromHigh === 0 && high.inclusive);
}

interface MergeHead {
  readonly scan: IndexScan;
  readonly prefixBytes: number;
  entries: readonly { recordId: number; key: Buffer }[];
  position: number;
}

/** Several stretches at once, merged by what follows their different beginnings. */
class MergeScan implements Scan {
  readonly #heads: MergeHead[];
  readonly #sign: 1 | -1;
  readonly #seen = new Set<number>();

  constructor(view: View, access: IndexAccess, counters: ScanCounters) {
    this.#sign = access.direction;
    this.#heads = keyRanges(access.index, access.bounds).ranges.map((range) => ({
      scan: new IndexScan(view, access, counters, [range]),
      prefixBytes: range.prefixBytes,
      entries: [],
      position: 0,
    }));
  }

  next(limit: number): readonly Hit[] | undefined {
    const hits: Hit[] = [];
    while (hits.length < limit) {
      const head = this.#earliest(Math.min(limit, 64));
      if (head === undefined) break;
      const entry = head.entries[head.position++];
      if (entry !== undefined && !this.#seen.has(entry.recordId)) {
        this.#seen.add(entry.recordId);
        hits.push({ recordId: entry.recordId });
      }
    }
    return hits.length === 0 ? undefined : hits;
  }

  #earliest(page: number): MergeHead | undefined {
    let best: MergeHead | undefined;
    let bestKey: Buffer | undefined;
    for (const head of this.#heads) {
      const key = this.#keyOf(head, page);
      if (key === undefined) continue;
      if (bestKey === undefined || Buffer.compare(key, bestKey) * this.#sign < 0) [best, bestKey] = [head, key];
    }
    return best;
  }

  #keyOf(head: MergeHead, page: number): Buffer | undefined {
    while (head.position >= head.entries.length) {
      const entries = head.scan.nextEntries(page);
      if (entries === undefined) return undefined;
      head.entries = entries;
      head.position = 0;
    }
    return head.entries[head.position]?.key.subarray(head.prefixBytes);
  }
}

/** One scan after another, each document once. */
class UnionScan implements Scan {
  readonly #scans: Scan[];
  readonly #seen = new Set<number>();

  constructor(scans: Scan[]) {
    this.#scans = scans;
  }

  next(limit: number): readonly Hit[] | undefined {
    const [current] = this.#scans;
    if (current === undefined) return undefined;
    const hits = current.next(limit);
    if (hits === undefined) {
      this.#scans.shift();
      return this.next(limit);
    }
    return hits.filter(({ recordId }) => {
      const isNew = !this.#seen.has(recordId);
      this.#seen.add(recordId);
      return isNew;
    });
  }
}

/** Hits that are known beforehand. */
class ListScan implements Scan {
  #hits: readonly Hit[] | undefined;

  constructor(hits: readonly Hit[]) {
    this.#hits = hits;
  }

  next(): readonly Hit[] | undefined {
    const hits = this.#hits;
    this.#hits = undefined;
    return hits;
  }
}

/** What scans of all kinds need. */
export interface ScanContext {
  readonly view: View;
  readonly collection: Collection;
  readonly counters: ScanCounters;
  /** Ranked hits of a text search. */
  readonly searchText: (plan: Extract<AccessPlan, { kind: 'text' }>, context: ScanContext) => readonly Hit[];
}

export function scanOf(plan: AccessPlan, context: ScanContext): Scan {
  const { view, collection, counters } = context;
  switch (plan.kind) {
    case 'collection':
      return new CollectionScan(view, collection, plan.direction);
    case 'id':
      return new ListScan(idHits(plan.value, context));
    case 'index':
      return plan.isMerged ? new MergeScan(view, plan, counters) : new IndexScan(view, plan, counters);
    case 'text':
      return new ListScan(context.searchText(plan, context));
    case 'union':
      return new UnionScan(plan.branches.map((branch) => scanOf(branch, context)));
    case 'nothing':
      return new ListScan([]);
  }
}

function idHits(value: unknown, { view, collection, counters }: ScanContext): Hit[] {
  const index = collection.idIndex;
  const hits = recordIdsAt(view, index, index.encodeStored([value]), 1).map((recordId) => ({ recordId }));
  counters.keysExamined += hits.length;
  return hits;
}

/** Completes hits with their documents; one that is gone in the meantime is left out. */
export function fetchHits(hits: readonly Hit[], { view, collection, counters }: ScanContext): (Hit & StoredRecord)[] {
  const records: (Hit & StoredRecord)[] = [];
  for (const hit of hits) {
    const bytes = hit.bytes ?? view.get(collection.tree, recordKey(hit.recordId));
    if (bytes === undefined) continue;
    counters.docsExamined += 1;
    records.push(hit.score === undefined ? { recordId: hit.recordId, bytes } : { ...hit, bytes });
  }
  return records;
}
