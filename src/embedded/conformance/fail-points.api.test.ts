import { describe, expect, test } from '@jest/globals';
import { MongoNetworkError, MongoWriteConcernError, type CommandStartedEvent, type Document } from 'mongodb';
import { withFailPoint } from './fail-point.ts';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

describe('failCommand', () => {
  test('an error code fails the commands it names, and no others', async () => {
    await withFailPoint(bench, { failCommands: ['find'], errorCode: 8000 }, async () => {
      await expect(bench.db.command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
      await expect(bench.db.collection('a').findOne()).rejects.toEqual(refusal(8000, /failpoint/));
      await expect(bench.db.collection('a').findOne()).resolves.toBeNull();
    });
  });

  test('it fires so many times', async () => {
    const ping = (): Promise<unknown> => bench.db.command({ ping: 1 });
    const data = { failCommands: ['ping'], errorCode: 8000 };
    await withFailPoint(
      bench,
      data,
      async () => {
        await expect(ping()).rejects.toEqual(refusal(8000));
        await expect(ping()).rejects.toEqual(refusal(8000));
        await expect(ping()).resolves.toMatchObject({ ok: 1 });
      },
      { mode: { times: 2 } },
    );
  });

  test('it lets so many pass first', async () => {
    const ping = (): Promise<unknown> => bench.db.command({ ping: 1 });
    const data = { failCommands: ['ping'], errorCode: 8000 };
    await withFailPoint(
      bench,
      data,
      async () => {
        await expect(ping()).resolves.toMatchObject({ ok: 1 });
        await expect(ping()).rejects.toEqual(refusal(8000));
        await expect(ping()).rejects.toEqual(refusal(8000));
      },
      { mode: { skip: 1 } },
    );
  });

  test('it is meant for one application alone', async () => {
    const other = await bench.connect({ appName: 'other' });
    const data = { failCommands: ['ping'], errorCode: 8000, appName: 'other' };
    await withFailPoint(
      bench,
      data,
      async () => {
        await expect(bench.db.command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
        await expect(other.db('admin').command({ ping: 1 })).rejects.toEqual(refusal(8000));
      },
      { mode: 'alwaysOn' },
    );
  });
});

describe('what it does to a command', () => {
  test('a closed connection ends the command without effect', async () => {
    const client = await bench.connect({ retryWrites: false });
    const orders = client.db(bench.db.databaseName).collection('orders');
    await withFailPoint(bench, { failCommands: ['insert'], closeConnection: true }, async () => {
      await expect(orders.insertOne({})).rejects.toBeInstanceOf(MongoNetworkError);
    });
    expect(await orders.countDocuments()).toBe(0);
  });

  test('a read is repeated by the driver after a closed connection', async () => {
    const orders = bench.db.collection<{ _id: number }>('orders');
    await orders.insertOne({ _id: 1 });
    await withFailPoint(bench, { failCommands: ['find'], closeConnection: true }, async () => {
      await expect(orders.findOne()).resolves.toEqual({ _id: 1 });
    });
  });

  test('a failed concern is told beside a write that took effect', async () => {
    const writeConcernError = { code: 64, errmsg: 'waited too long', errInfo: { wtimeout: true } };
    const orders = bench.db.collection('orders');
    await withFailPoint(bench, { failCommands: ['insert'], writeConcernError }, async () => {
      await expect(orders.insertOne({})).rejects.toBeInstanceOf(MongoWriteConcernError);
    });
    expect(await orders.countDocuments()).toBe(1);
  });

  test('a blocked connection waits, no longer than the command may', async () => {
    const data = { failCommands: ['find'], blockConnection: true, blockTimeMS: 5_000 };
    const started = performance.now();
    await withFailPoint(bench, data, async () => {
      await expect(bench.db.collection('a').findOne({}, { maxTimeMS: 20 })).rejects.toEqual(refusal(50));
    });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('its name and its database are checked', async () => {
    const on = { mode: 'alwaysOn', data: { failCommands: ['ping'], errorCode: 1 } };
    await expect(bench.db.command({ configureFailPoint: 'failCommand', ...on })).rejects.toEqual(refusal(13));
    await expect(bench.client.db('admin').command({ configureFailPoint: 'nothing', ...on })).rejects.toMatchObject({
      code: expect.any(Number) as unknown,
    });
  });
});

describe('labels of errors', () => {
  test.each<[string, Document, string[]]>([
    ['a network fault of the cluster', { errorCode: 91 }, ['RetryableWriteError']],
    ['a fault that repetition does not mend', { errorCode: 64 }, []],
    ['labels that the fail point names', { errorCode: 64, errorLabels: ['Ours'] }, ['Ours']],
    ['no labels where the fail point says so', { errorCode: 91, errorLabels: [] }, []],
  ])('a write of a session is told %s', async (_what, data, labels) => {
    const orders = bench.db.collection('orders');
    const failures = { failCommands: ['insert'], ...data };
    const attempt = (): Promise<unknown> => orders.insertOne({}).catch((error: unknown) => error);
    const told = await withFailPoint(bench, failures, attempt, { mode: 'alwaysOn' });
    const given = (told as { errorLabels: readonly string[] }).errorLabels;
    expect(given.filter((label) => label !== 'ResetPool')).toEqual(labels);
  });

  test('outside of a session there are none', async () => {
    const data = { failCommands: ['insert'], errorCode: 91 };
    const client = await bench.connect({ retryWrites: false });
    const orders = client.db(bench.db.databaseName).collection('orders');
    const failure: unknown = await withFailPoint(bench, data, () =>
      orders.insertOne({}).catch((error: unknown) => error),
    );
    expect(failure).toMatchObject({
      code: 91,
      errorLabels: expect.not.arrayContaining(['RetryableWriteError']) as unknown,
    });
  });

  test('a transaction is told to begin anew', async () => {
    const session = bench.client.startSession();
    session.startTransaction();
    const data = { failCommands: ['insert'], errorCode: 112 };
    await withFailPoint(bench, data, async () => {
      await expect(bench.db.collection('a').insertOne({}, { session })).rejects.toMatchObject({
        code: 112,
        errorLabels: ['TransientTransactionError'],
      });
    });
    await session.endSession();
  });

  test('commit is repeated by the driver when the cluster changed', async () => {
    const client = await bench.connect({ monitorCommands: true });
    const commits: CommandStartedEvent[] = [];
    client.on('commandStarted', (event) => {
      if (event.commandName === 'commitTransaction') commits.push(event);
    });
    const orders = client.db(bench.db.databaseName).collection('orders');
    await bench.db.createCollection('orders');
    await withFailPoint(bench, { failCommands: ['commitTransaction'], errorCode: 10107 }, () =>
      client.withSession((session) => session.withTransaction(() => orders.insertOne({}, { session }))),
    );
    expect(commits).toHaveLength(2);
    expect(await orders.countDocuments()).toBe(1);
  });
});
