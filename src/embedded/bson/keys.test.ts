import { describe, expect, test } from '@jest/globals';
import { Decimal128, Long, ObjectId } from 'bson';
import * as fc from 'fast-check';
import { anyValues, typedNumbers } from '../../../tests/embedded/arbitrary-values.ts';
import {
  bracketOf,
  componentLength,
  encodeKey,
  limitKey,
  MAX_COMPONENT,
  MAX_KEY_BYTES,
  MIN_COMPONENT,
  successor,
} from './keys.ts';
import { compareValues, typeRank } from './order.ts';

const RUNS = { numRuns: 1500 };
const direction = fc.constantFrom<1 | -1>(1, -1);
const tuples = fc
  .tuple(fc.array(direction, { minLength: 1, maxLength: 3 }), fc.array(anyValues, { minLength: 6, maxLength: 6 }))
  .map(([directions, values]) => ({
    directions,
    left: values.slice(0, directions.length),
    right: values.slice(3, 3 + directions.length),
  }));

function tupleOrder(left: unknown[], right: unknown[], directions: readonly number[]): number {
  for (const [index, sign] of directions.entries()) {
    const order = compareValues(left[index], right[index]) * sign;
    if (order !== 0) return Math.sign(order);
  }
  return 0;
}

describe('index keys', () => {
  test('compare as bytes as their values do, in all directions', () => {
    fc.assert(
      fc.property(tuples, ({ directions, left, right }) => {
        const order = Buffer.compare(encodeKey(left, directions), encodeKey(right, directions));
        expect(order).toBe(tupleOrder(left, right, directions));
      }),
      RUNS,
    );
  });

  test('of numbers of all types compare as their exact values do', () => {
    fc.assert(
      fc.property(typedNumbers, typedNumbers, direction, (a, b, sign) => {
        const order = Buffer.compare(encodeKey([a], [sign]), encodeKey([b], [sign]));
        expect(order).toBe(tupleOrder([a], [b], [sign]));
      }),
      RUNS,
    );
  });

  test('of one number in four types are the same bytes', () => {
    const keys = [1, new Long(1), 1n, Decimal128.fromString('1.00')].map((value) => encodeKey([value], [1]));
    for (const key of keys) expect(key.equals(encodeKey([1], [1]))).toBe(true);
  });

  test('can be walked component by component', () => {
    fc.assert(
      fc.property(tuples, ({ directions, left }) => {
        const key = encodeKey(left, directions);
        let offset = 0;
        for (const [index, sign] of directions.entries()) {
          const length = componentLength(key, offset, sign === -1);
          expect(key.subarray(offset, offset + length).equals(encodeKey([left[index]], [sign]))).toBe(true);
          offset += length;
        }
        expect(offset).toBe(key.length);
      }),
      RUNS,
    );
  });

  test('that were cut are walked no further than their end', () => {
    fc.assert(
      fc.property(tuples, fc.nat({ max: 40 }), ({ directions, left }, size) => {
        const key = encodeKey(left, directions).subarray(0, size + 1);
        expect(componentLength(key, 0, directions[0] === -1)).toBeLessThanOrEqual(key.length);
      }),
      RUNS,
    );
  });
});

describe('brackets', () => {
  test('hold the keys of their own type and no others', () => {
    fc.assert(
      fc.property(anyValues, anyValues, direction, (a, b, sign) => {
        const key = encodeKey([a], [sign]);
        const { low, high } = bracketOf(b, sign === -1);
        const isInside = Buffer.compare(key, low) >= 0 && Buffer.compare(key, high) < 0;
        expect(isInside).toBe(typeRank(a) === typeRank(b));
        expect(Buffer.compare(key, MIN_COMPONENT)).toBe(1);
        expect(Buffer.compare(key, MAX_COMPONENT)).toBe(-1);
      }),
      RUNS,
    );
  });
});

describe('index keys of text', () => {
  test('fold strings, nested ones too, where a collation says so', () => {
    const collate = (text: string): string => text.toLowerCase();
    const upper = encodeKey([{ Name: ['A', { Name: 'B' }] }], [1], { collate });
    expect(upper.equals(encodeKey([{ Name: ['a', { Name: 'b' }] }], [1], { collate }))).toBe(true);
    expect(upper.equals(encodeKey([{ name: ['a', { Name: 'b' }] }], [1], { collate }))).toBe(false);
  });

  test('longer than the limit are cut, stay apart and stay equal to themselves', () => {
    const long = (end: string): Buffer => encodeKey(['x'.repeat(3000) + end], [1]);
    const cut = limitKey(long('a'));
    expect(cut.truncated).toBe(true);
    expect(cut.key.length).toBeLessThanOrEqual(MAX_KEY_BYTES);
    expect(cut.key.equals(limitKey(long('a')).key)).toBe(true);
    expect(cut.key.equals(limitKey(long('b')).key)).toBe(false);
    const short = encodeKey([new ObjectId()], [1]);
    expect(limitKey(short)).toEqual({ key: short, truncated: false });
  });

  test('longer than the first buffer are encoded whole', () => {
    const key = encodeKey(['ü'.repeat(10_000), new ObjectId(), 5], [1, -1, 1]);
    expect(componentLength(key, 0, false)).toBe(20_003);
  });
});

test('the successor of bytes is above all that start with them and no more', () => {
  expect(successor(Buffer.from([1, 2]))).toEqual(Buffer.from([1, 3]));
  expect(successor(Buffer.from([1, 255, 255]))).toEqual(Buffer.from([2]));
  expect(Buffer.compare(successor(Buffer.from([255])), Buffer.from([255]))).toBe(1);
});
