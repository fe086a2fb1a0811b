import { describe, expect, test } from '@jest/globals';
import { Long, type ClientSession, type Collection } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

interface Counter {
  _id: number | string;
  n: number;
}

async function counters(...documents: Counter[]): Promise<Collection<Counter>> {
  const collection = await bench.db.createCollection<Counter>('counters');
  if (documents.length > 0) await collection.insertMany(documents);
  return collection;
}

function begun(): ClientSession {
  const session = bench.client.startSession();
  session.startTransaction();
  return session;
}

describe('what a transaction sees', () => {
  test('it reads what was there at its first read', async () => {
    const collection = await counters({ _id: 1, n: 0 });
    const session = begun();
    expect(await collection.findOne({ _id: 1 }, { session })).toEqual({ _id: 1, n: 0 });
    await collection.updateOne({ _id: 1 }, { $inc: { n: 1 } });
    await collection.insertOne({ _id: 2, n: 0 });
    expect(await collection.find({}, { session }).toArray()).toEqual([{ _id: 1, n: 0 }]);
    expect(await collection.countDocuments({}, { session })).toBe(1);
    await session.abortTransaction();
    await session.endSession();
  });

  test('it sees its own writes, and nobody else does before commit', async () => {
    const collection = await counters({ _id: 1, n: 0 });
    await collection.createIndexes([{ key: { n: 1 } }]);
    const session = begun();
    await collection.updateOne({ _id: 1 }, { $set: { n: 7 } }, { session });
    await collection.insertOne({ _id: 2, n: 8 }, { session });
    expect(await collection.find({ n: { $gte: 7 } }, { session, sort: { n: -1 } }).toArray()).toEqual([
      { _id: 2, n: 8 },
      { _id: 1, n: 7 },
    ]);
    expect(await collection.find().toArray()).toEqual([{ _id: 1, n: 0 }]);
    await session.commitTransaction();
    expect(await collection.countDocuments({ n: { $gte: 7 } })).toBe(2);
    await session.endSession();
  });

  test('its cursor goes on within it', async () => {
    const collection = await counters();
    await collection.insertMany(Array.from({ length: 10 }, (_, _id) => ({ _id, n: 0 })));
    const session = begun();
    const cursor = collection.find({}, { session, batchSize: 2 });
    await cursor.next();
    await collection.deleteMany({});
    expect(await cursor.toArray()).toHaveLength(9);
    await session.abortTransaction();
    await session.endSession();
  });
});

describe('the end of a transaction', () => {
  test('abort leaves nothing', async () => {
    const collection = await counters({ _id: 1, n: 0 });
    const session = begun();
    await collection.deleteOne({ _id: 1 }, { session });
    await collection.insertOne({ _id: 2, n: 0 }, { session });
    await session.abortTransaction();
    expect(await collection.find().toArray()).toEqual([{ _id: 1, n: 0 }]);
    await session.endSession();
  });

  test('commit may be repeated', async () => {
    const collection = await counters();
    const session = begun();
    await collection.insertOne({ _id: 1, n: 0 }, { session });
    await session.commitTransaction();
    await session.commitTransaction();
    expect(await collection.countDocuments()).toBe(1);
    await session.endSession();
  });

  test('a refused statement ends it', async () => {
    const collection = await counters({ _id: 1, n: 0 });
    const session = begun();
    await collection.insertOne({ _id: 2, n: 0 }, { session });
    await expect(collection.insertOne({ _id: 1, n: 0 }, { session })).rejects.toEqual(refusal(11_000));
    await expect(collection.insertOne({ _id: 3, n: 0 }, { session })).rejects.toMatchObject({
      code: 251,
      errorLabels: ['TransientTransactionError'],
    });
    await session.abortTransaction();
    expect(await collection.countDocuments()).toBe(1);
    await session.endSession();
  });

  test('withTransaction commits what its callback did, and undoes what a thrown error leaves', async () => {
    const collection = await counters({ _id: 1, n: 0 });
    await bench.client.withSession((session) =>
      session.withTransaction(() => collection.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session })),
    );
    const failing = bench.client.withSession((session) =>
      session.withTransaction(async () => {
        await collection.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session });
        throw new Error('changed my mind');
      }),
    );
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await collection.findOne()).toEqual({ _id: 1, n: 1 });
  });
});

describe('numbers of transactions', () => {
  const statement = (number: number, more: object): object => ({
    find: 'counters',
    txnNumber: Long.fromNumber(number),
    autocommit: false,
    ...more,
  });

  test('one that was never begun is unknown', async () => {
    const client = await bench.connect();
    await expect(client.db(bench.db.databaseName).command(statement(9, {}))).rejects.toEqual(refusal(251));
  });

  test('one that is over is too old', async () => {
    const client = await bench.connect();
    const db = client.db(bench.db.databaseName);
    await db.command(statement(9, { startTransaction: true }));
    await expect(db.command(statement(8, { startTransaction: true }))).rejects.toEqual(refusal(225));
  });

  // The driver numbers the end of transactions itself, by its session's count: 0 as yet.
  test('one that was committed takes no more statements', async () => {
    const client = await bench.connect();
    const db = client.db(bench.db.databaseName);
    await db.command(statement(0, { startTransaction: true }));
    const end = { txnNumber: Long.ZERO, autocommit: false };
    await client.db('admin').command({ commitTransaction: 1, ...end });
    await expect(db.command(statement(0, {}))).rejects.toEqual(refusal(256));
    await expect(client.db('admin').command({ abortTransaction: 1, ...end })).rejects.toEqual(refusal(256));
  });

  test('one that was aborted is gone', async () => {
    const client = await bench.connect();
    await client.db(bench.db.databaseName).command(statement(0, { startTransaction: true }));
    const end = { txnNumber: Long.ZERO, autocommit: false };
    await client.db('admin').command({ abortTransaction: 1, ...end });
    await expect(client.db('admin').command({ commitTransaction: 1, ...end })).rejects.toEqual(refusal(251));
  });
});

describe('what a transaction may do', () => {
  test('it makes collections by inserting, and they are not there after abort', async () => {
    const session = begun();
    await bench.db.collection('fresh').insertOne({ a: 1 }, { session });
    expect(await bench.db.collection('fresh').findOne({}, { session })).toMatchObject({ a: 1 });
    await session.commitTransaction();
    expect(await bench.db.collection('fresh').countDocuments()).toBe(1);
    await session.endSession();
  });

  test.each([
    ['count', { count: 'counters' }],
    ['drop', { drop: 'counters' }],
    ['listCollections', { listCollections: 1 }],
  ])('%s is refused', async (_name, command) => {
    await counters({ _id: 1, n: 0 });
    const session = begun();
    await bench.db.collection('counters').findOne({}, { session });
    await expect(bench.db.command(command, { session })).rejects.toEqual(refusal(263));
    await session.endSession();
  });

  test('statements have no write concern of their own', async () => {
    await counters();
    const session = begun();
    const insert = { insert: 'counters', documents: [{}], writeConcern: { w: 1 } };
    await expect(bench.db.command(insert, { session })).rejects.toEqual(refusal(72));
    await session.endSession();
  });
});
