import { beforeEach, describe, expect, test } from '@jest/globals';
import { Long, type CommandStartedEvent, type Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

interface Reply {
  cursor: { id: number; ns: string; firstBatch: Document[]; nextBatch: Document[] };
}

const send = async (command: Document): Promise<Reply['cursor']> => ((await bench.db.command(command)) as Reply).cursor;

const more = (id: number, options: Document = {}): Promise<Reply['cursor']> =>
  send({ getMore: Long.fromNumber(id), collection: 'rows', ...options });

async function fill(): Promise<void> {
  const rows = Array.from({ length: 250 }, (_, _id) => ({ _id }));
  await bench.db.collection<{ _id: number }>('rows').insertMany(rows);
}

describe('batches', () => {
  beforeEach(fill);

  test('the first has 101 documents, the next all the rest', async () => {
    const first = await send({ find: 'rows' });
    expect(first).toMatchObject({ ns: `${bench.db.databaseName}.rows` });
    expect(first.firstBatch).toHaveLength(101);
    const next = await more(first.id);
    expect(next.nextBatch).toHaveLength(149);
    expect(next.id).toBe(0);
  });

  test('they have the size that is asked for', async () => {
    const first = await send({ find: 'rows', batchSize: 10, sort: { _id: -1 } });
    expect(first.firstBatch.map(({ _id }) => _id as number)).toEqual([
      249, 248, 247, 246, 245, 244, 243, 242, 241, 240,
    ]);
    expect((await more(first.id, { batchSize: 3 })).nextBatch).toEqual([{ _id: 239 }, { _id: 238 }, { _id: 237 }]);
  });

  test('a size of 0 opens the cursor alone', async () => {
    const first = await send({ find: 'rows', batchSize: 0 });
    expect(first.firstBatch).toEqual([]);
    expect((await more(first.id)).nextBatch).toHaveLength(250);
  });

  test('a limit ends the cursor', async () => {
    const first = await send({ find: 'rows', batchSize: 2, limit: 3 });
    const next = await more(first.id);
    expect([first.firstBatch.length, next.nextBatch.length, next.id]).toEqual([2, 1, 0]);
  });

  test('a single batch leaves no cursor', async () => {
    expect(await send({ find: 'rows', batchSize: 2, singleBatch: true })).toMatchObject({ id: 0 });
  });
});

describe('a long result', () => {
  beforeEach(fill);

  test('a cursor goes on among writes, and shows nothing twice', async () => {
    const seen: number[] = [];
    const rows = bench.db.collection<{ _id: number }>('rows');
    for await (const { _id } of rows.find({}, { batchSize: 10, sort: { _id: 1 } })) {
      seen.push(_id);
      if (_id === 50) await rows.deleteMany({ _id: { $gte: 100 } });
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, _id) => _id));
    expect(seen.length).toBeLessThan(250);
  });

  test('a batch holds no more than 16 MiB', async () => {
    const text = 'x'.repeat(6_000_000);
    await bench.db.collection('long').insertMany([{ text }, { text }, { text }, { text }]);
    expect((await send({ find: 'long' })).firstBatch).toHaveLength(2);
    expect(await bench.db.collection('long').find().toArray()).toHaveLength(4);
  });

  test('the driver asks for the rest as it is needed', async () => {
    const client = await bench.connect({ monitorCommands: true });
    const sent: string[] = [];
    client.on('commandStarted', ({ commandName }: CommandStartedEvent) => sent.push(commandName));
    const cursor = client.db(bench.db.databaseName).collection('rows').find().batchSize(100);
    expect(await cursor.toArray()).toHaveLength(250);
    expect(sent).toEqual(['find', 'getMore', 'getMore']);
  });

  test.each<[string, Document, number]>([
    ['a negative skip', { skip: -1 }, 51_024],
    ['a negative size of batches', { batchSize: -1 }, 51_024],
    ['a negative time', { maxTimeMS: -1 }, 2],
    ['a hint at no index', { hint: { nothing: 1 } }, 2],
    ['a field that find does not have', { filters: {} }, 40_415],
    ['a filter that is no document', { filter: 1 }, 14],
  ])('%s is refused', async (_what, options, code) => {
    await expect(send({ find: 'rows', ...options })).rejects.toEqual(refusal(code));
  });
});

