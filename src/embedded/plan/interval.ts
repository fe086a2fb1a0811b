import { showValue } from '../catalog/show-value.ts';
import { bracketOf, MAX_COMPONENT, MIN_COMPONENT, successor } from '../bson/keys.ts';
import type { IndexDefinition } from '../catalog/index-definition.ts';

/** One end of an interval, as encoded in ascending order and as explain shows it. */
export interface End {
  readonly bytes: Buffer;
  readonly inclusive: boolean;
  readonly shown: string;
  /** Set where explain shows an end as inclusive that is not so in bytes: the end of a type. */
  readonly isShownInclusive?: boolean;
}

/** A stretch of the values of one field. */
export interface Interval {
  readonly low: End;
  readonly high: End;
  readonly isPoint: boolean;
}

export const ALL_VALUES: Interval = {
  low: { bytes: MIN_COMPONENT, inclusive: true, shown: 'MinKey' },
  high: { bytes: MAX_COMPONENT, inclusive: true, shown: 'MaxKey' },
  isPoint: false,
};

export function point(index: IndexDefinition, value: unknown): Interval {
  const end: End = { bytes: index.component(value), inclusive: true, shown: showBound(value) };
  return { low: end, high: end, isPoint: true };
}

type Comparison = '$gt' | '$gte' | '$lt' | '$lte';

/** What a comparison admits: values of the operand's own type only, as MongoDB brackets them. */
export function comparison(index: IndexDefinition, operator: Comparison, value: unknown): Interval {
  const end: End = { bytes: index.component(value), inclusive: operator.endsWith('e'), shown: showBound(value) };
  const edges = shownBracket(value);
  // The bracket of numbers begins with NaN, which is neither less nor greater than any number.
  const low = edges.isNumber ? index.component(-Infinity) : bracketOf(value).low;
  return operator.startsWith('$g')
    ? {
        low: end,
        high: { bytes: bracketOf(value).high, inclusive: false, shown: edges.high, ...edges.highShown },
        isPoint: false,
      }
    : { low: { bytes: low, inclusive: true, shown: edges.low }, high: end, isPoint: false };
}

/** All strings that start with `prefix`. */
export function startsWith(index: IndexDefinition, prefix: string): Interval {
  const whole = index.component(prefix);
  // A string component is its bytes and a terminator of two bytes; without that, it is a prefix of longer ones.
  const bytes = whole.subarray(0, whole.length - STRING_END_BYTES);
  return {
    low: { bytes, inclusive: true, shown: showBound(prefix) },
    high: { bytes: successor(bytes), inclusive: false, shown: showBound(nextString(prefix)) },
    isPoint: false,
  };
}

const STRING_END_BYTES = 2;

/** The values in both; `undefined` where there are none. */
export function intersect(a: Interval, b: Interval): Interval | undefined {
  const low = laterLow(a.low, b.low);
  const high = earlierHigh(a.high, b.high);
  const order = Buffer.compare(low.bytes, high.bytes);
  if (order > 0 || (order === 0 && !(low.inclusive && high.inclusive))) return undefined;
  return { low, high, isPoint: order === 0 };
}

function laterLow(a: End, b: End): End {
  const order = Buffer.compare(a.bytes, b.bytes);
  if (order !== 0) return order > 0 ? a : b;
  return a.inclusive ? b : a;
}

function earlierHigh(a: End, b: End): End {
  const order = Buffer.compare(a.bytes, b.bytes);
  if (order !== 0) return order < 0 ? a : b;
  return a.inclusive ? b : a;
}

/** In order and without overlap, so that a scan meets every key once. */
export function union(intervals: readonly Interval[]): Interval[] {
  const sorted = intervals.toSorted((a, b) => Buffer.compare(a.low.bytes, b.low.bytes));
  const result: Interval[] = [];
  for (const next of sorted) {
    const last = result.at(-1);
    if (last === undefined || Buffer.compare(last.high.bytes, next.low.bytes) < 0) result.push(next);
    else result[result.length - 1] = join(last, next);
  }
  return result;
}

function join(a: Interval, b: Interval): Interval {
  const order = Buffer.compare(a.high.bytes, b.high.bytes);
  const high = order > 0 || (order === 0 && a.high.inclusive) ? a.high : b.high;
  return { low: a.low, high, isPoint: a.isPoint && b.isPoint && order === 0 };
}

/** An interval as explain shows it: `["a", "b")`. */
export function showInterval({ low, high }: Interval, direction: 1 | -1): string {
  const [from, to] = direction === 1 ? [low, high] : [high, low];
  const isClosed = ({ inclusive, isShownInclusive }: End): boolean => isShownInclusive ?? inclusive;
  return `${isClosed(from) ? '[' : '('}${from.shown}, ${to.shown}${isClosed(to) ? ']' : ')'}`;
}

const SHOWN_BRACKETS: Readonly<Record<string, readonly [low: string, high: string, highInclusive: boolean]>> = {
  number: ['-inf.0', 'inf.0', true],
  string: ['""', '{}', false],
  boolean: ['false', 'true', true],
  date: ['new Date(-9223372036854775808)', 'new Date(9223372036854775807)', true],
  ObjectId: ["ObjectId('000000000000000000000000')", "ObjectId('ffffffffffffffffffffffff')", true],
};

interface ShownBracket {
  readonly low: string;
  readonly high: string;
  readonly highShown: { readonly isShownInclusive: boolean };
  readonly isNumber: boolean;
}

function shownBracket(value: unknown): ShownBracket {
  const kind = kindOf(value);
  const [low, high, isShownInclusive] = SHOWN_BRACKETS[kind] ?? ['MinKey', 'MaxKey', true];
  return { low, high, highShown: { isShownInclusive }, isNumber: kind === 'number' };
}

const NUMBER_CLASSES: ReadonlySet<string> = new Set(['Int32', 'Double', 'Long', 'Decimal128']);

function kindOf(value: unknown): string {
  if (value instanceof Date) return 'date';
  if (!isBson(value)) return typeof value;
  return NUMBER_CLASSES.has(value._bsontype) ? 'number' : value._bsontype;
}

function isBson(value: unknown): value is { _bsontype: string } {
  return typeof value === 'object' && value !== null && '_bsontype' in value;
}

function nextString(prefix: string): string {
  const last = prefix.codePointAt(prefix.length - 1) ?? 0;
  return prefix.slice(0, -1) + String.fromCodePoint(last + 1);
}

function showBound(value: unknown): string {
  if (typeof value === 'number' && Number.isInteger(value)) return `${String(value)}.0`;
  if (value === undefined) return 'undefined';
  return showValue(value);
}
