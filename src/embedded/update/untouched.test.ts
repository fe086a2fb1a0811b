import { expect, test } from '@jest/globals';
import { Decimal128, Double, Int32, Long, ObjectId } from 'bson';
import fc from 'fast-check';
import type { Document } from '../bson/codec.ts';
import { apply, bytesOf } from './fixture.ts';

const name = fc.stringMatching(/^[a-h]{1,3}$/);

const scalar: fc.Arbitrary<unknown> = fc.oneof(
  fc.integer().map((value) => new Int32(value)),
  fc.double().map((value) => new Double(value)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => Long.fromBigInt(value)),
  fc.integer().map((value) => Decimal128.fromString(`${String(value)}E-2`)),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
);

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const document = fc.dictionary(name, value, { maxKeys: 8, noNullPrototype: true }) as fc.Arbitrary<Document>;

const operator = fc.constantFrom<(path: string, operand: unknown) => object>(
  (path, operand) => ({ $set: { [path]: operand } }),
  (path) => ({ $unset: { [path]: 1 } }),
  (path) => ({ $inc: { [path]: 1 } }),
  (path) => ({ $mul: { [path]: new Double(2) } }),
  (path, operand) => ({ $min: { [path]: operand } }),
  (path, operand) => ({ $push: { [path]: { $each: [operand], $position: 1 } } }),
  (path, operand) => ({ $addToSet: { [path]: operand } }),
  (path) => ({ $pop: { [path]: 1 } }),
  (path) => ({ $rename: { [path]: 'renamed' } }),
);

const path = fc.array(fc.oneof(name, fc.constantFrom('0', '1')), { minLength: 0, maxLength: 2 });

function rawFields(fields: Document, except: ReadonlySet<string>): string[] {
  return Object.keys(fields)
    .filter((field) => !except.has(field))
    .map((field) => `${field}:${bytesOf({ value: fields[field] })}`);
}

test('an update leaves the bytes and the order of all other top-level fields, and says whether it changed any', () => {
  const run = fc.property(document, name, path, operator, value, (before, field, rest, build, operand) => {
    let after: { document: Document; modified: boolean };
    try {
      after = apply(before, build([field, ...rest].join('.'), operand));
    } catch (error) {
      expect(error).toHaveProperty('code');
      return;
    }
    const touched = new Set([field, 'renamed']);
    expect(rawFields(after.document, touched)).toEqual(rawFields(before, touched));
    expect(after.modified).toBe(bytesOf(after.document) !== bytesOf(before));
  });
  fc.assert(run, { numRuns: 2000 });
});
