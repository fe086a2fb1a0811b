import { describe, expect, test } from '@jest/globals';
import { Decimal128, Double, Int32, Long, ObjectId } from 'bson';
import { encode } from '../bson/codec.ts';
import { readDocument } from './read-document.ts';

describe('readDocument', () => {
  test('of numbers, keeps the class only where the type would be lost', () => {
    const bytes = encode({
      int: new Int32(1),
      whole: new Double(2),
      broken: 2.5,
      long: Long.fromNumber(3),
      list: [new Double(4), 5],
    });
    expect(readDocument(bytes)).toEqual({
      int: 1,
      whole: new Double(2),
      broken: 2.5,
      long: Long.fromNumber(3),
      list: [new Double(4), 5],
    });
  });

  test('of any document, gives what encodes to the same bytes', () => {
    const bytes = encode({
      a: { b: [new Double(1), { c: Long.MAX_VALUE }] },
      d: new Date(0),
      id: new ObjectId(),
      dec: Decimal128.fromString('1.0'),
      n: null,
      ['__proto__']: { x: new Int32(1) },
    });
    expect(encode(readDocument(bytes)).equals(bytes)).toBe(true);
  });
});
