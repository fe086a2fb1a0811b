import { decode } from '../bson/codec.ts';
import { componentLength, encodeKey, successor } from '../bson/keys.ts';
import type { IndexDefinition } from '../catalog/index-definition.ts';
import { readRecord } from '../catalog/records.ts';
import type { AccessPlan } from '../plan/access.ts';
import type { Hit, ScanContext } from '../plan/scan.ts';
import { RECORD_ID_BYTES, recordIdOf } from '../storage/tree-key.ts';
import { EMPTY, HIGHEST } from '../storage/view.ts';
import { defaultLanguage } from './indexed-texts.ts';
import { otherPaths, storedPrefixValue, storedTerm, type TextOptions } from './text-index.ts';
import { matchesText, needsDocuments } from './text-match.ts';
import { parseTextCondition, parseTextQuery, requireLanguage } from './text-query.ts';

/** A planned text search. */
export type TextPlan = Extract<AccessPlan, { kind: 'text' }> & {
  /** The values that the filter demands of the fields before the text; where not given, all are searched. */
  readonly prefix?: readonly unknown[];
};

/** Keys read at a time. */
const PAGE = 1_000;
const NEXT = Buffer.alloc(1);

/**
 * The documents that match a text search with their scores, the best first, and equally good ones in the order of
 * insertion. Documents are read only where the index cannot decide; those that are refused count as examined.
 *
 * @throws as {@link parseTextCondition} on a malformed search
 */
export function searchText(plan: TextPlan, context: ScanContext): readonly Hit[] {
  const condition = parseTextCondition(plan.search);
  const options = plan.index.spec as unknown as TextOptions;
  const { $language: name = '' } = condition;
  const language = name === '' ? defaultLanguage(options) : requireLanguage(name);
  const query = parseTextQuery(condition, language, options.textIndexVersion < 3);
  const scores = new Map<number, number>();
  for (const prefix of prefixesOf(plan, options, context)) {
    for (const term of query.lookups) {
      const start = Buffer.concat([prefix, encodeKey([storedTerm(term)], [1], {})]);
      for (const { recordId, score } of postingsAt(plan.index, start, context)) {
        scores.set(recordId, (scores.get(recordId) ?? 0) + score);
      }
    }
  }
  let hits = [...scores].map(([recordId, score]) => ({ recordId, score }));
  if (needsDocuments(query)) {
    hits = hits.filter(({ recordId }) => {
      const record = readRecord(context.view, context.collection, recordId);
      if (record === undefined) return false;
      const isMatch = matchesText(decode(record.bytes), query, options);
      // A match is read again to be sent, and counted then.
      if (!isMatch) context.counters.docsExamined += 1;
      return isMatch;
    });
  }
  return hits.sort((left, right) => right.score - left.score || left.recordId - right.recordId);
}

/** The different beginnings that keys have before their terms. */
function prefixesOf({ index, prefix }: TextPlan, options: TextOptions, context: ScanContext): Iterable<Buffer> {
  const { length } = otherPaths(options).before;
  if (length === 0) return [EMPTY];
  if (prefix?.length !== length) return prefixesIn(index, length, context);
  const values = prefix.map((value) => storedPrefixValue(value, length));
  return [
    encodeKey(
      values,
      values.map(() => 1 as const),
      {},
    ),
  ];
}

function* prefixesIn(index: IndexDefinition, length: number, { view, counters }: ScanContext): Generator<Buffer> {
  let from: Buffer = EMPTY;
  for (;;) {
    const [entry] = view.scan(index.tree, { from, to: HIGHEST, reverse: false, limit: 1, keysOnly: true });
    if (entry === undefined) return;
    counters.keysExamined += 1;
    let end = 0;
    for (let field = 0; field < length; field++) end += componentLength(entry.key, end, false);
    const prefix = Buffer.from(entry.key.subarray(0, end));
    yield prefix;
    from = successor(prefix);
  }
}

interface Posting {
  readonly recordId: number;
  readonly score: number;
}

/** What stands in the index behind a term. */
function* postingsAt(index: IndexDefinition, start: Buffer, { view, counters }: ScanContext): Generator<Posting> {
  const to = successor(start);
  let from: Buffer = start;
  for (;;) {
    const entries = view.scan(index.tree, { from, to, reverse: false, limit: PAGE, keysOnly: true });
    counters.keysExamined += entries.length;
    for (const { key } of entries) {
      yield { recordId: recordIdOf(key, key.length - RECORD_ID_BYTES), score: scoreAt(key, start.length) };
    }
    const last = entries.at(-1);
    if (last === undefined || entries.length < PAGE) return;
    from = Buffer.concat([last.key, NEXT]);
  }
}

/**
 * The score in a key: a number, whose bytes are its type and a double with the bits turned so that it orders. Scores
 * are positive, for which only the sign is turned.
 */
function scoreAt(key: Buffer, offset: number): number {
  const bytes = Buffer.from(key.subarray(offset + 1, offset + 9));
  bytes.writeUInt8(bytes.readUInt8(0) ^ 0x80, 0);
  return bytes.readDoubleBE(0);
}
