import { describe } from '@jest/globals';
import { Decimal128 } from 'bson';
import { testUpdates } from './cases.ts';
import type { UpdateCase } from './cases.ts';
import { double, long } from './fixture.ts';

const decimal = (text: string): Decimal128 => Decimal128.fromString(text);

const cases: readonly UpdateCase[] = [
  { name: 'int + int stays int', before: { a: 1 }, update: { $inc: { a: 2 } }, after: { a: 3 } },
  {
    name: 'int + int that overflows becomes long',
    before: { a: 2147483647 },
    update: { $inc: { a: 1 } },
    after: { a: long(2147483648) },
  },
  { name: 'int + long becomes long', before: { a: 1 }, update: { $inc: { a: long(1) } }, after: { a: long(2) } },
  {
    name: 'long + int stays exact',
    before: { a: long(9007199254740993n) },
    update: { $inc: { a: 1 } },
    after: { a: long(9007199254740994n) },
  },
  {
    name: 'int + double becomes double',
    before: { a: 1 },
    update: { $inc: { a: double(1) } },
    after: { a: double(2) },
  },
  {
    name: 'double + int stays double',
    before: { a: double(5) },
    update: { $inc: { a: 1 } },
    after: { a: double(6) },
  },
  { name: '+ 0 of the same type is a no-op', before: { a: 5, b: double(1) }, update: { $inc: { a: 0, b: 0 } } },
  {
    name: '+ 0 of a wider type modifies',
    before: { a: 5 },
    update: { $inc: { a: double(0) } },
    after: { a: double(5) },
  },
  { name: '$inc creates', before: {}, update: { $inc: { 'a.b': long(2) } }, after: { a: { b: long(2) } } },
  {
    name: 'decimals add exactly',
    before: { a: decimal('0.1') },
    update: { $inc: { a: decimal('0.2') } },
    after: { a: decimal('0.3') },
  },
  {
    name: 'decimal + int stays decimal',
    before: { a: decimal('1.50') },
    update: { $inc: { a: 1 } },
    after: { a: decimal('2.50') },
  },
  {
    name: 'int + decimal becomes decimal',
    before: { a: 1 },
    update: { $inc: { a: decimal('-2') } },
    after: { a: decimal('-1') },
  },
  {
    name: 'decimals round to 34 digits',
    before: { a: decimal('9999999999999999999999999999999999') },
    update: { $inc: { a: decimal('0.6') } },
    after: { a: decimal('1.000000000000000000000000000000000E+34') },
  },
  {
    name: 'decimal infinities cancel to NaN',
    before: { a: decimal('Infinity') },
    update: { $inc: { a: decimal('-Infinity') } },
    after: { a: decimal('NaN') },
  },
  { name: 'int * int stays int', before: { a: 3 }, update: { $mul: { a: -2 } }, after: { a: -6 } },
  {
    name: 'int * int that overflows becomes long',
    before: { a: 2147483647 },
    update: { $mul: { a: 2 } },
    after: { a: long(4294967294) },
  },
  { name: 'zero times a negative int is an int', before: { a: 0 }, update: { $mul: { a: -2 } } },
  {
    name: '$mul creates zero of its type',
    before: {},
    update: { $mul: { a: double(5), b: long(5), c: 5 } },
    after: { a: double(0), b: long(0), c: 0 },
  },
  {
    name: 'decimals multiply',
    before: { a: decimal('1.1') },
    update: { $mul: { a: decimal('1.1') } },
    after: { a: decimal('1.21') },
  },
  {
    name: '$bit and, or, xor',
    before: { a: 13, b: 3, c: 1 },
    update: { $bit: { a: { and: 10 }, b: { or: 5 }, c: { xor: 5 } } },
    after: { a: 8, b: 7, c: 4 },
  },
  {
    name: '$bit with a long gives a long',
    before: { a: 1 },
    update: { $bit: { a: { or: long(2) } } },
    after: { a: long(3) },
  },
  { name: '$bit creates from 0', before: {}, update: { $bit: { a: { or: 5 } } }, after: { a: 5 } },
  { name: '$bit that changes nothing is a no-op', before: { a: 1 }, update: { $bit: { a: { or: 1 } } } },
];

describe('$inc, $mul, $bit', () => {
  testUpdates(cases);
});
