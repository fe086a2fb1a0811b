import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { UUID, type ClientSession, type Collection, type Document } from 'mongodb';
import { messageOf, RawClient } from '../server/raw-client.fixture.ts';
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

  test('upsert one document between them, also where each searches for longer than its turn', async () => {
    const rows = bench.db.collection<Row>('rows');
    await rows.createIndexes([{ key: { n: 1 }, unique: true }]);
    await rows.insertMany(Array.from({ length: 5_000 }, (_, index) => ({ _id: index, n: index })));
    // What one of them makes lies behind the others, at the beginning of the index.
    const upsert = () => rows.updateOne({ state: 'made' }, { $set: { n: -1 } }, { upsert: true, hint: { n: 1 } });
    const results = await Promise.all([upsert(), upsert(), upsert()]);
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

async function changed(): Promise<{ rows: Collection<Row>; session: ClientSession }> {
  const rows = bench.db.collection<Row>('rows');
  await rows.insertMany([{ _id: 1, n: 1 }, { _id: 2 }]);
  await rows.createIndexes([{ key: { n: 1 } }]);
  return { rows, session: await holder(rows, { n: 5 }) };
}

describe('what is taken away while a transaction has changed it', () => {
  test('a drop waits', async () => {
    const { rows, session } = await changed();
    const dropped = rows.drop();
    await waiting(1);
    await session.commitTransaction();
    await dropped;
    expect(await rows.find().toArray()).toEqual([]);
    await rows.insertOne({ _id: 1 });
    expect(await rows.estimatedDocumentCount()).toBe(1);
  });

  test('a rename waits, and the number of documents stays right', async () => {
    const { rows, session } = await changed();
    await rows.insertOne({ _id: 3 }, { session });
    const renamed = rows.rename('others');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await session.commitTransaction();
    await renamed;
    const others = bench.db.collection<Row>('others');
    expect(await others.estimatedDocumentCount()).toBe(3);
    expect(await others.find({ n: 5 }, { hint: { n: 1 } }).toArray()).toEqual([{ _id: 1, n: 5 }]);
    await others.insertOne({ _id: 4 });
    expect(await others.countDocuments()).toBe(4);
  });

  test('a drop of an index, of the database, and $out in its place wait', async () => {
    const { rows, session } = await changed();
    await bench.db.collection<Row>('source').insertOne({ _id: 7 });
    const ends = [
      rows.dropIndex('n_1'),
      bench.db
        .collection<Row>('source')
        .aggregate([{ $out: 'rows' }])
        .toArray(),
    ];
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await rows.countDocuments()).toBe(2);
    await session.commitTransaction();
    await Promise.all(ends);
    expect(await rows.find().toArray()).toEqual([{ _id: 7 }]);
    const other = await holder(rows, { n: 1 });
    await rows.updateOne({ _id: 7 }, { $set: { n: 2 } }, { session: other });
    const dropped = bench.db.dropDatabase();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await other.abortTransaction();
    await dropped;
    expect(await rows.countDocuments()).toBe(0);
  });

  test('a capped collection takes no writes of transactions', async () => {
    await bench.db.createCollection('log', { capped: true, size: 4_096, max: 3 });
    await bench.db.collection('log').insertMany([{ a: 1 }, { a: 2 }, { a: 3 }]);
    const session = bench.client.startSession();
    sessions.push(session);
    session.startTransaction();
    await expect(bench.db.collection('log').insertOne({ a: 4 }, { session })).rejects.toMatchObject({ code: 263 });
    expect(await bench.db.collection('log').countDocuments()).toBe(3);
  });
});

describe('a session', () => {
  const lsid = { id: new UUID() };
  let raw: RawClient;
  let txnNumber = 0n;

  const send = (command: Document): Promise<Document> =>
    raw.ask(messageOf({ ...command, lsid, txnNumber, $db: bench.db.databaseName }));

  const writeTo = (statement: Document): Document => ({ update: 'rows', updates: [{ q: { _id: 1 }, ...statement }] });

  beforeEach(async () => {
    raw = await new RawClient(Number(new URL(bench.uri).port)).connected();
    await bench.db.collection<Row>('rows').insertOne({ _id: 1, n: 1 });
    txnNumber += 1n;
  });
  afterEach(() => {
    raw.close();
  });

  test('whose transaction was left open goes on with a plain write at once', async () => {
    const change = writeTo({ u: { $set: { n: 2 } } });
    await send({ ...change, autocommit: false, startTransaction: true });
    txnNumber += 1n;
    expect(await send(writeTo({ u: { $inc: { n: 10 } } }))).toMatchObject({ n: 1 });
    txnNumber -= 1n;
    const late = { commitTransaction: 1, autocommit: false, lsid, txnNumber, $db: 'admin' };
    expect(await raw.ask(messageOf(late))).toMatchObject({ code: 225 });
    expect(await bench.db.collection<Row>('rows').findOne({ _id: 1 })).toEqual({ _id: 1, n: 11 });
    txnNumber += 1n;
  });

  test('cannot repeat a write of many documents', async () => {
    const many = await send(writeTo({ u: { $inc: { n: 1 } }, multi: true }));
    expect(many.writeErrors).toMatchObject([{ code: 72 }]);
    txnNumber += 1n;
    const all = await send({ delete: 'rows', deletes: [{ q: {}, limit: 0 }] });
    expect(all.writeErrors).toMatchObject([{ code: 72 }]);
    expect(await bench.db.collection<Row>('rows').findOne({ _id: 1 })).toEqual({ _id: 1, n: 1 });
  });
});
