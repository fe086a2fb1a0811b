import { describe, expect, test } from '@jest/globals';
import type { Collection, Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase({ ttlIntervalMs: 200 });

const createIndexes = (...indexes: Document[]): Promise<Document> =>
  bench.db.command({ createIndexes: 'orders', indexes });

const orders = (): Collection => bench.db.collection('orders');

const isSound = async (): Promise<boolean> =>
  (await bench.db.command({ validate: 'orders', full: true })).valid as boolean;

/** Tells whether a promise has settled. */
function ended(work: Promise<unknown>): () => boolean {
  const state = { isEnded: false };
  const settle = (): void => {
    state.isEnded = true;
  };
  work.then(settle, settle);
  return () => state.isEnded;
}

describe('a build', () => {
  test('documents that share a unique key end it with DuplicateKey, and no index stays', async () => {
    await orders().insertMany([{ a: 1 }, { a: 2 }, { a: 1 }]);
    await expect(
      createIndexes({ key: { b: 1 }, name: 'b' }, { key: { a: 1 }, name: 'a', unique: true }),
    ).rejects.toEqual(
      expect.objectContaining({
        code: 11000,
        keyPattern: { a: 1 },
        keyValue: { a: 1 },
        message: expect.stringMatching(
          /E11000 duplicate key error collection: .*\.orders index: a dup key: \{ a: 1 \}/,
        ) as unknown,
      }),
    );
    expect(await orders().indexes()).toHaveLength(1);
    await orders().deleteOne({ a: 1 });
    await createIndexes({ key: { a: 1 }, name: 'a', unique: true });
    await expect(orders().insertOne({ a: 2 })).rejects.toEqual(refusal(11000));
  });

  test('arrays that cannot be indexed together end it', async () => {
    await orders().insertOne({ a: [1, 2], b: [1, 2] });
    await expect(createIndexes({ key: { a: 1, b: 1 }, name: 'ab' })).rejects.toEqual(refusal(171));
    expect(await orders().indexes()).toHaveLength(1);
  });
});

describe('a build among other commands', () => {
  test('writes that come while it runs are in the index too', async () => {
    const total = 6_000;
    await orders().insertMany(
      Array.from({ length: total }, (_, n) => ({ _id: n as never, a: n, text: 'x'.repeat(200) })),
    );
    const build = createIndexes({ key: { a: 1 }, name: 'a' }, { key: { a: -1, text: 1 }, name: 'u', unique: true });
    const isBuilt = ended(build);
    let next = total;
    while (!isBuilt()) {
      await Promise.all([
        orders().insertOne({ _id: next as never, a: next }),
        orders().updateOne({ _id: ((next * 7) % total) as never }, { $set: { a: next + 1_000_000 } }),
        orders().deleteOne({ _id: ((next * 13) % total) as never }),
      ]);
      next += 1;
    }
    await build;
    expect(await isSound()).toBe(true);
    const scanned = await orders().find().hint({ $natural: 1 }).toArray();
    expect(
      await orders()
        .find({ a: { $gte: 0 } })
        .hint('a')
        .toArray(),
    ).toHaveLength(scanned.length);
  });
});

describe('a build among builds, drops and transactions', () => {
  test('the same index asked for twice at once is built once', async () => {
    await orders().insertMany(Array.from({ length: 2_000 }, (_, n) => ({ a: n })));
    const index = { key: { a: 1 }, name: 'a' };
    await Promise.all([createIndexes(index), createIndexes(index), createIndexes(index)]);
    expect(await orders().indexes()).toHaveLength(2);
    expect(await isSound()).toBe(true);
  });

  test('a collection that is dropped meanwhile ends it with an error', async () => {
    await orders().insertMany(Array.from({ length: 5_000 }, (_, n) => ({ a: n, text: 'x'.repeat(100) })));
    const build = createIndexes({ key: { a: 1 }, name: 'a' }).catch((error: unknown) => error);
    await orders().drop();
    const result = await build;
    // The build may have been the faster of the two.
    if (result instanceof Error) expect(result).toEqual(refusal(276));
    expect(await bench.db.listCollections().toArray()).toEqual([]);
  });

  test('what a transaction wrote before is in the index after its commit', async () => {
    await orders().insertMany([{ a: 1 }, { a: 2 }]);
    const session = bench.client.startSession();
    session.startTransaction();
    await orders().insertOne({ a: 3 }, { session });
    await orders().updateOne({ a: 1 }, { $set: { a: 10 } }, { session });
    const build = createIndexes({ key: { a: 1 }, name: 'a' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await session.commitTransaction();
    await session.endSession();
    await build;
    expect(await isSound()).toBe(true);
    expect(
      await orders()
        .find({ a: { $gte: 3 } })
        .hint('a')
        .toArray(),
    ).toHaveLength(2);
  });

  test('a transaction elsewhere does not keep an empty collection from its index', async () => {
    const other = await bench.db.createCollection('other');
    const session = bench.client.startSession();
    session.startTransaction();
    await other.insertOne({ a: 3 }, { session });
    await createIndexes({ key: { a: 1 }, name: 'a' });
    await session.commitTransaction();
    await session.endSession();
    expect(await orders().indexes()).toHaveLength(2);
  });
});

describe('a long build', () => {
  test('100,000 documents take seconds, and others get their answers meanwhile', async () => {
    const batch = (start: number): Document[] =>
      Array.from({ length: 10_000 }, (_, n) => ({ a: (start + n) % 1_000, b: start + n, text: 'x'.repeat(100) }));
    for (let start = 0; start < 100_000; start += 10_000) await orders().insertMany(batch(start));
    const started = performance.now();
    const build = createIndexes({ key: { a: 1, b: 1 }, name: 'ab' });
    const isBuilt = ended(build);
    const waits: number[] = [];
    while (!isBuilt()) {
      const asked = performance.now();
      await bench.db.command({ ping: 1 });
      waits.push(performance.now() - asked);
    }
    await build;
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(waits.sort((a, b) => a - b)[Math.floor(waits.length * 0.9)]).toBeLessThan(100);
    expect(await orders().find({ a: 7 }).hint('ab').toArray()).toHaveLength(100);
  }, 60_000);
});

describe('TTL', () => {
  const ago = (seconds: number): Date => new Date(Date.now() - seconds * 1_000);

  /** A real server looks once a minute, which is too long to wait for. */
  const swept = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 700));
  };

  test('documents go when their time is over, by their earliest date', async () => {
    if (bench.isReal) return;
    await createIndexes({ key: { at: 1 }, name: 'at', expireAfterSeconds: 60 });
    await orders().insertMany([
      { _id: 'old' as never, at: ago(120) },
      { _id: 'fresh' as never, at: ago(30) },
      { _id: 'one of two' as never, at: [ago(5), ago(90)] },
      { _id: 'all fresh' as never, at: [ago(5), ago(10)] },
      { _id: 'no date' as never, at: 5 },
      { _id: 'text' as never, at: '1999-01-01' },
      { _id: 'missing' as never },
    ]);
    await swept();
    const left = (await orders().find().toArray()).map(({ _id }) => String(_id));
    expect(left.sort()).toEqual(['all fresh', 'fresh', 'missing', 'no date', 'text']);
    expect(await isSound()).toBe(true);
  });

  test('a partial index lets only its own documents expire', async () => {
    if (bench.isReal) return;
    const partialFilterExpression = { done: true };
    await createIndexes({ key: { at: -1 }, name: 'at', expireAfterSeconds: 0, partialFilterExpression });
    await orders().insertMany([
      { at: ago(10), done: true },
      { at: ago(10), done: false },
    ]);
    await swept();
    expect(await orders().find().toArray()).toEqual([expect.objectContaining({ done: false })]);
  });
});
