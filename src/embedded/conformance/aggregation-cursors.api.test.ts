import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Db, Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

interface Numbered {
  readonly _id: number;
  readonly [field: string]: unknown;
}

/** More than are read on the main thread, whether or not another thread runs already. */
const MANY = 12_000;

async function given(count: number, db: Db = bench.db): Promise<void> {
  const documents = Array.from({ length: count }, (_, n) => ({
    _id: n,
    k: n % 7,
    n,
    tags: [`t${String(n % 3)}`, 'all'],
  }));
  await db.collection<Numbered>('many').insertMany(documents);
}

/** For tests that only read, the documents once for all of them. */
function givenOnce(count: number): void {
  let shared: Db;
  let ofTest: Db;
  beforeAll(async () => {
    shared = bench.client.db(`conformance_${randomBytes(6).toString('hex')}`);
    await given(count, shared);
  });
  beforeEach(() => {
    ofTest = bench.db;
    bench.db = shared;
  });
  afterEach(() => {
    bench.db = ofTest;
  });
  afterAll(() => shared.dropDatabase());
}

const run = (...stages: Document[]): Promise<Document[]> => bench.db.collection('many').aggregate(stages).toArray();

interface Reply {
  readonly cursor: { readonly id: unknown; readonly firstBatch: Document[]; readonly nextBatch: Document[] };
}

const command = async (body: Document): Promise<Reply['cursor']> =>
  ((await bench.db.command(body)) as unknown as Reply).cursor;

/** Pipelines whose results do not depend on where they run. */
const PIPELINES: Readonly<Record<string, readonly Document[]>> = {
  grouped: [{ $group: { _id: '$k', sum: { $sum: '$n' }, avg: { $avg: '$n' } } }, { $sort: { _id: 1 } }],
  unwound: [{ $unwind: '$tags' }, { $sortByCount: '$tags' }],
  computed: [{ $project: { m: { $mod: ['$n', 3] } } }, { $match: { m: 1 } }, { $sort: { _id: -1 } }, { $limit: 5 }],
  faceted: [{ $facet: { count: [{ $count: 'n' }], top: [{ $sort: { n: -1 } }, { $limit: 2 }] } }],
  ranked: [
    { $setWindowFields: { partitionBy: '$k', sortBy: { n: -1 }, output: { rank: { $rank: {} } } } },
    { $match: { rank: 1 } },
  ],
  joined: [
    { $lookup: { from: 'many', localField: 'k', foreignField: '_id', as: 'same' } },
    { $group: { _id: { $first: '$same.n' }, count: { $sum: 1 } } },
    { $sort: { _id: 1 } },
  ],
};

describe('results are the same from a thread of their own and in a transaction', () => {
  givenOnce(MANY);

  test.each(Object.entries(PIPELINES))('%s', async (_name, stages) => {
    const session = bench.client.startSession();
    const inside = await session.withTransaction(() =>
      bench.db
        .collection('many')
        .aggregate([...stages], { session })
        .toArray(),
    );
    await session.endSession();
    expect(await run(...stages)).toEqual(inside);
  });
});

describe('results', () => {
  test('of a transaction hold what it has written itself', async () => {
    await given(10);
    const session = bench.client.startSession();
    await session.withTransaction(async () => {
      await bench.db.collection<Numbered>('many').insertOne({ _id: 99, k: 1, n: 1_000 }, { session });
      const [max] = await bench.db
        .collection('many')
        .aggregate([{ $group: { _id: null, n: { $max: '$n' } } }], { session })
        .toArray();
      expect(max?.n).toBe(1_000);
      const [outside] = await run({ $group: { _id: null, n: { $max: '$n' } } });
      expect(outside?.n).toBe(9);
    });
    await session.endSession();
  });

  test('know of collections, indexes and documents made just before', async () => {
    await given(MANY);
    expect((await run({ $group: { _id: null, n: { $sum: '$n' } } }))[0]?.n).toBe((MANY * (MANY - 1)) / 2);
    await bench.db.collection('many').createIndexes([{ key: { k: 1 } }]);
    await bench.db.collection<Numbered>('many').insertOne({ _id: -1, k: 100, n: 5 });
    expect(await run({ $match: { k: 100 } }, { $group: { _id: '$k', n: { $sum: '$n' } } })).toEqual([
      { _id: 100, n: 5 },
    ]);
    await bench.db.collection('many').rename('few');
    expect(await run({ $group: { _id: null } })).toEqual([]);
    expect(
      await bench.db
        .collection('few')
        .aggregate([{ $group: { _id: '$k' } }])
        .toArray(),
    ).toHaveLength(8);
  });
});

