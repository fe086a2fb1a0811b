import { describe, expect, test } from '@jest/globals';
import { Long, MongoServerError, Timestamp, type CommandStartedEvent, type Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

describe('a session', () => {
  test('its id is told to every command', async () => {
    const client = await bench.connect({ monitorCommands: true });
    const seen: unknown[] = [];
    client.on('commandStarted', ({ command }: CommandStartedEvent) => seen.push(command.lsid));
    await client.withSession(async (session) => {
      await client.db(bench.db.databaseName).collection('a').findOne({}, { session });
      expect(seen).toEqual([session.id]);
    });
  });

  test('its cursor is not for another', async () => {
    await bench.db.collection('a').insertMany([{}, {}, {}]);
    const [one, two] = [bench.client.startSession(), bench.client.startSession()];
    const { cursor } = (await bench.db.command({ find: 'a', batchSize: 1 }, { session: one })) as {
      cursor: { id: number };
    };
    const more = { getMore: Long.fromNumber(cursor.id), collection: 'a' };
    await expect(bench.db.command(more, { session: two })).rejects.toEqual(refusal(50_738));
    await expect(bench.db.command(more, { session: one })).resolves.toMatchObject({ ok: 1 });
    await Promise.all([one.endSession(), two.endSession()]);
  });

  test('its cursors close when it ends', async () => {
    await bench.db.collection('a').insertMany([{}, {}, {}]);
    const session = bench.client.startSession();
    const { cursor } = (await bench.db.command({ find: 'a', batchSize: 1 }, { session })) as {
      cursor: { id: number };
    };
    await bench.db.command({ endSessions: [session.id] });
    const more = { getMore: Long.fromNumber(cursor.id), collection: 'a' };
    await expect(bench.db.command(more, { session })).rejects.toEqual(refusal(43));
    await session.endSession();
  });

  test('a number lower than its last is too old', async () => {
    const client = await bench.connect();
    const write = (txnNumber: number): Promise<Document> =>
      client.db(bench.db.databaseName).command({
        insert: 'a',
        documents: [{}],
        txnNumber: Long.fromNumber(txnNumber),
      });
    await write(5);
    await expect(write(4)).rejects.toEqual(refusal(225));
  });
});

describe('causal consistency', () => {
  test('every reply tells the time, and a write moves it on', async () => {
    const times = async (command: Document): Promise<Timestamp> => {
      const reply = await bench.db.command(command);
      expect(reply).toMatchObject({ $clusterTime: { clusterTime: expect.any(Timestamp) as unknown } });
      return reply.operationTime as Timestamp;
    };
    const before = await times({ ping: 1 });
    const after = await times({ insert: 'a', documents: [{}] });
    expect(after.greaterThan(before)).toBe(true);
  });

  test('an error tells it too', async () => {
    const session = bench.client.startSession();
    await expect(bench.db.command({ fly: 1 }, { session })).rejects.toEqual(refusal(59));
    expect(session.operationTime).toBeInstanceOf(Timestamp);
    await session.endSession();
  });

  test('a read in a session asks for what the session has seen', async () => {
    const client = await bench.connect({ monitorCommands: true });
    const orders = client.db(bench.db.databaseName).collection('orders');
    const concerns: unknown[] = [];
    client.on('commandStarted', ({ command, commandName }: CommandStartedEvent) => {
      if (commandName === 'find') concerns.push(command.readConcern);
    });
    await client.withSession(async (session) => {
      await orders.insertOne({ a: 1 }, { session });
      const { operationTime } = session;
      await expect(orders.findOne({}, { session })).resolves.toMatchObject({ a: 1 });
      expect(concerns).toEqual([{ afterClusterTime: operationTime }]);
    });
  });

  test('a time that is none is refused', async () => {
    const session = bench.client.startSession();
    // The driver takes only a time that is one, and only from a server.
    Object.assign(session, { clusterTime: { clusterTime: { greaterThan: () => true } } });
    await expect(bench.db.collection('a').findOne({}, { session })).rejects.toBeInstanceOf(MongoServerError);
    await session.endSession();
    await expect(bench.db.collection('a').findOne()).resolves.toBeNull();
  });
});

describe('a session of a snapshot', () => {
  test('reads what was there at its first read', async () => {
    const orders = bench.db.collection('orders');
    await orders.insertMany([{ a: 1 }, { a: 2 }]);
    await bench.client.withSession({ snapshot: true }, async (session) => {
      expect(await orders.find({}, { session }).toArray()).toHaveLength(2);
      await orders.updateMany({}, { $inc: { a: 10 } });
      await orders.insertOne({ a: 3 });
      expect(await orders.distinct('a', {}, { session })).toEqual([1, 2]);
      const sum = [{ $group: { _id: null, sum: { $sum: '$a' } } }];
      expect(await orders.aggregate(sum, { session }).toArray()).toEqual([{ _id: null, sum: 3 }]);
      expect(await orders.countDocuments({}, { session })).toBe(2);
    });
    expect(new Set(await orders.distinct('a'))).toEqual(new Set([11, 12, 3]));
  });

  test('does not write, and does not list', async () => {
    await bench.client.withSession({ snapshot: true }, async (session) => {
      await expect(bench.db.collection('a').insertOne({}, { session })).rejects.toEqual(refusal(72));
      await expect(bench.db.listCollections({}, { session }).toArray()).rejects.toEqual(refusal(72));
    });
  });

  test('a time that nobody has kept is too old', async () => {
    const readConcern = { level: 'snapshot', atClusterTime: new Timestamp({ t: 1, i: 1 }) };
    await expect(bench.db.command({ find: 'a', readConcern })).rejects.toEqual(refusal(239));
  });
});

describe('concerns and versions', () => {
  test('more nodes than there are do not acknowledge, though the write took effect', async () => {
    if (bench.isReal) return;
    const orders = bench.db.collection('orders');
    await expect(orders.insertOne({}, { writeConcern: { w: 2 } })).rejects.toEqual(refusal(100));
    const nowhere = { insert: 'orders', documents: [{}], writeConcern: { w: 'nowhere' } };
    await expect(bench.db.command(nowhere)).rejects.toEqual(refusal(79));
    expect(await orders.countDocuments()).toBe(2);
  });

  test('an unacknowledged write is carried out without an answer', async () => {
    const orders = bench.db.collection('orders');
    await expect(orders.insertOne({}, { writeConcern: { w: 0 } })).resolves.toMatchObject({ acknowledged: false });
    // The answer to what comes later on the same connection says that the write was carried out.
    const client = await bench.connect({ maxPoolSize: 1 });
    const alone = client.db(bench.db.databaseName).collection('alone');
    await alone.insertOne({}, { writeConcern: { w: 0 } });
    expect(await alone.countDocuments()).toBe(1);
  });

  test('a level of reads that there is not is refused', async () => {
    const readConcern = { level: 'newest' };
    await expect(bench.db.command({ find: 'a', readConcern })).rejects.toMatchObject({
      code: expect.any(Number) as unknown,
    });
  });

  test('the stable API has one version, and lets nothing else by where that was asked for', async () => {
    await expect(bench.db.command({ ping: 1, apiVersion: '2' })).rejects.toEqual(refusal(322));
    const strict = { apiVersion: '1', apiStrict: true };
    await expect(bench.db.command({ distinct: 'a', key: 'b', ...strict })).rejects.toEqual(
      refusal(323, /distinct is not in API Version 1/),
    );
    await expect(bench.db.command({ find: 'a', ...strict })).resolves.toMatchObject({ ok: 1 });
    await expect(bench.db.command({ find: 'a', apiStrict: true })).rejects.toEqual(refusal(72));
  });
});
