import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import * as fc from 'fast-check';
import { DBPointer } from '../../src/embedded/bson/values.ts';

const text = fc.oneof(
  fc.constantFrom('', 'a', 'ab', 'a\0', 'a\0b', 'é', '\u{1F600}', '\uFFFF', '\uE000'),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

// No integer-like names: JavaScript objects put those first.
const name = fc
  .oneof(fc.constantFrom('a', 'b', '$ref', '$id', 'a.b', '__proto__', '_bsontype', 'constructor', ''), text)
  .map((value) => value.replaceAll('\0', ''))
  .filter((value) => !/^\d+$/.test(value));

const integer = fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31)));
const double = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, 1, -1, 0.1, 1.5, 2 ** 53, -(2 ** 53), 2 ** 63, -(2 ** 63), NaN, Infinity, -Infinity, 5e-324),
);
const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, 1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 62n + 1n),
);
const decimal = fc.oneof(
  fc.constantFrom(
    '0',
    '-0',
    '1',
    '1.0',
    '0.1',
    '9007199254740993',
    '9223372036854775807',
    'NaN',
    'Infinity',
    '-Infinity',
  ),
  fc.constantFrom('1E+6000', '-1E+6000', '1E-6000', '-1E-6000', '1.5', '0.1000000000000000055511151231257827'),
  fc
    .tuple(fc.bigInt({ min: -(10n ** 34n) + 1n, max: 10n ** 34n - 1n }), fc.integer({ min: -400, max: 400 }))
    .map(([digits, exponent]) => `${String(digits)}E${String(exponent)}`),
);

/** Numbers of all types, many of them close to or equal to each other. */
export const typedNumbers: fc.Arbitrary<unknown> = fc.oneof(
  integer.map((value) => new Int32(value)),
  double.map((value) => new Double(value)),
  long.map((value) => Long.fromBigInt(value)),
  decimal.map((value) => Decimal128.fromString(value)),
);

const bytes = fc.uint8Array({ maxLength: 20 });
const objectId = fc.uint8Array({ minLength: 12, maxLength: 12 }).map((value) => new ObjectId(value));
const uint32 = fc.nat({ max: 0xffffffff });

const scalars: fc.Arbitrary<unknown> = fc.oneof(
  typedNumbers,
  text,
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  objectId,
  fc.tuple(bytes, fc.constantFrom(0, 2, 3, 4, 5, 128)).map(([value, subtype]) => new Binary(value, subtype)),
  fc.tuple(uint32, uint32).map(([t, i]) => new Timestamp({ t, i })),
  fc.tuple(name, fc.constantFrom('', 'i', 'im', 'x')).map(([pattern, options]) => new BSONRegExp(pattern, options)),
  text.map((value) => new BSONSymbol(value)),
  text.map((value) => new Code(value)),
  fc.tuple(text, objectId).map(([collection, id]) => new DBPointer(collection, id)),
  fc.constantFrom(new MinKey(), new MaxKey()),
);

const plainScalars = fc.oneof(integer, double, fc.constantFrom(undefined, /a/i, /b/s), scalars);

function nestedOf(leaf: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      objectOf(tie('value')),
      fc.tuple(text, objectOf(tie('value'))).map(([code, scope]) => new Code(code, scope)),
    ),
  }));
  return value;
}

function objectOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .uniqueArray(fc.tuple(name, value), { maxLength: 4, selector: ([key]) => key })
    .map((entries) => Object.fromEntries(entries));
}

/** Values as `decodeTyped` gives them. */
export const typedValues: fc.Arbitrary<unknown> = nestedOf(scalars);

/** Values of both forms, mixed. */
export const anyValues: fc.Arbitrary<unknown> = nestedOf(plainScalars);

/** Documents as `decodeTyped` gives them. */
export const typedDocuments: fc.Arbitrary<Record<string, unknown>> = objectOf(typedValues);
