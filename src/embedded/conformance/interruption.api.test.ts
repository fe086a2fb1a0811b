import { describe, expect, test } from '@jest/globals';
import { Long, type ClientSession, type Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

const admin = (command: Document): Promise<Document> => bench.client.db('admin').command(command);

async function operationsWith(comment: string): Promise<Document[]> {
  const { inprog } = await admin({ currentOp: 1, 'command.comment': comment });
  return inprog as Document[];
}

/** A write that waits for a transaction, and the session of the one it waits for. */
async function waitingWrite(
  comment: string,
): Promise<{ holder: ClientSession; write: Promise<unknown>; found: Document }> {
  const rows = bench.db.collection<{ _id: number }>('rows');
  await rows.insertOne({ _id: 1 });
  const holder = bench.client.startSession();
  holder.startTransaction();
  await rows.updateOne({ _id: 1 }, { $set: { a: 1 } }, { session: holder });
  const write = rows.updateOne({ _id: 1 }, { $set: { a: 2 } }, { comment });
  // Not to be taken for unhandled before the test looks at it.
  write.catch(() => undefined);
  for (;;) {
    const [found] = await operationsWith(comment);
    if (found !== undefined) return { holder, write, found };
  }
}

describe('currentOp', () => {
  test('shows a write that waits, until it is done', async () => {
    const { holder, write, found } = await waitingWrite('waits');
    expect(found).toMatchObject({ ns: `${bench.db.databaseName}.rows`, active: true });
    await holder.abortTransaction();
    await write;
    expect(await operationsWith('waits')).toEqual([]);
    await holder.endSession();
  });

  test('is a stage of an aggregation too', async () => {
    const stages = [{ $currentOp: {} }, { $match: { 'command.comment': 'itself' } }];
    const found = await bench.client.db('admin').aggregate(stages, { comment: 'itself' }).toArray();
    expect(found).toHaveLength(1);
  });

  test('belongs to the admin database', async () => {
    await expect(bench.db.command({ currentOp: 1 })).rejects.toEqual(refusal(13));
    await expect(bench.db.command({ killOp: 1, op: 1 })).rejects.toEqual(refusal(13));
  });
});

describe('killOp', () => {
  test('ends a write that waits, and nothing of it remains', async () => {
    const { holder, write, found } = await waitingWrite('killed');
    await admin({ killOp: 1, op: found.opid as number });
    await expect(write).rejects.toEqual(refusal(11_601, /interrupted/));
    await holder.abortTransaction();
    expect(await bench.db.collection('rows').countDocuments({ a: 2 })).toBe(0);
    await holder.endSession();
  });

  test('ends a tailing read that waits', async () => {
    await bench.db.createCollection('log', { capped: true, size: 10_000 });
    await bench.db.collection('log').insertOne({ line: 1 });
    const cursor = bench.db.collection('log').find({}, { tailable: true, awaitData: true, maxAwaitTimeMS: 10_000 });
    cursor.comment('tails');
    await cursor.next();
    const ended = expect(cursor.next()).rejects.toEqual(refusal(11_601));
    let waiting: Document[] = [];
    while (waiting.length === 0) {
      const { inprog } = await admin({ currentOp: 1, ns: `${bench.db.databaseName}.log` });
      waiting = inprog as Document[];
      if (waiting.length === 0) waiting = (await admin({ currentOp: 1, op: 'getmore' })).inprog as Document[];
    }
    await admin({ killOp: 1, op: (waiting[0] as { opid: number }).opid });
    await ended;
    await cursor.close();
  });

  test('needs a number', async () => {
    await expect(admin({ killOp: 1 })).rejects.toMatchObject({ code: expect.any(Number) as unknown });
    await expect(admin({ killOp: 1, op: {} })).rejects.toEqual(refusal(14));
  });
});

describe('killSessions', () => {
  test('ends the transaction of a session, so that who waits goes on', async () => {
    const { holder, write } = await waitingWrite('goes on');
    await admin({ killSessions: [holder.id] });
    await expect(write).resolves.toMatchObject({ modifiedCount: 1 });
    await expect(holder.commitTransaction()).rejects.toEqual(refusal(251));
    await holder.endSession();
  });

  test('closes the cursors of a session', async () => {
    await bench.db.collection('rows').insertMany([{}, {}, {}]);
    const session = bench.client.startSession();
    const cursor = bench.db.collection('rows').find({}, { session, batchSize: 1 });
    await cursor.next();
    await admin({ killSessions: [session.id] });
    await expect(cursor.toArray()).rejects.toEqual(refusal(43));
    await session.endSession();
  });

  test('killAllSessions ends all of them', async () => {
    if (bench.isReal) return;
    const { holder, write } = await waitingWrite('all');
    await admin({ killAllSessions: [] });
    await expect(write).rejects.toEqual(refusal(11_601));
    await expect(holder.commitTransaction()).rejects.toEqual(refusal(251));
    await holder.endSession();
  });
});

describe('killCursors', () => {
  test('tells which it closed, and which there were not', async () => {
    await bench.db.collection('rows').insertMany([{}, {}, {}]);
    const { cursor } = (await bench.db.command({ find: 'rows', batchSize: 1 })) as { cursor: { id: number } };
    const id = Long.fromNumber(cursor.id);
    const reply = await bench.db.command({ killCursors: 'rows', cursors: [id, Long.fromNumber(77)] });
    expect(reply).toMatchObject({
      cursorsKilled: [cursor.id],
      cursorsNotFound: [77],
      cursorsAlive: [],
      cursorsUnknown: [],
    });
    await expect(bench.db.command({ getMore: id, collection: 'rows' })).rejects.toEqual(refusal(43));
  });

  test('is what the driver sends when a cursor is closed early', async () => {
    await bench.db.collection('rows').insertMany([{}, {}, {}]);
    const open = async (): Promise<number> => {
      const status = (await admin({ serverStatus: 1 })) as { metrics: { cursor: { open: { total: number } } } };
      return status.metrics.cursor.open.total;
    };
    const before = await open();
    const cursor = bench.db.collection('rows').find({}, { batchSize: 1 });
    await cursor.next();
    expect(await open()).toBe(before + 1);
    await cursor.close();
    expect(await open()).toBe(before);
  });
});

describe('a client that goes away', () => {
  test('its write that waits is given up', async () => {
    const { holder } = await waitingWrite('stays');
    const client = await bench.connect({ retryWrites: false });
    const write = client
      .db(bench.db.databaseName)
      .collection('rows')
      .updateOne({}, { $set: { a: 3 } }, { comment: 'gone' });
    const refused = expect(write).rejects.toThrow();
    while ((await operationsWith('gone')).length === 0);
    await client.close(true);
    await refused;
    while ((await operationsWith('gone')).length > 0);
    await holder.abortTransaction();
    expect(await bench.db.collection('rows').countDocuments({ a: 3 })).toBe(0);
    await holder.endSession();
  });
});
