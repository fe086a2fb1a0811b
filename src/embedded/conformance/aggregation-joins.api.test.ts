import { describe, expect, test } from '@jest/globals';
import type { Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

async function given(collections: Readonly<Record<string, readonly Document[]>>): Promise<void> {
  for (const [name, documents] of Object.entries(collections)) {
    await bench.db.collection(name).insertMany(documents.map((document) => ({ ...document })));
  }
}

const run = (name: string, ...stages: Document[]): Promise<Document[]> =>
  bench.db.collection(name).aggregate(stages).toArray();

const SHOP = {
  orders: [
    { _id: 1, sku: 'a', n: 2 },
    { _id: 2, sku: 'b', n: 1 },
    { _id: 3, sku: ['a', 'c'], n: 1 },
    { _id: 4, sku: null, n: 1 },
    { _id: 5, n: 1 },
    { _id: 6, sku: [], n: 1 },
  ],
  stock: [
    { _id: 10, sku: 'a', left: 5 },
    { _id: 11, sku: 'b', left: 0 },
    { _id: 12, sku: 'c', left: 7 },
    { _id: 13, sku: null, left: 1 },
    { _id: 14, left: 2 },
    { _id: 15, sku: ['b', 'z'], left: 3 },
  ],
};

const idsOf = (documents: unknown): number[] =>
  (documents as { _id: number }[]).map(({ _id }) => _id).sort((a, b) => a - b);

describe.each(['without an index', 'by an index'])('$lookup by fields, %s', (how) => {
  const joined = async (): Promise<Map<number, number[]>> => {
    await given(SHOP);
    if (how === 'by an index') await bench.db.collection('stock').createIndexes([{ key: { sku: 1 } }]);
    const stage = { $lookup: { from: 'stock', localField: 'sku', foreignField: 'sku', as: 'found' } };
    const documents = await run('orders', stage);
    return new Map(documents.map(({ _id, found }) => [_id as number, idsOf(found)]));
  };

  test('equal values meet, elements of arrays on either side too', async () => {
    const found = await joined();
    expect(found.get(1)).toEqual([10]);
    expect(found.get(2)).toEqual([11, 15]);
    expect(found.get(3)).toEqual([10, 12]);
  });

  test('null and missing meet null and missing', async () => {
    const found = await joined();
    expect(found.get(4)).toEqual([13, 14]);
    expect(found.get(5)).toEqual([13, 14]);
  });

  test('an empty array meets nothing', async () => {
    expect((await joined()).get(6)).toEqual([]);
  });
});

describe('$lookup by a pipeline', () => {
  test('sees the variables of let', async () => {
    await given(SHOP);
    const pipeline = [{ $match: { $expr: { $and: [{ $eq: ['$sku', '$$sku'] }, { $gte: ['$left', '$$n'] }] } } }];
    const stage = { $lookup: { from: 'stock', let: { sku: '$sku', n: '$n' }, pipeline, as: 'found' } };
    const found = await run('orders', { $match: { _id: { $lte: 2 } } }, stage);
    expect(found.map(({ found: documents }) => idsOf(documents))).toEqual([[10], []]);
  });

  test('gives the same with an index for the equality', async () => {
    await given(SHOP);
    await bench.db.collection('stock').createIndexes([{ key: { sku: 1 } }]);
    const pipeline = [{ $match: { $expr: { $eq: ['$sku', '$$sku'] } } }, { $project: { left: 1 } }];
    const stage = { $lookup: { from: 'stock', let: { sku: '$sku' }, pipeline, as: 'found' } };
    const [first, second] = await run('orders', { $sort: { _id: 1 } }, stage);
    expect(first?.found).toEqual([{ _id: 10, left: 5 }]);
    expect(idsOf(second?.found)).toEqual([11]);
  });

  test('joins fields and a pipeline', async () => {
    await given(SHOP);
    const pipeline = [{ $match: { left: { $gt: 0 } } }, { $project: { _id: 0, left: 1 } }];
    const stage = { $lookup: { from: 'stock', localField: 'sku', foreignField: 'sku', pipeline, as: 'found' } };
    expect((await run('orders', { $match: { _id: 2 } }, stage))[0]?.found).toEqual([{ left: 3 }]);
  });

  test('may stand in another, whose variables it sees', async () => {
    await given({ ...SHOP, shops: [{ _id: 1, name: 'x', sku: 'a' }] });
    const inner = {
      $lookup: {
        from: 'shops',
        let: { own: '$sku' },
        pipeline: [{ $match: { $expr: { $and: [{ $eq: ['$sku', '$$own'] }, { $eq: ['$$order', 1] }] } } }],
        as: 'shops',
      },
    };
    const stage = {
      $lookup: {
        from: 'stock',
        localField: 'sku',
        foreignField: 'sku',
        let: { order: '$_id' },
        pipeline: [inner],
        as: 'found',
      },
    };
    const documents = await run('orders', { $match: { _id: { $in: [1, 3] } } }, { $sort: { _id: 1 } }, stage);
    const shops = documents.map(({ found }) => (found as { shops: unknown[] }[]).map((stock) => stock.shops.length));
    expect(shops).toEqual([[1], [0, 0]]);
  });

  test('that depends on nothing gives all of them the same', async () => {
    await given(SHOP);
    const stage = { $lookup: { from: 'stock', pipeline: [{ $count: 'n' }], as: 'all' } };
    const found = await run('orders', stage);
    expect(found.every(({ all }) => (all as Document[])[0]?.n === 6)).toBe(true);
  });

  test('may bring its own documents', async () => {
    await given(SHOP);
    const stage = { $lookup: { pipeline: [{ $documents: [{ a: 1 }, { a: 2 }] }, { $match: { a: 2 } }], as: 'found' } };
    expect((await run('orders', { $limit: 1 }, stage))[0]?.found).toEqual([{ a: 2 }]);
  });
});

describe('$lookup elsewhere', () => {
  test('a collection that is not there gives empty arrays', async () => {
    await given(SHOP);
    const stage = { $lookup: { from: 'nowhere', localField: 'sku', foreignField: 'sku', as: 'found' } };
    expect((await run('orders', { $limit: 1 }, stage))[0]?.found).toEqual([]);
  });

  test('as may be a path, and what was there is replaced', async () => {
    await given(SHOP);
    const stage = { $lookup: { from: 'stock', localField: 'sku', foreignField: 'sku', as: 'in.stock' } };
    const [found] = await run('orders', { $match: { _id: 1 } }, { $set: { 'in.stock': 'old', 'in.other': 1 } }, stage);
    expect(found?.in).toEqual({ stock: [{ _id: 10, sku: 'a', left: 5 }], other: 1 });
  });

  test('views are looked into', async () => {
    await given(SHOP);
    await bench.db.createCollection('available', { viewOn: 'stock', pipeline: [{ $match: { left: { $gt: 0 } } }] });
    const stage = { $lookup: { from: 'available', localField: 'sku', foreignField: 'sku', as: 'found' } };
    expect(idsOf((await run('orders', { $match: { _id: 2 } }, stage))[0]?.found)).toEqual([15]);
  });
});

const PEOPLE = {
  people: [
    { _id: 1, name: 'Ann', boss: null },
    { _id: 2, name: 'Bob', boss: 'Ann' },
    { _id: 3, name: 'Cid', boss: 'Bob' },
    { _id: 4, name: 'Dot', boss: 'Cid' },
    { _id: 5, name: 'Eve', boss: 'Eve' },
  ],
};

describe('$graphLookup', () => {
  const bosses = (more: Document = {}): Document => ({
    $graphLookup: {
      from: 'people',
      startWith: '$boss',
      connectFromField: 'boss',
      connectToField: 'name',
      as: 'bosses',
      ...more,
    },
  });

  test('follows the links to their end', async () => {
    await given(PEOPLE);
    const found = await run('people', { $match: { name: 'Dot' } }, bosses());
    expect(idsOf(found[0]?.bosses)).toEqual([1, 2, 3]);
  });

  test('ends in a circle', async () => {
    await given(PEOPLE);
    expect(idsOf((await run('people', { $match: { name: 'Eve' } }, bosses()))[0]?.bosses)).toEqual([5]);
  });

  test('goes no deeper than asked, and tells how deep it is', async () => {
    await given(PEOPLE);
    const found = await run('people', { $match: { name: 'Dot' } }, bosses({ maxDepth: 1, depthField: 'depth' }));
    const depths = (found[0]?.bosses as { name: string; depth: number }[]).map(({ name, depth }) => [name, depth]);
    expect(depths.sort()).toEqual([
      ['Bob', 1],
      ['Cid', 0],
    ]);
  });

  test('only passes documents that match', async () => {
    await given(PEOPLE);
    const stage = bosses({ restrictSearchWithMatch: { name: { $ne: 'Bob' } } });
    expect(idsOf((await run('people', { $match: { name: 'Dot' } }, stage))[0]?.bosses)).toEqual([3]);
  });
});

describe('$unionWith', () => {
  test('puts the documents of another collection behind', async () => {
    await given({ a: [{ _id: 1 }], b: [{ _id: 2 }, { _id: 3 }] });
    expect(await run('a', { $unionWith: 'b' })).toEqual([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
    expect(await run('a', { $unionWith: { coll: 'b', pipeline: [{ $match: { _id: 3 } }] } }, { $count: 'n' })).toEqual([
      { n: 2 },
    ]);
  });

  test('of a collection that is not there adds nothing, to one that is not there everything', async () => {
    await given({ a: [{ _id: 1 }] });
    expect(await run('a', { $unionWith: 'nowhere' })).toEqual([{ _id: 1 }]);
    expect(await run('nowhere', { $unionWith: 'a' })).toEqual([{ _id: 1 }]);
  });

  test('must not write', async () => {
    await given({ a: [{ _id: 1 }] });
    await expect(run('a', { $unionWith: { coll: 'b', pipeline: [{ $out: 'c' }] } })).rejects.toEqual(refusal(31441));
  });
});

describe('$facet', () => {
  test('runs several pipelines over the same documents', async () => {
    await given(SHOP);
    const facets = {
      count: [{ $count: 'n' }],
      first: [{ $sort: { _id: 1 } }, { $limit: 1 }, { $project: { _id: 1 } }],
      none: [{ $match: { _id: 0 } }],
      bySku: [{ $unwind: '$sku' }, { $sortByCount: '$sku' }, { $limit: 1 }],
    };
    expect(await run('orders', { $facet: facets })).toEqual([
      { count: [{ n: 6 }], first: [{ _id: 1 }], none: [], bySku: [{ _id: 'a', count: 2 }] },
    ]);
  });

  test('of no documents is one document', async () => {
    expect(await run('nowhere', { $facet: { a: [{ $count: 'n' }], b: [] } })).toEqual([{ a: [], b: [] }]);
  });
});
