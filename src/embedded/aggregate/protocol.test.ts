import { describe, expect, test } from '@jest/globals';
import { encode } from '../bson/codec.ts';
import { joinDocuments, splitDocuments } from './protocol.ts';
import { resolveWorker } from './resolve-worker.ts';

test('documents joined for another thread come apart as they were', () => {
  const documents = [encode({}), encode({ a: 'x'.repeat(1_000) }), encode({ b: [1, 2] })];
  expect(splitDocuments(joinDocuments(documents))).toEqual(documents);
  expect(splitDocuments(joinDocuments([]))).toEqual([]);
});

describe('resolveWorker', () => {
  test.each([
    ['file:///app/src/pool.ts', 'file:///app/src/worker.ts'],
    ['file:///app/dist/pool.js', 'file:///app/dist/worker.js'],
  ])('beside %s, finds %s', (importer, file) => {
    expect(resolveWorker(importer, './worker').href).toBe(file);
  });
});