describe.each(['few', 'many'])('cursors over %s documents', (size) => {
  const total = size === 'few' ? 300 : MANY;
  givenOnce(total);

  test('give their first batch as long as asked for', async () => {
    const body = { aggregate: 'many', pipeline: [{ $set: { a: 1 } }], cursor: { batchSize: 3 } };
    const { id, firstBatch } = await command(body);
    expect(firstBatch).toHaveLength(3);
    const { nextBatch } = await command({ getMore: id, collection: 'many', batchSize: 2 });
    expect(nextBatch.map(({ _id }) => _id as number)).toEqual([3, 4]);
    await bench.db.command({ killCursors: 'many', cursors: [id] });
    await expect(command({ getMore: id, collection: 'many' })).rejects.toEqual(refusal(43));
  });

  test('begin with 101 documents, or with none', async () => {
    const first = async (cursor: Document): Promise<number> => {
      const { id, firstBatch } = await command({ aggregate: 'many', pipeline: [{ $set: { a: 1 } }], cursor });
      await bench.db.command({ killCursors: 'many', cursors: [id] });
      return firstBatch.length;
    };
    expect(await first({})).toBe(101);
    expect(await first({ batchSize: 0 })).toBe(0);
  });

  test('give every document once', async () => {
    const ids = new Set<number>();
    for await (const { _id } of bench.db
      .collection('many')
      .aggregate<{ _id: number }>([{ $set: { a: 1 } }], { batchSize: 97 }))
      ids.add(_id);
    expect(ids.size).toBe(total);
  });

  test('fail as the pipeline does', async () => {
    await expect(run({ $group: { _id: null, n: { $sum: { $divide: [1, '$k'] } } } })).rejects.toEqual(refusal(2));
  });
});

describe('long batches', () => {
  test('end before they are longer than a message', async () => {
    await bench.db
      .collection<Numbered>('many')
      .insertMany(Array.from({ length: 30 }, (_, n) => ({ _id: n, pad: 'x'.repeat(1_000_000) })));
    const body = { aggregate: 'many', pipeline: [{ $set: { a: 1 } }], cursor: { batchSize: 100 } };
    const { id, firstBatch } = await command(body);
    expect(firstBatch.length).toBeLessThan(17);
    const { nextBatch } = await command({ getMore: id, collection: 'many' });
    expect(firstBatch.length + nextBatch.length).toBe(30);
  });

  test('a result that no document could hold is refused', async () => {
    await bench.db
      .collection<Numbered>('many')
      .insertMany(Array.from({ length: 20 }, (_, n) => ({ _id: n, pad: 'x'.repeat(1_000_000) })));
    await expect(run({ $group: { _id: null, all: { $push: '$pad' } } })).rejects.toEqual(refusal(10334));
  });
});

describe('time', () => {
  const slow: readonly Document[] = [
    {
      $lookup: {
        from: 'many',
        let: { n: '$n' },
        pipeline: [{ $match: { $expr: { $gt: ['$n', '$$n'] } } }, { $count: 'n' }],
        as: 'more',
      },
    },
    { $group: { _id: null, n: { $sum: 1 } } },
  ];

  test('maxTimeMS ends an aggregation', async () => {
    await given(MANY);
    const started = performance.now();
    const late = bench.db
      .collection('many')
      .aggregate([...slow], { maxTimeMS: 100 })
      .toArray();
    await expect(late).rejects.toEqual(refusal(50));
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  test('killOp ends one, and the next is answered', async () => {
    await given(MANY);
    const admin = bench.client.db('admin');
    const running = run(...slow).catch((error: unknown) => error);
    const mine = { 'command.aggregate': 'many' };
    let found: Document | undefined;
    while (found === undefined) [found] = await admin.aggregate([{ $currentOp: {} }, { $match: mine }]).toArray();
    await admin.command({ killOp: 1, op: found.opid as number });
    expect(await running).toEqual(refusal(11601));
    expect(await run({ $group: { _id: null, n: { $sum: 1 } } })).toEqual([{ _id: null, n: MANY }]);
  });

  test('killOp ends even what never pauses', async () => {
    await given(MANY);
    await run({ $group: { _id: '$k', n: { $sum: '$n' } } });
    const endless = {
      $reduce: {
        input: { $range: [0, 2_000_000] },
        initialValue: 0,
        in: { $add: ['$$value', { $sum: { $range: [0, 1_000] } }] },
      },
    };
    const late = bench.db
      .collection('many')
      .aggregate([{ $group: { _id: { $add: ['$n', endless] } } }], { maxTimeMS: 200 });
    await expect(late.toArray()).rejects.toEqual(refusal(50));
    const [grouped] = await run({ $group: { _id: null, n: { $sum: '$n' } } });
    expect(grouped?.n).toBe((MANY * (MANY - 1)) / 2);
  });
});

describe('other reads', () => {
  test('a point read does not wait for an aggregation over everything', async () => {
    await given(MANY);
    const running = { is: true };
    const all = run({ $unwind: '$tags' }, { $group: { _id: '$n' } }, { $count: 'n' }).finally(() => {
      running.is = false;
    });
    let answered = 0;
    while (running.is) {
      await bench.db.collection<Numbered>('many').findOne({ _id: 7 });
      answered += 1;
    }
    expect(await all).toEqual([{ n: MANY }]);
    // One that waited would be the only one.
    expect(answered).toBeGreaterThan(3);
  });
});
