import { describe, expect, test } from '@jest/globals';
import type { Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

const over = (documents: readonly Document[], ...stages: Document[]): Promise<Document[]> =>
  bench.db.aggregate([{ $documents: documents }, ...stages]).toArray();

const day = (n: number): Date => new Date(Date.UTC(2024, 0, n));

const SALES: readonly Document[] = [
  { shop: 'a', day: 1, n: 4 },
  { shop: 'b', day: 1, n: 1 },
  { shop: 'a', day: 3, n: 2 },
  { shop: 'a', day: 2, n: 6 },
  { shop: 'b', day: 2, n: 3 },
];

/** The values of one output over the sales of shop "a", by day. */
async function column(output: Document, sales: readonly Document[] = SALES): Promise<unknown[]> {
  const stage = { $setWindowFields: { partitionBy: '$shop', sortBy: { day: 1 }, output: { value: output } } };
  return (await over(sales, stage)).filter(({ shop }) => shop === 'a').map(({ value }) => value as unknown);
}

const WINDOWS: readonly (readonly [what: string, output: Document, expected: readonly unknown[]])[] = [
  ['a running sum', { $sum: '$n', window: { documents: ['unbounded', 'current'] } }, [4, 10, 12]],
  ['a sum over the neighbours', { $sum: '$n', window: { documents: [-1, 1] } }, [10, 12, 8]],
  ['a sum over what follows', { $sum: '$n', window: { documents: [1, 'unbounded'] } }, [8, 2, 0]],
  ['a sum over the whole partition', { $sum: '$n' }, [12, 12, 12]],
  ['an average over a range of the sort', { $avg: '$n', window: { range: [-1, 0] } }, [4, 5, 4]],
  ['what was before', { $push: '$n', window: { documents: ['unbounded', -1] } }, [[], [4], [4, 6]]],
  ['the least of nothing', { $min: '$n', window: { documents: [-5, -4] } }, [null, null, null]],
  ['the first in the window', { $first: '$n', window: { documents: [-1, 0] } }, [4, 4, 6]],
  ['ranks', { $rank: {} }, [1, 2, 3]],
  ['dense ranks', { $denseRank: {} }, [1, 2, 3]],
  ['numbers of documents', { $documentNumber: {} }, [1, 2, 3]],
  ['the value before', { $shift: { output: '$n', by: -1, default: 'none' } }, ['none', 4, 6]],
  ['the value after', { $shift: { output: '$n', by: 1 } }, [6, 2, null]],
  ['a moving average', { $expMovingAvg: { input: '$n', alpha: 0.5 } }, [4, 5, 3.5]],
  ['a moving average of N', { $expMovingAvg: { input: '$n', N: 3 } }, [4, 5, 3.5]],
  ['a derivative', { $derivative: { input: '$n' }, window: { documents: [-1, 0] } }, [null, 2, -4]],
  ['an integral', { $integral: { input: '$n' }, window: { documents: ['unbounded', 'current'] } }, [0, 5, 9]],
  [
    'a covariance',
    { $covariancePop: ['$day', '$n'], window: { documents: ['unbounded', 'current'] } },
    [0, 0.5, -2 / 3],
  ],
];

describe('$setWindowFields', () => {
  test.each(WINDOWS)('gives %s', async (_what, output, expected) => {
    const found = await column(output);
    expect(found).toEqual(
      expected.map((value) => (typeof value === 'number' ? (expect.closeTo(value, 10) as unknown) : value)),
    );
  });

  test('ranks the same what is sorted the same', async () => {
    const documents = [1, 1, 2].map((n) => ({ n }));
    const output = { rank: { $rank: {} }, dense: { $denseRank: {} } };
    const found = await over(documents, { $setWindowFields: { sortBy: { n: 1 }, output } });
    expect(found.map(({ rank, dense }) => [rank, dense] as unknown)).toEqual([
      [1, 1],
      [1, 1],
      [3, 2],
    ]);
  });

  test('measures ranges of dates in units of time', async () => {
    const documents = [1, 2, 4].map((n) => ({ at: day(n), n }));
    const window = { range: [-1, 'current'], unit: 'day' };
    const stage = { $setWindowFields: { sortBy: { at: 1 }, output: { sum: { $sum: '$n', window } } } };
    expect((await over(documents, stage)).map(({ sum }) => sum as number)).toEqual([1, 3, 4]);
  });

  test('sets fields at paths and keeps the others', async () => {
    const stage = { $setWindowFields: { output: { 'a.sum': { $sum: '$a.n' } } } };
    expect(await over([{ a: { n: 1 } }, { a: { n: 2 } }], stage)).toEqual([
      { a: { n: 1, sum: 3 } },
      { a: { n: 2, sum: 3 } },
    ]);
  });

  test('a window whose end lies before its beginning is refused', async () => {
    const window = { documents: [1, -1] };
    await expect(column({ $sum: '$n', window })).rejects.toEqual(refusal(5339900));
  });
});

describe('$fill', () => {
  const GAPS = [{ at: 1, n: 10, s: 'x' }, { at: 2 }, { at: 3, s: 'y' }, { at: 4, n: 40 }];

  test('by a value', async () => {
    expect((await over(GAPS, { $fill: { output: { n: { value: 0 } } } })).map(({ n }) => n as number)).toEqual([
      10, 0, 0, 40,
    ]);
  });

  test('by what was last seen, or on a line between two', async () => {
    const stage = { $fill: { sortBy: { at: 1 }, output: { n: { method: 'linear' }, s: { method: 'locf' } } } };
    expect(await over(GAPS, stage)).toEqual([
      { at: 1, n: 10, s: 'x' },
      { at: 2, n: 20, s: 'x' },
      { at: 3, n: 30, s: 'y' },
      { at: 4, n: 40, s: 'y' },
    ]);
  });

  test('within partitions', async () => {
    const documents = [
      { k: 'a', at: 1, n: 1 },
      { k: 'b', at: 2 },
      { k: 'a', at: 3 },
    ];
    const stage = { $fill: { partitionByFields: ['k'], sortBy: { at: 1 }, output: { n: { method: 'locf' } } } };
    const found = await over(documents, stage, { $sort: { at: 1 } });
    expect(found.map(({ n }) => n as unknown)).toEqual([1, null, 1]);
  });
});

describe('$densify', () => {
  test('adds what is missing between the least and the greatest', async () => {
    const stage = { $densify: { field: 'n', range: { step: 2, bounds: 'full' } } };
    expect(await over([{ n: 0 }, { n: 5, a: 1 }, { n: 3 }], stage)).toEqual([
      { n: 0 },
      { n: 2 },
      { n: 3 },
      { n: 4 },
      { n: 5, a: 1 },
    ]);
  });

  test('within each partition, or over the range of all', async () => {
    const documents = [
      { k: 'a', n: 1 },
      { k: 'a', n: 3 },
      { k: 'b', n: 3 },
      { k: 'b', n: 4 },
    ];
    const within = (bounds: string): Document => ({
      $densify: { field: 'n', partitionByFields: ['k'], range: { step: 1, bounds } },
    });
    expect((await over(documents, within('partition'))).map(({ k, n }) => `${String(k)}${String(n)}`)).toEqual([
      'a1',
      'a2',
      'a3',
      'b3',
      'b4',
    ]);
    expect((await over(documents, within('full'))).map(({ k, n }) => `${String(k)}${String(n)}`)).toEqual([
      'a1',
      'a2',
      'a3',
      'a4',
      'b1',
      'b2',
      'b3',
      'b4',
    ]);
  });

  test('in a range that is given, its end left out, by units of time', async () => {
    const range = { step: 1, unit: 'day', bounds: [day(1), day(4)] };
    const found = await over([{ at: day(2), a: 1 }], { $densify: { field: 'at', range } });
    expect(found).toEqual([{ at: day(1) }, { at: day(2), a: 1 }, { at: day(3) }]);
  });

  test('leaves alone what has no value, and refuses what cannot be counted', async () => {
    const stage = { $densify: { field: 'n', range: { step: 1, bounds: 'full' } } };
    expect(await over([{ a: 1 }, { n: 1 }], stage)).toEqual([{ a: 1 }, { n: 1 }]);
    await expect(over([{ n: 'x' }], stage)).rejects.toEqual(refusal(5733201));
  });
});
