import { MAX_KEY_PREFIX_BYTES, successor } from '../bson/keys.ts';
import type { IndexDefinition } from '../catalog/index-definition.ts';
import { HIGHEST } from '../storage/view.ts';
import type { IndexBounds } from './bounds.ts';
import { ALL_VALUES, type Interval } from './interval.ts';
import type { KeyLimits } from './key-limits.ts';

/** How documents are found. */
export type AccessPlan =
  | { readonly kind: 'collection'; readonly direction: 1 | -1 }
  | { readonly kind: 'id'; readonly value: unknown }
  | IndexAccess
  | TextAccess
  | { readonly kind: 'union'; readonly branches: readonly AccessPlan[] }
  | { readonly kind: 'nothing' };

export interface IndexAccess {
  readonly kind: 'index';
  readonly index: IndexDefinition;
  readonly bounds: IndexBounds;
  readonly direction: 1 | -1;
  /** Whether several ranges have to be merged by what follows their common fields, to give the sort's order. */
  readonly isMerged: boolean;
}

export interface TextAccess {
  readonly kind: 'text';
  readonly index: IndexDefinition;
  readonly search: TextSearch;
  /** The values of the fields that stand before the text in the index. */
  readonly prefix?: readonly unknown[];
}

/** What `$text` asks for. */
export interface TextSearch {
  readonly $search: string;
  readonly $language?: string;
  readonly $caseSensitive?: boolean;
  readonly $diacriticSensitive?: boolean;
}

/** A stretch of an index's keys; `prefixBytes` is how much of each key is the same for all of them. */
export interface KeyRange {
  readonly from: Buffer;
  readonly to: Buffer;
  readonly prefixBytes: number;
}

export interface KeyRanges {
  readonly ranges: readonly KeyRange[];
  /** How many leading fields the ranges have used; the bounds of later ones are checked on each key. */
  readonly seekFields: number;
}

/** More prefixes than this are not worth seeking one by one. */
const MOST_RANGES = 1_000;

/** The stretches of keys that bounds come down to, in the order of the index. */
export function keyRanges(index: IndexDefinition, bounds: IndexBounds): KeyRanges {
  const all = unlimitedRanges(index, bounds);
  return bounds.limits === undefined ? all : { ...all, ranges: within(all.ranges, bounds.limits) };
}

function within(ranges: readonly KeyRange[], { from, to }: KeyLimits): KeyRange[] {
  return ranges
    .map((range) => ({
      ...range,
      from: from !== undefined && from.compare(range.from) > 0 ? from : range.from,
      to: to !== undefined && to.compare(range.to) < 0 ? to : range.to,
    }))
    .filter((range) => range.from.compare(range.to) < 0);
}

function unlimitedRanges(index: IndexDefinition, bounds: IndexBounds): KeyRanges {
  let prefixes: Buffer[] = [Buffer.alloc(0)];
  for (let position = 0; position < bounds.fields.length; position++) {
    const intervals = bounds.fields[position]?.intervals ?? [ALL_VALUES];
    const direction = index.directions[position] ?? 1;
    const ordered = direction === 1 ? intervals : intervals.toReversed();
    const extendable = ordered.every(({ isPoint }) => isPoint) && prefixes.length * ordered.length <= MOST_RANGES;
    if (!extendable || ordered.length === 0) {
      const ranges = prefixes.flatMap((prefix) => ordered.map((interval) => rangeOf(prefix, interval, direction)));
      return { ranges, seekFields: position + 1 };
    }
    prefixes = prefixes.flatMap((prefix) =>
      ordered.map(({ low }) => Buffer.concat([prefix, directed(low.bytes, direction)])),
    );
  }
  const ranges = prefixes.map((prefix) => ({ ...clip(prefix, after(prefix)), prefixBytes: prefix.length }));
  return { ranges, seekFields: bounds.fields.length };
}

function rangeOf(prefix: Buffer, interval: Interval, direction: 1 | -1): KeyRange {
  if (interval === ALL_VALUES) return { ...clip(prefix, after(prefix)), prefixBytes: prefix.length };
  const [first, last] = direction === 1 ? [interval.low, interval.high] : [interval.high, interval.low];
  const start = Buffer.concat([prefix, directed(first.bytes, direction)]);
  const end = Buffer.concat([prefix, directed(last.bytes, direction)]);
  return {
    ...clip(first.inclusive ? start : after(start), last.inclusive ? after(end) : end),
    prefixBytes: prefix.length,
  };
}

/** Bytes of a value as an index holds them that counts it downwards. */
export function directed(bytes: Buffer, direction: 1 | -1): Buffer {
  return direction === 1 ? bytes : Buffer.from(bytes.map((byte) => 255 - byte));
}

function after(prefix: Buffer): Buffer {
  return prefix.length === 0 ? HIGHEST : successor(prefix);
}

/** Long keys are stored as their start and a hash: bounds are widened to what both share. */
function clip(from: Buffer, to: Buffer): { from: Buffer; to: Buffer } {
  return {
    from: from.length > MAX_KEY_PREFIX_BYTES ? from.subarray(0, MAX_KEY_PREFIX_BYTES) : from,
    to: to.length > MAX_KEY_PREFIX_BYTES ? after(to.subarray(0, MAX_KEY_PREFIX_BYTES)) : to,
  };
}
