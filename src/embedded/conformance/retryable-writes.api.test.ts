import { afterAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Long, MongoClient, MongoNetworkError, type Collection, type Document } from 'mongodb';
import { startEmbeddedServer } from '../index.ts';
import { withFailPoint } from './fail-point.ts';
import { withDatabase } from './harness.ts';

const bench = withDatabase();

interface Row {
  _id: number;
  n: number;
}

const rows = (): Collection<Row> => bench.db.collection<Row>('rows');

const all = (): Promise<Row[]> =>
  rows()
    .find({}, { sort: { _id: 1 } })
    .toArray();

/** Sends the same write twice, as a driver does that heard no answer. */
async function twice(command: Document): Promise<[Document, Document]> {
  const client = await bench.connect({ maxPoolSize: 1 });
  const db = client.db(bench.db.databaseName);
  const send = async (): Promise<Document> => {
    const reply = await db.command({ ...command, txnNumber: Long.fromNumber(1) });
    delete reply.$clusterTime;
    delete reply.operationTime;
    // MongoDB tells which of the statements it only answered.
    delete reply.retriedStmtIds;
    delete reply.retriedStmtId;
    delete reply.opTime;
    delete reply.electionId;
    return reply;
  };
  return [await send(), await send()];
}

describe('the same write once more', () => {
  test('an insert is answered, not repeated', async () => {
    const [first, second] = await twice({ insert: 'rows', documents: [{ _id: 1 }, { _id: 2 }] });
    expect(first).toEqual({ n: 2, ok: 1 });
    expect(second).toEqual(first);
  });

  test('an update is answered, not repeated', async () => {
    await rows().insertOne({ _id: 1, n: 0 });
    const updates = [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }];
    const [first, second] = await twice({ update: 'rows', updates });
    expect(first).toEqual({ n: 1, nModified: 1, ok: 1 });
    expect(second).toEqual(first);
    expect(await all()).toEqual([{ _id: 1, n: 1 }]);
  });

  test('an upsert is answered with the _id it made', async () => {
    const updates = [{ q: { n: 5 }, u: { $set: { n: 5 } }, upsert: true }];
    const [first, second] = await twice({ update: 'rows', updates });
    expect(first.upserted).toHaveLength(1);
    expect(second).toEqual(first);
    expect(await rows().countDocuments()).toBe(1);
  });

  test('a delete is answered, not repeated', async () => {
    await rows().insertMany([
      { _id: 1, n: 0 },
      { _id: 2, n: 0 },
    ]);
    const [first, second] = await twice({ delete: 'rows', deletes: [{ q: { n: 0 }, limit: 1 }] });
    expect(first).toEqual({ n: 1, ok: 1 });
    expect(second).toEqual(first);
    expect(await rows().countDocuments()).toBe(1);
  });

  test.each([
    ['the document before', {}, { _id: 1, n: 0 }],
    ['the document after', { new: true }, { _id: 1, n: 1 }],
  ])('findAndModify is answered with %s', async (_what, more, value) => {
    await rows().insertOne({ _id: 1, n: 0 });
    const [first, second] = await twice({
      findAndModify: 'rows',
      query: { _id: 1 },
      update: { $inc: { n: 1 } },
      ...more,
    });
    expect(first.value).toEqual(value);
    expect(second).toEqual(first);
    expect(await all()).toEqual([{ _id: 1, n: 1 }]);
  });

  test('findAndModify that removed is answered with what was there', async () => {
    await rows().insertMany([
      { _id: 1, n: 0 },
      { _id: 2, n: 0 },
    ]);
    const [first, second] = await twice({ findAndModify: 'rows', query: {}, sort: { _id: 1 }, remove: true });
    expect(first.value).toEqual({ _id: 1, n: 0 });
    expect(second).toEqual(first);
    expect(await all()).toEqual([{ _id: 2, n: 0 }]);
  });
});

/** The fail point by which the client of a retryable write hears no answer. */
const LOST = { mode: { times: 1 }, name: 'onPrimaryTransactionalWrite' };

