import { describe, expect, test } from '@jest/globals';
import { CommandError } from '../errors.ts';
import type { Document } from './codec.ts';
import { indexKeys, valuesAt } from './paths.ts';

function codeOf(action: () => unknown): number | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof CommandError) return error.code;
    throw error;
  }
  return undefined;
}

type Case = [document: Document, paths: string[], tuples: unknown[][], arrayPaths?: string[]];

const CASES: Case[] = [
  [{ a: 1, b: 'x' }, ['a', 'b'], [[1, 'x']]],
  [{ a: 1 }, ['a', 'b'], [[1, null]]],
  [{ a: { b: { c: 5 } } }, ['a.b.c'], [[5]]],
  [{ a: 5 }, ['a.b'], [[null]]],
  [{}, ['constructor'], [[null]]],
  [{ a: [1, 2, 1] }, ['a'], [[1], [2]], ['a']],
  [{ a: [] }, ['a'], [[undefined]], ['a']],
  [{ a: [] }, ['a.b'], [[null]], ['a']],
  [{ a: [[1, 2], 3] }, ['a'], [[[1, 2]], [3]], ['a']],
  [{ a: [{ b: 1 }, { b: 2 }, { c: 3 }] }, ['a.b'], [[1], [2], [null]], ['a']],
  [{ a: [{ b: 1 }, 5] }, ['a.b'], [[1], [null]], ['a']],
  [{ a: [[{ b: 1 }]] }, ['a.b'], [[null]], ['a']],
  [{ a: [{ b: [1, 2] }, { b: [3] }] }, ['a.b'], [[1], [2], [3]], ['a', 'a.b']],
  [
    { a: [{ b: 1, c: 2 }, { b: 3 }] },
    ['a.b', 'a.c'],
    [
      [1, 2],
      [3, null],
    ],
    ['a'],
  ],
  [
    { a: [1, 2], b: 7 },
    ['b', 'a'],
    [
      [7, 1],
      [7, 2],
    ],
    ['a'],
  ],
  [
    { a: [{ b: 1 }, { b: 2 }] },
    ['a', 'a.b'],
    [
      [{ b: 1 }, 1],
      [{ b: 2 }, 2],
    ],
    ['a'],
  ],
  [{ a: [5, 6] }, ['a.0'], [[5]], ['a']],
  [{ a: [{ b: 1 }, { b: 2 }] }, ['a.0.b'], [[1]], ['a']],
  [
    { a: [{ b: 1 }, { b: 2 }] },
    ['a.1.b', 'a.b'],
    [
      [2, 1],
      [2, 2],
    ],
    ['a'],
  ],
  [{ a: [[1, 2]] }, ['a.0'], [[1], [2]], ['a', 'a.0']],
  [{ a: [1] }, ['a.3'], [[null]], ['a']],
  [{ a: { 0: 'x' } }, ['a.0'], [['x']]],
  [{ a: [{ 3: 'x' }] }, ['a.3'], [['x']], ['a']],
];

describe('the index keys of a document', () => {
  test.each(CASES)('%j on %j are %j', (document, paths, tuples, arrayPaths = []) => {
    const keys = indexKeys(document, paths);
    expect(keys.tuples).toEqual(tuples);
    expect(keys.arrayPaths).toEqual(arrayPaths);
  });

  test('with two parallel arrays are refused by name', () => {
    expect(codeOf(() => indexKeys({ a: [1], b: [2] }, ['a', 'b']))).toBe(171);
    expect(() => indexKeys({ a: [1], b: [2] }, ['a', 'b'])).toThrow('cannot index parallel arrays [b] [a]');
    expect(codeOf(() => indexKeys({ a: [{ b: [1], c: [2] }] }, ['a.b', 'a.c']))).toBe(171);
  });

  test('with a number that is both an offset and a field are refused', () => {
    expect(codeOf(() => indexKeys({ a: [{ 0: 1 }] }, ['a.0']))).toBe(16746);
  });

  test('are missing only where all fields are', () => {
    expect(indexKeys({ c: 1 }, ['a', 'b']).missing).toBe(true);
    expect(indexKeys({ a: null }, ['a', 'b']).missing).toBe(false);
    expect(indexKeys({ a: [{ c: 1 }] }, ['a.b']).missing).toBe(true);
    expect(indexKeys({ a: [] }, ['a']).missing).toBe(false);
  });

  test('leave out the elements without the field where the index is sparse', () => {
    expect(indexKeys({ a: [{ b: 1 }, { c: 1 }] }, ['a.b'], true).tuples).toEqual([[1]]);
  });
});

describe('the values at a path', () => {
  test.each<[Document, string, unknown[]]>([
    [{ a: 1 }, 'a', [1]],
    [{ a: 1 }, 'b', []],
    [{ a: [1, 2] }, 'a', [1, 2, [1, 2]]],
    [{ a: [{ b: 1 }, { b: [2] }, 3] }, 'a.b', [1, 2, [2]]],
    [{ a: [[1, 2], 3] }, 'a.0', [[1, 2]]],
    [{ a: [{ b: 1 }, { b: 2 }] }, 'a.1.b', [2]],
    [{ a: { b: null } }, 'a.b', [null]],
  ])('%j at %s are %j', (document, path, values) => {
    expect(valuesAt(document, path)).toEqual(values);
  });
});
