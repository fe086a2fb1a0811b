import { describe, expect, test } from '@jest/globals';
import * as bson from 'bson';
import * as fc from 'fast-check';
import { CommandError } from '../errors.ts';
import { typedDocuments } from '../../../tests/embedded/arbitrary-values.ts';
import {
  decode,
  decodeFields,
  decodeTyped,
  decodeValue,
  documentOf,
  encode,
  rawElements,
  rawField,
  rawValues,
  validateDocument,
  type Document,
} from './codec.ts';

const RUNS = { numRuns: 300 };

function codeOf(action: () => unknown): number | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof CommandError) return error.code;
    throw error;
  }
  return undefined;
}

function nested(levels: number): Document {
  let document: Document = {};
  for (let level = 0; level < levels; level++) document = { a: document };
  return document;
}

describe('documents', () => {
  test('keep every byte when decoded with their types and encoded again', () => {
    fc.assert(
      fc.property(typedDocuments, (document) => {
        const bytes = encode(document);
        validateDocument(bytes, 200);
        expect(encode(decodeTyped(bytes)).equals(bytes)).toBe(true);
      }),
      RUNS,
    );
  });

  test('keep every byte when taken apart into raw values and put together', () => {
    fc.assert(
      fc.property(typedDocuments, (document) => {
        const bytes = encode(document);
        expect(documentOf(rawValues(bytes)).equals(bytes)).toBe(true);
        for (const { name, type, bytes: value } of rawValues(bytes)) {
          expect(rawField(bytes, name)?.bytes.equals(value)).toBe(true);
          expect(
            encode({ v: decodeValue(type, value, true) })
              .subarray(7, -1)
              .equals(value),
          ).toBe(true);
        }
      }),
      RUNS,
    );
  });

  test('decode by parts to what they decode to as a whole', () => {
    fc.assert(
      fc.property(typedDocuments, (document) => {
        const bytes = encode(document);
        const whole = decode(bytes);
        for (const name of Object.keys(whole)) {
          const part = decodeFields(bytes, new Set([name]));
          expect(Object.keys(part)).toEqual([name]);
          expect(encode(part).equals(encode({ [name]: whole[name] }))).toBe(true);
        }
      }),
      RUNS,
    );
  });
});

describe('encoding', () => {
  test('gives the bytes that the bson package gives', () => {
    const document = {
      _id: new bson.ObjectId(),
      int: 1,
      negative: -2147483648,
      double: 1.5,
      large: 2147483648,
      zero: -0,
      long: bson.Long.fromString('9007199254740993'),
      big: 12345678901234567n,
      text: 'grüße, 世界, a longer one than the short path takes',
      date: new Date(-5),
      later: new Date(1.7e12),
      none: null,
      absent: undefined,
      list: [1, 'a', undefined, { b: [] }],
      binary: new bson.Binary(Buffer.from('abc'), 0),
      old: new bson.Binary(Buffer.from('abc'), 2),
      raw: Buffer.from('xyz'),
      uuid: new bson.UUID(),
      decimal: bson.Decimal128.fromString('1.10'),
      stamp: new bson.Timestamp({ t: 4000000000, i: 4000000001 }),
      regex: /a.b/im,
      wrapped: new bson.BSONRegExp('x', 'si'),
      code: new bson.Code('f()'),
      scoped: new bson.Code('f()', { a: 1 }),
      symbol: new bson.BSONSymbol('s'),
      min: new bson.MinKey(),
      max: new bson.MaxKey(),
      ref: new bson.DBRef('c', new bson.ObjectId(), 'd'),
      $set: { 'a.b': 1 },
    };
    expect(encode(document).toString('hex')).toBe(
      Buffer.from(bson.serialize(document, { ignoreUndefined: false })).toString('hex'),
    );
  });
});