describe('cursors that there are not', () => {
  test('an unknown one is refused with CursorNotFound', async () => {
    await expect(more(99)).rejects.toEqual(refusal(43));
  });

  test('one of another collection is refused', async () => {
    await bench.db.collection('rows').insertMany([{}, {}, {}]);
    const { id } = await send({ find: 'rows', batchSize: 1 });
    const command = { getMore: Long.fromNumber(id), collection: 'others' };
    await expect(bench.db.command(command)).rejects.toEqual(refusal(13));
    expect((await more(id)).nextBatch).toHaveLength(2);
  });

  test('one of a dropped collection ends', async () => {
    await bench.db.collection('rows').insertMany([{}, {}, {}]);
    const { id } = await send({ find: 'rows', batchSize: 1 });
    await bench.db.collection('rows').drop();
    await expect(more(id)).rejects.toMatchObject({ code: expect.any(Number) as unknown });
  });

  test('a collection that is not there is empty', async () => {
    expect(await send({ find: 'nowhere' })).toMatchObject({ firstBatch: [], id: 0 });
  });

  test('a time for waiting is refused where nobody waits', async () => {
    await bench.db.collection('rows').insertMany([{}, {}, {}]);
    const { id } = await send({ find: 'rows', batchSize: 1 });
    await expect(more(id, { maxTimeMS: 5 })).rejects.toEqual(refusal(2));
  });
});

describe('tailable cursors', () => {
  beforeEach(async () => {
    await bench.db.createCollection('log', { capped: true, size: 100_000, max: 50 });
    await bench.db.collection('log').insertMany([{ n: 1 }, { n: 2 }]);
  });

  test('one that waits gets what comes', async () => {
    const cursor = bench.db.collection('log').find({}, { tailable: true, awaitData: true, projection: { _id: 0 } });
    expect([await cursor.next(), await cursor.next()]).toEqual([{ n: 1 }, { n: 2 }]);
    const next = cursor.next();
    await bench.db.collection('log').insertOne({ n: 3 });
    expect(await next).toEqual({ n: 3 });
    await cursor.close();
  });

  test('one that does not wait says that there is nothing yet', async () => {
    const cursor = bench.db.collection('log').find({}, { tailable: true });
    await cursor.next();
    await cursor.next();
    expect(await cursor.tryNext()).toBeNull();
    await bench.db.collection('log').insertOne({ n: 3 });
    expect(await cursor.tryNext()).toMatchObject({ n: 3 });
    await cursor.close();
  });

  test('it waits no longer than it is told', async () => {
    const { id } = await send({ find: 'log', tailable: true, awaitData: true });
    const command = { getMore: Long.fromNumber(id), collection: 'log', maxTimeMS: 30 };
    const { nextBatch, id: open } = await send(command);
    expect(nextBatch).toEqual([]);
    expect(open).toBe(id);
  });

  test('any other collection is refused', async () => {
    await bench.db.collection('rows').insertOne({});
    await expect(send({ find: 'rows', tailable: true })).rejects.toEqual(refusal(2));
  });

  test('a capped collection keeps the latest', async () => {
    const lines = Array.from({ length: 80 }, (_, n) => ({ n: n + 3 }));
    await bench.db.collection('log').insertMany(lines);
    const kept = await bench.db.collection('log').find().toArray();
    expect(kept.map(({ n }) => n as number)).toEqual(Array.from({ length: 50 }, (_, n) => n + 33));
  });
});

describe('limits of time', () => {
  test('a query that takes longer is ended with MaxTimeMSExpired', async () => {
    const rows = Array.from({ length: 2_000 }, (_, n) => ({ n, list: Array.from({ length: 50 }, (__, m) => m) }));
    await bench.db.collection('rows').insertMany(rows);
    const $expr = { $eq: [{ $sum: { $map: { input: '$list', in: { $multiply: ['$$this', '$n'] } } } }, -1] };
    await expect(bench.db.collection('rows').find({ $expr }, { maxTimeMS: 1 }).toArray()).rejects.toEqual(refusal(50));
    await expect(bench.db.collection('rows').countDocuments({ n: 5 }, { maxTimeMS: 10_000 })).resolves.toBe(1);
  });
});
