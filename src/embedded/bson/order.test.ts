import { describe, expect, test } from '@jest/globals';
import { Binary, BSONSymbol, Code, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import * as fc from 'fast-check';
import { anyValues, typedDocuments, typedNumbers } from '../../../tests/embedded/arbitrary-values.ts';
import { decode, decodeTyped, encode } from './codec.ts';
import { compareValues, equalValues, typeAlias, typeNumber } from './order.ts';
import { DBPointer } from './values.ts';

const RUNS = { numRuns: 500 };

interface Fraction {
  top: bigint;
  bottom: bigint;
}

function decimalFraction(text: string): Fraction {
  const [mantissa = '', power = '0'] = text.split('E');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const exponent = Number(power) - fraction.length;
  const digits = BigInt(whole + fraction);
  return exponent < 0
    ? { top: digits, bottom: 10n ** BigInt(-exponent) }
    : { top: digits * 10n ** BigInt(exponent), bottom: 1n };
}

/** The number as an exact fraction, or what is no fraction. */
function fractionOf(value: unknown): Fraction | number {
  if (value instanceof Long) return { top: value.toBigInt(), bottom: 1n };
  const text = String(value);
  if (value instanceof Decimal128 && !/NaN|Infinity/.test(text)) return decimalFraction(text);
  let scaled = Number(text);
  if (!Number.isFinite(scaled)) return scaled;
  let bottom = 1n;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    bottom *= 2n;
  }
  return { top: BigInt(scaled), bottom };
}

function exactOrder(a: unknown, b: unknown): number {
  const left = fractionOf(a);
  const right = fractionOf(b);
  if (typeof left === 'object' && typeof right === 'object') {
    const difference = left.top * right.bottom - right.top * left.bottom;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  const place = (value: typeof left): number => {
    if (typeof value === 'object') return 1;
    return Number.isNaN(value) ? -1 : value < 0 ? 0 : 2;
  };
  return Math.sign(place(left) - place(right));
}

describe('the order of values', () => {
  test('follows the canonical order of types', () => {
    const ascending = [
      new MinKey(),
      undefined,
      null,
      NaN,
      new Double(-Infinity),
      new Int32(-1),
      Decimal128.fromString('0.5'),
      1,
      new Long(2),
      '',
      new BSONSymbol('a'),
      'b',
      {},
      { a: 1 },
      [],
      [1],
      new Binary(Buffer.from('a')),
      new ObjectId(),
      false,
      true,
      new Date(0),
      new Timestamp({ t: 0, i: 1 }),
      /a/,
      new DBPointer('a', new ObjectId()),
      new Code('a'),
      new Code('a', {}),
      new MaxKey(),
    ];
    for (let index = 1; index < ascending.length; index++) {
      expect(compareValues(ascending[index - 1], ascending[index])).toBeLessThan(0);
      expect(compareValues(ascending[index], ascending[index - 1])).toBeGreaterThan(0);
    }
  });

  test('of numbers of all types is by exact value', () => {
    fc.assert(
      fc.property(typedNumbers, typedNumbers, (a, b) => {
        expect(Math.sign(compareValues(a, b))).toBe(exactOrder(a, b));
      }),
      { numRuns: 3000 },
    );
  });

  test('holds 2^53 + 1 as a Long apart from the doubles around it', () => {
    const long = Long.fromString('9007199254740993');
    expect(compareValues(long, 2 ** 53)).toBeGreaterThan(0);
    expect(compareValues(long, 2 ** 53 + 2)).toBeLessThan(0);
    expect(equalValues(long, Decimal128.fromString('9007199254740993.0'))).toBe(true);
    expect(equalValues(0.1, Decimal128.fromString('0.1'))).toBe(false);
  });
});

describe('the order of any values', () => {
  test('is antisymmetric, transitive and the same for both decoded forms', () => {
    fc.assert(
      fc.property(anyValues, anyValues, anyValues, (a, b, c) => {
        expect(Math.sign(compareValues(a, b))).toBe(0 - Math.sign(compareValues(b, a)));
        // Wrapped, because Array.sort puts undefined last without asking.
        const [x, y, z] = [[a], [b], [c]].sort(compareValues);
        expect(compareValues(x, y)).toBeLessThanOrEqual(0);
        expect(compareValues(y, z)).toBeLessThanOrEqual(0);
        expect(compareValues(x, z)).toBeLessThanOrEqual(0);
      }),
      RUNS,
    );
    fc.assert(
      fc.property(typedDocuments, (document) => {
        const bytes = encode(document);
        expect(compareValues(decode(bytes), decodeTyped(bytes))).toBe(0);
      }),
      RUNS,
    );
  });

  test('of strings is that of their UTF-8 bytes', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareValues(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      RUNS,
    );
    expect(compareValues('\u{1F600}', '\uFFFF')).toBeGreaterThan(0);
  });

  test('of documents is by type, then name, then value of each field', () => {
    expect(compareValues({ b: 1 }, { a: 'x' })).toBeLessThan(0);
    expect(compareValues({ a: 2 }, { b: 1 })).toBeLessThan(0);
    expect(compareValues({ a: 1 }, { a: 1, b: 1 })).toBeLessThan(0);
    expect(equalValues({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(false);
    expect(equalValues({ a: [1, { b: 2 }] }, { a: [new Long(1), { b: new Double(2) }] })).toBe(true);
  });
});

describe('the type of a value', () => {
  test.each([
    [1, 'int', 16],
    [2 ** 31, 'double', 1],
    [-0, 'double', 1],
    [new Long(1), 'long', 18],
    [1n, 'long', 18],
    [new Double(1), 'double', 1],
    [Decimal128.fromString('1'), 'decimal', 19],
    ['', 'string', 2],
    [{}, 'object', 3],
    [[], 'array', 4],
    [new Binary(Buffer.alloc(0)), 'binData', 5],
    [undefined, 'undefined', 6],
    [new ObjectId(), 'objectId', 7],
    [true, 'bool', 8],
    [new Date(), 'date', 9],
    [null, 'null', 10],
    [/a/, 'regex', 11],
    [new Code('a'), 'javascript', 13],
    [new Code('a', {}), 'javascriptWithScope', 15],
    [new Timestamp({ t: 1, i: 1 }), 'timestamp', 17],
    [new MinKey(), 'minKey', -1],
    [new MaxKey(), 'maxKey', 127],
    [{ _bsontype: 'ObjectId' }, 'object', 3],
  ])('of %p is %s', (value, alias, number) => {
    expect(typeAlias(value)).toBe(alias);
    expect(typeNumber(value)).toBe(number);
  });
});