describe('an answer that was lost', () => {
  test.each([1, 2, 3])('of a bulk write at its statement %d, is not noticed', async (statement) => {
    if (bench.isReal) return;
    await rows().insertMany([
      { _id: 1, n: 0 },
      { _id: 2, n: 0 },
      { _id: 3, n: 0 },
    ]);
    const increments = [1, 2, 3].map((_id) => ({ updateOne: { filter: { _id }, update: { $inc: { n: 1 } } } }));
    const result = await withFailPoint(bench, {}, () => rows().bulkWrite(increments), {
      ...LOST,
      mode: { times: statement },
    });
    expect(result).toMatchObject({ matchedCount: 3, modifiedCount: 3 });
    expect((await all()).map(({ n }) => n)).toEqual([1, 1, 1]);
  });

  test('of each command of a bulk write, is not noticed', async () => {
    if (bench.isReal) return;
    await rows().insertOne({ _id: 1, n: 0 });
    const result = await withFailPoint(
      bench,
      {},
      () =>
        rows().bulkWrite([
          { insertOne: { document: { _id: 2, n: 0 } } },
          { updateOne: { filter: { _id: 2 }, update: { $inc: { n: 1 } } } },
          { updateOne: { filter: { _id: 4 }, update: { $set: { n: 4 } }, upsert: true } },
          { replaceOne: { filter: { _id: 2 }, replacement: { n: 22 } } },
          { deleteOne: { filter: { _id: 1 } } },
        ]),
      { ...LOST, mode: { times: 3 } },
    );
    expect(result).toMatchObject({ insertedCount: 1, matchedCount: 2, upsertedCount: 1, deletedCount: 1 });
    expect(await all()).toEqual([
      { _id: 2, n: 22 },
      { _id: 4, n: 4 },
    ]);
  });

  test('of a bulk write that takes many turns, is not noticed: what was interrupted goes on where it was', async () => {
    if (bench.isReal) return;
    await rows().insertOne({ _id: 1, n: 0 });
    const increments = Array.from({ length: 3000 }, () => ({
      updateOne: { filter: { _id: 1 }, update: { $inc: { n: 1 } } },
    }));
    const result = await withFailPoint(bench, {}, () => rows().bulkWrite(increments), LOST);
    expect(result).toMatchObject({ matchedCount: 3000, modifiedCount: 3000 });
    expect(await all()).toEqual([{ _id: 1, n: 3000 }]);
  });

  test('of findOneAndUpdate, is not noticed', async () => {
    if (bench.isReal) return;
    await rows().insertOne({ _id: 1, n: 0 });
    const increment = (): Promise<unknown> =>
      rows().findOneAndUpdate({ _id: 1 }, { $inc: { n: 1 } }, { returnDocument: 'after' });
    expect(await withFailPoint(bench, {}, increment, LOST)).toEqual({ _id: 1, n: 1 });
    expect(await all()).toEqual([{ _id: 1, n: 1 }]);
  });
});

describe('a write that is prevented', () => {
  test('each time that the driver sends it, took no effect', async () => {
    if (bench.isReal) return;
    const data = { failBeforeCommitExceptionCode: 1 };
    await withFailPoint(
      bench,
      data,
      async () => {
        await expect(rows().insertOne({ _id: 1, n: 0 })).rejects.toBeInstanceOf(MongoNetworkError);
      },
      { ...LOST, mode: { times: 2 } },
    );
    expect(await all()).toEqual([]);
  });
});

describe('after the server was started anew', () => {
  let directory: string | undefined;

  afterAll(async () => {
    if (directory !== undefined) await rm(directory, { recursive: true });
  });

  test('a write of before is answered, not repeated', async () => {
    if (bench.isReal) return;
    directory = await mkdtemp(join(tmpdir(), 'embedded-'));
    const dataDir = join(directory, 'data');
    const write = async (lsid: Document): Promise<unknown> => {
      const server = await startEmbeddedServer({ dataDir });
      const client = await MongoClient.connect(server.uri, { retryWrites: false });
      const session = client.startSession();
      // The driver makes the ids of its sessions itself: this one goes on with an earlier one.
      Object.assign(session.id ?? {}, lsid);
      const updates = [{ q: { _id: 1 }, u: { $inc: { n: 1 } }, upsert: true }];
      const txnNumber = Long.fromNumber(1);
      const { n } = await client.db('app').command({ update: 'rows', updates, txnNumber }, { session });
      Object.assign(lsid, session.id);
      const found = await client.db('app').collection<Row>('rows').findOne({ _id: 1 });
      await client.close();
      await server.close();
      return { n: n as number, found };
    };
    const lsid = {};
    expect(await write(lsid)).toEqual({ n: 1, found: { _id: 1, n: 1 } });
    expect(await write(lsid)).toEqual({ n: 1, found: { _id: 1, n: 1 } });
  });
});