describe('decoding', () => {
  test('to plain values makes int64 a number, an unsafe one a Long, a reference a document', () => {
    const id = new bson.ObjectId();
    const bytes = bson.serialize({
      small: bson.Long.fromNumber(7),
      unsafe: bson.Long.fromString('9007199254740993'),
      ref: { $ref: 'c', $id: id },
      regex: new bson.BSONRegExp('a/b', 'is'),
      extended: new bson.BSONRegExp('a b', 'x'),
      broken: new bson.BSONRegExp('(', ''),
    });
    const plain = decode(bytes);
    expect(plain.small).toBe(7);
    expect(plain.unsafe).toBeInstanceOf(bson.Long);
    expect(plain.ref).toEqual({ $ref: 'c', $id: id });
    expect(Object.getPrototypeOf(plain.ref)).toBe(Object.prototype);
    expect(plain.regex).toBeInstanceOf(RegExp);
    expect((plain.regex as RegExp).flags).toBe('is');
    expect(plain.extended).toBeInstanceOf(bson.BSONRegExp);
    expect(plain.broken).toBeInstanceOf(bson.BSONRegExp);
    const { regex, extended, broken } = plain;
    expect(rawField(encode({ regex, extended, broken }), 'regex')).toEqual(rawField(bytes, 'regex'));
  });

  test('of a field called __proto__ keeps it as an own field', () => {
    const bytes = encode(JSON.parse('{"__proto__":{"admin":true},"a":1}') as Document);
    const document = decode(bytes);
    expect(Object.keys(document)).toEqual(['__proto__', 'a']);
    expect(Object.getPrototypeOf(document)).toBe(Object.prototype);
    expect(encode(document).equals(bytes)).toBe(true);
  });

  test('leaves no memory shared with the bytes', () => {
    const bytes = encode({ binary: new bson.Binary(Buffer.from('abc')), decimal: bson.Decimal128.fromString('1') });
    const document = decode(bytes);
    const before = encode(document);
    bytes.fill(0);
    expect(encode(document).equals(before)).toBe(true);
  });

  test('and encoding documents larger than the first buffer keeps them whole', () => {
    const document = { list: Array.from({ length: 3000 }, (_, index) => ({ index, text: 'ü'.repeat(100) })) };
    expect(decode(encode(document))).toEqual(document);
  });

  test('is not needed to list elements with type, name and place', () => {
    expect(rawElements(encode({ a: 1, b: 'x' }))).toEqual([
      { type: 16, name: 'a', offset: 7, length: 4 },
      { type: 2, name: 'b', offset: 14, length: 6 },
    ]);
    expect(rawField(encode({ a: 1 }), 'b')).toBeUndefined();
  });
});

describe('hostile bytes', () => {
  test('nested deeper than 100 levels are refused with Overflow, at 100 they pass', () => {
    expect(
      codeOf(() => {
        validateDocument(encode(nested(100)));
      }),
    ).toBeUndefined();
    expect(
      codeOf(() => {
        validateDocument(encode(nested(101)));
      }),
    ).toBe(15);
    expect(codeOf(() => encode(nested(5000)))).toBe(15);
  });

  test.each([
    ['too short', '0400000000'],
    ['length beyond the end', 'ff00000000'],
    ['negative length', 'ffffffff00'],
    ['no closing zero', '0500000001'],
    ['unknown type', '080000002061000000'.slice(0, 16)],
    ['string length zero', '0d000000026100000000000000'.slice(0, 26)],
    ['string length beyond the end', '0e00000002610000010000780000'],
    ['name without end', '0800000010616161'],
    ['boolean of two', '0900000008610002' + '00'],
    ['nested length beyond the end', '0d000000036100ff0000000000'],
  ])('with %s are refused as invalid BSON', (_case, hex) => {
    expect(
      codeOf(() => {
        validateDocument(Buffer.from(hex, 'hex'));
      }),
    ).toBe(22);
  });

  test('that passed validation decode, all others fail with a code and nothing else', () => {
    const bytes = fc.tuple(typedDocuments, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }));
    fc.assert(
      fc.property(bytes, ([document, changes]) => {
        const mutated = encode(document);
        for (const [position, byte] of changes) mutated[position % mutated.length] = byte;
        if (
          codeOf(() => {
            validateDocument(mutated, 200);
          }) === undefined
        ) {
          decode(mutated);
          encode(decodeTyped(mutated));
        } else {
          codeOf(() => decode(mutated));
          codeOf(() => decodeFields(mutated, new Set(['a'])));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
