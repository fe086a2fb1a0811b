import { afterEach, describe, expect, test } from '@jest/globals';
import type { ClientSession, Collection } from 'mongodb';
import { withDatabase } from './harness.ts';

const bench = withDatabase();

interface Row {
  _id: number;
  n?: number;
  state?: string;
}

const sessions: ClientSession[] = [];

afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.endSession()));
});

/** A transaction that has changed the row with `_id` 1, and so makes plain writes wait. */
async function holder(rows: Collection<Row>, change: Partial<Row>): Promise<ClientSession> {
  const session = bench.client.startSession();
  sessions.push(session);
  session.startTransaction();
  await rows.updateOne({ _id: 1 }, { $set: change }, { session });
  return session;
}

/** Until so many commands wait on the collection. */
async function waiting(count: number): Promise<void> {
  for (;;) {
    const { inprog } = await bench.client.db('admin').command({ currentOp: 1, ns: `${bench.db.databaseName}.rows` });
    if ((inprog as unknown[]).length >= count) return;
  }
}

const MANY = 8;

describe('plain writes that wait for the same transaction', () => {
  test('each count when they go on: findOneAndUpdate', async () => {
    const rows = bench.db.collection<Row>('rows');
    await rows.insertOne({ _id: 1, n: 0 });
    await rows.createIndexes([{ key: { n: 1 } }]);
    const session = await holder(rows, { n: 100 });
    const writes = Array.from({ length: MANY }, () => rows.findOneAndUpdate({ _id: 1 }, { $inc: { n: 1 } }));
    await waiting(MANY);
    await session.commitTransaction();
    await Promise.all(writes);
    expect(await rows.find({}, { hint: { n: 1 } }).toArray()).toEqual([{ _id: 1, n: 100 + MANY }]);
  });

  test('take a job each', async () => {
    const rows = bench.db.collection<Row>('rows');
    await rows.insertMany(Array.from({ length: MANY }, (_, index) => ({ _id: index + 1, state: 'new' })));
    const session = await holder(rows, { n: 1 });
    const take = (): Promise<Row | null> =>
      rows.findOneAndUpdate({ state: 'new' }, { $set: { state: 'taken' } }, { sort: { _id: 1 } });
    const taken = Array.from({ length: MANY }, take);
    await waiting(MANY);
    await session.abortTransaction();
    const ids = (await Promise.all(taken)).map((row) => row?._id);
    expect(new Set(ids).size).toBe(MANY);
  });

  test('upsert one document between them', async () => {
    const rows = bench.db.collection<Row>('rows');
    await rows.createIndexes([{ key: { n: 1 }, unique: true }]);
    await rows.insertOne({ _id: 1, n: 1 });
    const session = await holder(rows, { n: 2 });
    const writes = Array.from({ length: MANY }, () =>
      rows.updateOne({ n: 2 }, { $set: { state: 'made' } }, { upsert: true }),
    );
    await waiting(MANY);
    await session.abortTransaction();
    const results = await Promise.all(writes);
    expect(results.map(({ upsertedCount }) => upsertedCount).reduce((sum, count) => sum + count, 0)).toBe(1);
  });

  test('deleteOne deletes another where the first no longer matches', async () => {
    const rows = bench.db.collection<Row>('rows');
    await rows.insertMany([
      { _id: 1, state: 'old' },
      { _id: 2, state: 'old' },
    ]);
    const session = await holder(rows, { state: 'new' });
    const deleted = rows.deleteOne({ state: 'old' });
    await waiting(1);
    await session.commitTransaction();
    expect(await deleted).toMatchObject({ deletedCount: 1 });
    expect(await rows.find().toArray()).toEqual([{ _id: 1, state: 'new' }]);
  });
});

describe('a tailing read', () => {
  test('that waits hears of a new document at once, not when its time is over', async () => {
    await bench.db.createCollection('log', { capped: true, size: 10_000 });
    const log = bench.db.collection('log');
    await log.insertOne({ line: 1 });
    const cursor = log.find({}, { tailable: true, awaitData: true, maxAwaitTimeMS: 10_000, projection: { _id: 0 } });
    await cursor.next();
    const started = performance.now();
    const next = cursor.next();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await log.insertOne({ line: 2 });
    expect(await next).toEqual({ line: 2 });
    expect(performance.now() - started).toBeLessThan(5_000);
    await cursor.close();
  });
});
