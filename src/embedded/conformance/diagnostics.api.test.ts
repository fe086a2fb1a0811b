import { describe, expect, test } from '@jest/globals';
import type { Document } from 'mongodb';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

const admin = (command: Document): Promise<Document> => bench.client.db('admin').command(command);

describe('the server', () => {
  test('hello shows the primary of a replica set with sessions', async () => {
    const hello = await admin({ hello: 1 });
    expect(hello).toMatchObject({ isWritablePrimary: true, secondary: false, logicalSessionTimeoutMinutes: 30, ok: 1 });
    expect(hello.hosts).toContain(hello.me);
    expect(hello.primary).toBe(hello.me);
  });

  test('isMaster answers under its old name', async () => {
    await expect(admin({ isMaster: 1 })).resolves.toMatchObject({ ismaster: true, maxBsonObjectSize: 16_777_216 });
  });

  test('ping answers in any database', async () => {
    await expect(bench.db.command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
  });

  test('buildInfo tells the version as text and as numbers', async () => {
    const info = await admin({ buildInfo: 1 });
    expect(info).toMatchObject({ maxBsonObjectSize: 16_777_216, bits: 64, modules: expect.any(Array) as unknown });
    expect((info.versionArray as number[]).slice(0, 3).join('.')).toBe(info.version);
  });

  test('hostInfo and getCmdLineOpts describe the machine and the process', async () => {
    await expect(admin({ hostInfo: 1 })).resolves.toMatchObject({
      system: { hostname: expect.any(String) as unknown },
    });
    await expect(admin({ getCmdLineOpts: 1 })).resolves.toMatchObject({ parsed: expect.anything() as unknown });
  });

  test('connectionStatus shows nobody as authenticated', async () => {
    await expect(admin({ connectionStatus: 1, showPrivileges: true })).resolves.toMatchObject({
      authInfo: { authenticatedUsers: [], authenticatedUserRoles: [], authenticatedUserPrivileges: [] },
    });
  });

  test('serverStatus counts connections and operations', async () => {
    const before = await admin({ serverStatus: 1 });
    await bench.db.collection('orders').insertOne({});
    const after = await admin({ serverStatus: 1 });
    const inserts = ({ opcounters }: Document): number => (opcounters as { insert: number }).insert;
    expect(inserts(after)).toBe(inserts(before) + 1);
    expect(after).toMatchObject({
      process: 'mongod',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as unknown,
      connections: { current: expect.any(Number) as unknown, available: expect.any(Number) as unknown },
      metrics: { cursor: { open: { total: expect.any(Number) as unknown } } },
    });
  });

  test('replSetGetStatus shows one healthy primary', async () => {
    const status = await admin({ replSetGetStatus: 1 });
    expect(status.members).toContainEqual(expect.objectContaining({ stateStr: 'PRIMARY', health: 1 }));
  });

  test('getLog lists its logs and refuses others', async () => {
    await expect(admin({ getLog: '*' })).resolves.toMatchObject({
      names: expect.arrayContaining(['global']) as unknown,
    });
    await expect(admin({ getLog: 'startupWarnings' })).resolves.toMatchObject({ log: expect.any(Array) as unknown });
    await expect(admin({ getLog: 'nothing' })).rejects.toEqual(refusal(96, "No log named 'nothing'"));
  });

  test('a command that there is not is refused with CommandNotFound', async () => {
    await expect(bench.db.command({ fly: 1 })).rejects.toEqual(refusal(59, "no such command: 'fly'"));
  });
});

describe('parameters', () => {
  test('one is asked for by its name', async () => {
    await expect(admin({ getParameter: 1, featureCompatibilityVersion: 1 })).resolves.toMatchObject({
      featureCompatibilityVersion: { version: expect.stringMatching(/^\d+\.\d+$/) as unknown },
    });
  });

  test('all are asked for by an asterisk', async () => {
    const all = await admin({ getParameter: '*' });
    expect(Object.keys(all).length).toBeGreaterThan(5);
  });

  test('one that there is not is refused with InvalidOptions', async () => {
    await expect(admin({ getParameter: 1, nothing: 1 })).rejects.toEqual(refusal(72, 'no option found to get'));
    await expect(admin({ setParameter: 1, nothing: 1 })).rejects.toEqual(refusal(72));
  });

  test('they belong to the admin database', async () => {
    await expect(bench.db.command({ getParameter: '*' })).rejects.toEqual(
      refusal(13, 'getParameter may only be run against the admin database.'),
    );
  });
});

describe('operations', () => {
  test('currentOp shows a command that runs, and killOp ends it', async () => {
    if (bench.isReal) return;
    const orders = bench.db.collection('orders');
    await orders.insertOne({});
    const data = { failCommands: ['find'], blockConnection: true, blockTimeMS: 300 };
    await admin({ configureFailPoint: 'failCommand', mode: { times: 1 }, data });
    const query = orders.find({}, { comment: 'slow' }).toArray();
    const ended = expect(query).rejects.toEqual(refusal(11601, 'operation was interrupted'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { inprog } = await admin({ currentOp: 1, 'command.comment': 'slow' });
    expect(inprog).toMatchObject([{ ns: `${bench.db.databaseName}.orders`, op: 'query', active: true }]);
    const [found] = inprog as { opid: number }[];
    await admin({ killOp: 1, op: found?.opid });
    await ended;
  });

  test('currentOp shows itself', async () => {
    const { inprog } = await admin({ currentOp: 1 });
    expect(inprog).toContainEqual(
      expect.objectContaining({
        opid: expect.anything() as unknown,
        ns: 'admin.$cmd',
        command: expect.objectContaining({ currentOp: 1 }) as unknown,
      }),
    );
  });

  test('killOp answers also where nothing runs under the number', async () => {
    await expect(admin({ killOp: 1, op: 999_999 })).resolves.toMatchObject({ info: 'attempting to kill op' });
  });
});

describe('fail points', () => {
  test('failCommand fails the commands it names so many times', async () => {
    if (bench.isReal) return;
    await admin({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { failCommands: ['ping'], errorCode: 8000 },
    });
    await expect(bench.db.command({ ping: 1 })).rejects.toEqual(refusal(8000));
    await expect(bench.db.command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
  });

  test('they belong to the admin database', async () => {
    if (bench.isReal) return;
    await expect(bench.db.command({ configureFailPoint: 'failCommand', mode: 'off' })).rejects.toEqual(refusal(13));
  });
});

describe('sessions', () => {
  test('one is started, refreshed and ended', async () => {
    const { id, timeoutMinutes } = await bench.db.command({ startSession: 1 });
    expect(timeoutMinutes).toBe(30);
    await expect(bench.db.command({ refreshSessions: [id] })).resolves.toMatchObject({ ok: 1 });
    await expect(bench.db.command({ endSessions: [id] })).resolves.toMatchObject({ ok: 1 });
  });

  test('ending a session undoes its open transaction', async () => {
    const orders = bench.db.collection('orders');
    await orders.insertOne({ a: 1 });
    const session = bench.client.startSession();
    session.startTransaction();
    await orders.updateOne({ a: 1 }, { $set: { b: 2 } }, { session });
    await bench.db.command({ killSessions: [session.id] });
    await expect(orders.findOne({ a: 1 }, { session })).rejects.toEqual(refusal(251));
    await session.endSession();
    expect(await orders.countDocuments({ b: 2 })).toBe(0);
  });

  test('a transaction that was committed is there, and may be committed again', async () => {
    const orders = await bench.db.createCollection('orders');
    const session = bench.client.startSession();
    session.startTransaction();
    await orders.insertOne({ a: 1 }, { session });
    expect(await orders.countDocuments()).toBe(0);
    await session.commitTransaction();
    await session.commitTransaction();
    expect(await orders.countDocuments()).toBe(1);
    await session.endSession();
  });

  test('a transaction that was aborted left nothing', async () => {
    const orders = await bench.db.createCollection('orders');
    const session = bench.client.startSession();
    session.startTransaction();
    await orders.insertOne({ a: 1 }, { session });
    await session.abortTransaction();
    expect(await orders.countDocuments()).toBe(0);
    await session.endSession();
  });

  test('commitTransaction outside of a transaction is refused', async () => {
    await expect(admin({ commitTransaction: 1 })).rejects.toMatchObject({ code: expect.any(Number) as unknown });
  });

  test('drop may not be run in a transaction', async () => {
    await bench.db.createCollection('orders');
    const session = bench.client.startSession();
    session.startTransaction();
    await expect(bench.db.command({ drop: 'orders' }, { session })).rejects.toEqual(refusal(263));
    await session.abortTransaction();
    await session.endSession();
  });

  test('collections and indexes may be made in a transaction', async () => {
    const session = bench.client.startSession();
    await session.withTransaction(async () => {
      const orders = await bench.db.createCollection('orders', { session });
      await orders.createIndexes([{ key: { a: 1 } }], { session });
      await orders.insertOne({ a: 1 }, { session });
    });
    await session.endSession();
    expect(await bench.db.collection('orders').find({ a: 1 }).hint({ a: 1 }).toArray()).toHaveLength(1);
  });
});
