import { afterEach, describe, expect, test } from '@jest/globals';
import type { ClientSession, Collection } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const LIFETIME_MS = 400;

const bench = withDatabase({ transactionLifetimeMs: LIFETIME_MS });

interface Counter {
  _id: number;
  n: number;
}

const CONFLICT = { code: 112, codeName: 'WriteConflict', errorLabels: ['TransientTransactionError'] };

const sessions: ClientSession[] = [];

function begun(): ClientSession {
  const session = bench.client.startSession();
  sessions.push(session);
  session.startTransaction();
  return session;
}

afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.endSession()));
});

async function counters(): Promise<Collection<Counter>> {
  const collection = await bench.db.createCollection<Counter>('counters');
  await collection.createIndexes([{ key: { n: 1 }, unique: true }]);
  await collection.insertMany([
    { _id: 1, n: 10 },
    { _id: 2, n: 20 },
  ]);
  return collection;
}

describe('two transactions', () => {
  test('the second writer of a document conflicts at once', async () => {
    const collection = await counters();
    const [one, two] = [begun(), begun()];
    await collection.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session: one });
    await expect(collection.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session: two })).rejects.toMatchObject(
      CONFLICT,
    );
    await one.commitTransaction();
    expect(await collection.findOne({ _id: 1 })).toEqual({ _id: 1, n: 11 });
  });

  test('a document that was changed since the snapshot conflicts', async () => {
    const collection = await counters();
    const session = begun();
    await collection.findOne({ _id: 2 }, { session });
    await collection.updateOne({ _id: 1 }, { $inc: { n: 1 } });
    await expect(collection.deleteOne({ _id: 1 }, { session })).rejects.toMatchObject(CONFLICT);
  });

  test('different documents do not conflict', async () => {
    const collection = await counters();
    const [one, two] = [begun(), begun()];
    await collection.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session: one });
    await collection.updateOne({ _id: 2 }, { $inc: { n: 1 } }, { session: two });
    await Promise.all([one.commitTransaction(), two.commitTransaction()]);
    expect(await collection.distinct('n')).toEqual([11, 21]);
  });

  test('the same new _id conflicts', async () => {
    const collection = await counters();
    const [one, two] = [begun(), begun()];
    await collection.insertOne({ _id: 3, n: 30 }, { session: one });
    await expect(collection.insertOne({ _id: 3, n: 31 }, { session: two })).rejects.toMatchObject(CONFLICT);
    await one.commitTransaction();
  });

  test('the same new unique key conflicts', async () => {
    const collection = await counters();
    const [one, two] = [begun(), begun()];
    await collection.insertOne({ _id: 3, n: 30 }, { session: one });
    await expect(collection.insertOne({ _id: 4, n: 30 }, { session: two })).rejects.toMatchObject(CONFLICT);
    await one.commitTransaction();
  });

  test('a reader does not wait, and does not conflict', async () => {
    const collection = await counters();
    const [one, two] = [begun(), begun()];
    await collection.updateOne({ _id: 1 }, { $set: { n: 11 } }, { session: one });
    expect(await collection.findOne({ _id: 1 }, { session: two })).toEqual({ _id: 1, n: 10 });
    expect(await collection.findOne({ _id: 1 })).toEqual({ _id: 1, n: 10 });
    await Promise.all([one.commitTransaction(), two.commitTransaction()]);
  });
});

describe('a plain write', () => {
  test('waits for the transaction, and sees what it did', async () => {
    const collection = await counters();
    const session = begun();
    await collection.updateOne({ _id: 1 }, { $set: { n: 11 } }, { session });
    const waiting = collection.findOneAndUpdate({ _id: 1 }, { $inc: { n: 1 } }, { returnDocument: 'after' });
    await session.commitTransaction();
    await expect(waiting).resolves.toEqual({ _id: 1, n: 12 });
  });

  test('goes on when the transaction is aborted', async () => {
    const collection = await counters();
    const session = begun();
    await collection.deleteOne({ _id: 1 }, { session });
    const waiting = collection.updateOne({ _id: 1 }, { $inc: { n: 1 } });
    await session.abortTransaction();
    await expect(waiting).resolves.toMatchObject({ modifiedCount: 1 });
  });

  test('waits no longer than it may', async () => {
    const collection = await counters();
    const session = begun();
    await collection.updateOne({ _id: 1 }, { $set: { n: 11 } }, { session });
    const command = { update: 'counters', updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }], maxTimeMS: 20 };
    await expect(bench.db.command(command)).rejects.toEqual(refusal(50));
    await session.commitTransaction();
    expect(await collection.findOne({ _id: 1 })).toEqual({ _id: 1, n: 11 });
  });
});

describe('an abandoned transaction', () => {
  test('ends by itself, and gives free what it held', async () => {
    if (bench.isReal) return;
    const collection = await counters();
    const session = begun();
    await collection.updateOne({ _id: 1 }, { $set: { n: 11 } }, { session });
    await expect(collection.updateOne({ _id: 1 }, { $inc: { n: 5 } })).resolves.toMatchObject({ modifiedCount: 1 });
    await expect(session.commitTransaction()).rejects.toMatchObject({ code: 251 });
    expect(await collection.findOne({ _id: 1 })).toEqual({ _id: 1, n: 15 });
  });

  test('its lifetime is a parameter', async () => {
    const admin = bench.client.db('admin');
    const name = 'transactionLifetimeLimitSeconds';
    const { [name]: before } = (await admin.command({ getParameter: 1, [name]: 1 })) as { [name]: number };
    await admin.command({ setParameter: 1, [name]: 30 });
    await expect(admin.command({ getParameter: 1, [name]: 1 })).resolves.toMatchObject({ [name]: 30 });
    await expect(admin.command({ setParameter: 1, [name]: 0 })).rejects.toEqual(refusal(2));
    if (bench.isReal) await admin.command({ setParameter: 1, [name]: before });
  });
});

describe('many transactions', () => {
  test('withTransaction counts exactly, whoever has to begin anew', async () => {
    const collection = await counters();
    const add = (): Promise<unknown> =>
      bench.client.withSession((session) =>
        session.withTransaction(async () => {
          const counter = await collection.findOne({ _id: 1 }, { session });
          await collection.updateOne({ _id: 1 }, { $set: { n: (counter?.n ?? 0) + 1000 } }, { session });
          await collection.updateOne({ _id: 2 }, { $inc: { n: -1000 } }, { session });
        }),
      );
    await Promise.all(Array.from({ length: 12 }, add));
    expect(await collection.find({}, { sort: { _id: 1 } }).toArray()).toEqual([
      { _id: 1, n: 12_010 },
      { _id: 2, n: -11_980 },
    ]);
  });

  test('of those that insert the same key one succeeds', async () => {
    const collection = await counters();
    const attempts = Array.from({ length: 6 }, (_, number) =>
      bench.client.withSession((session) =>
        session.withTransaction(() => collection.insertOne({ _id: 100 + number, n: 77 }, { session })),
      ),
    );
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [(outcome.reason as { code: number }).code] : [],
    );
    expect(new Set(codes)).toEqual(new Set([11_000]));
    expect(await collection.countDocuments({ n: 77 })).toBe(1);
  });
});
