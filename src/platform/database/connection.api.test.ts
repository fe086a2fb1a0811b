import { afterAll, expect, jest, test } from '@jest/globals';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { eventually, silent, uniqueName } from '../../../tests/environment/index.ts';
import { FaultProxy } from '../../../tests/fault-proxy.ts';
import { databaseSettings } from '../../config/database.ts';
import { startEmbeddedServer, type EmbeddedServer } from '../../embedded/index.ts';
import { newId, type Id } from '../../shared/ids.ts';
import { storedCollection } from './collection.ts';
import { Database } from './connection.ts';
import { databaseProblems } from './failures.ts';
import { asSystem } from './scoped.ts';
import { mongoTransact } from './transaction.ts';

interface Note {
  _id: Id;
  text: string;
}

const notes = storedCollection<Note>({
  name: 'Note',
  collection: 'notes',
  fields: { text: { type: String, required: true } },
  scopes: { system: () => ({}) },
  indexes: [],
});

const system = asSystem('test');
let server: EmbeddedServer | undefined;
let database: Database | undefined;

afterAll(async () => {
  await database?.close();
  await server?.close();
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** What the caller is told, or undefined when all went well. */
const problemOf = (operation: Promise<unknown>): Promise<unknown> =>
  operation.then(
    () => undefined,
    (thrown: unknown) => databaseProblems(thrown) ?? thrown,
  );

test('a process answers 503 while its database is away, at the start and later, and recovers by itself', async () => {
  const port = await freePort();
  const uri = `mongodb://127.0.0.1:${String(port)}/?replicaSet=embedded`;
  const settings = databaseSettings({ uri, name: uniqueName('away'), maxPoolSize: 5, minPoolSize: 0 });
  const opened = new Database(settings, { logger: silent });
  database = opened;
  const model = notes.on(opened.primary);
  const read = () => model.findOne({ _id: newId() }, null, system).lean();
  const isUp = () =>
    opened
      .healthCheck()
      .check(AbortSignal.timeout(1_000))
      .then(
        () => true,
        () => false,
      );
  const operations = {
    read,
    write: () => model.create([{ _id: newId(), text: 'x' }], system),
    bulk: () => model.bulkWrite([{ insertOne: { document: { _id: newId(), text: 'x' } } }], system),
    transaction: () => mongoTransact(opened.primary, () => Promise.resolve())(system, () => Promise.resolve(1)),
  };
  const expectAway = async () => {
    for (const operate of Object.values(operations)) {
      const told = { kind: { code: 'unavailable', status: 503 }, details: { retryAfterSeconds: 1 } };
      expect(await problemOf(operate())).toMatchObject(told);
    }
  };

  expect(await opened.connect()).toBe(false);
  await expectAway();

  server = await startEmbeddedServer({ port });
  await eventually(isUp);
  await operations.write();

  await server.close();
  await expectAway();

  server = await startEmbeddedServer({ port });
  await eventually(isUp);
  await operations.write();
  expect(await read()).toBeNull();
}, 60_000);

test('while its database hangs, what is under way and what is asked anew is away; it goes on by itself, and what is merely slow is left alone', async () => {
  server ??= await startEmbeddedServer();
  const proxy = await FaultProxy.start(Number(new URL(server.uri).port));
  const uri = `mongodb://127.0.0.1:${String(proxy.port)}/?directConnection=true`;
  const settings = databaseSettings({ uri, name: uniqueName('hung'), maxPoolSize: 5, minPoolSize: 0 });
  const hung = new Database(settings, { logger: silent });
  await hung.connect();
  const model = notes.on(hung.primary);
  await model.create([{ _id: newId(), text: 'one' }], system);
  const operations = {
    find: () => model.find({}, null, system).lean(),
    findOne: () => model.findOne({}, null, system).lean(),
    cursor: () => model.find({}, null, system).lean().cursor().next(),
    aggregate: () => model.aggregate([{ $match: {} }], system),
    aggregateCursor: () =>
      model
        .aggregate([{ $match: {} }], system)
        .cursor()
        .next(),
    count: () => model.countDocuments({}, system),
    distinct: () => model.distinct('text', {}, system),
    create: () => model.create([{ _id: newId(), text: 'two' }], system),
    updateOne: () => model.updateOne({ text: 'x' }, { $set: { text: 'y' } }, system),
    updateMany: () => model.updateMany({ text: 'x' }, { $set: { text: 'y' } }, system),
    findOneAndUpdate: () => model.findOneAndUpdate({ text: 'x' }, { $set: { text: 'y' } }, system).lean(),
    findOneAndDelete: () => model.findOneAndDelete({ text: 'x' }, system).lean(),
    deleteOne: () => model.deleteOne({ text: 'x' }, system),
    deleteMany: () => model.deleteMany({ text: 'x' }, system),
    bulkWrite: () => model.bulkWrite([{ insertOne: { document: { _id: newId(), text: 'x' } } }], system),
    transaction: () =>
      mongoTransact(hung.primary, () => Promise.resolve())(system, async (access) => {
        for (const text of ['a', 'b', 'c']) await model.updateOne({ text }, { $set: { text } }, access);
      }),
  };
  const tellAll = () => Promise.all(Object.values(operations).map((operate) => problemOf(operate())));

  proxy.blackhole();
  for (const problem of await tellAll()) expect(problem).toMatchObject({ kind: { code: 'unavailable' } });
  // The second time nothing is sent: nobody waits any more to learn it.
  const sent = jest.fn();
  hung.primary.getClient().on('commandStarted', sent);
  for (const problem of await tellAll()) expect(problem).toMatchObject({ kind: { code: 'unavailable' } });
  expect(sent).not.toHaveBeenCalled();

  await proxy.restore();
  await eventually(async () => (await problemOf(operations.find())) === undefined);
  // Its round trips together take longer than a silence may.
  proxy.latencyMs = settings.silenceMs / 5;
  expect(await problemOf(operations.transaction())).toBeUndefined();
  await hung.close();
  await proxy.close();
});

test('analytics is a connection of its own, opened when first asked for', async () => {
  server ??= await startEmbeddedServer();
  const settings = databaseSettings({ uri: server.uri, name: uniqueName('two'), maxPoolSize: 20, minPoolSize: 0 });
  const two = new Database(settings, { logger: silent });
  await two.connect();
  const [analytics, meanwhile] = await Promise.all([two.analytics(), two.analytics()]);
  expect(analytics).toBe(meanwhile);
  expect(analytics.getClient()).not.toBe(two.primary.getClient());
  expect(analytics.getClient().options.readPreference.mode).toBe('secondaryPreferred');
  await notes.on(two.primary).create([{ _id: newId(), text: 'seen by both' }], system);
  expect(await notes.on(analytics).countDocuments({ text: 'seen by both' }, system)).toBe(1);
  await two.close();
});

test('whoever asks for analytics while it is being opened gets it connected', async () => {
  server ??= await startEmbeddedServer();
  const settings = databaseSettings({ uri: server.uri, name: uniqueName('race'), maxPoolSize: 20, minPoolSize: 0 });
  const raced = new Database(settings, { logger: silent });
  const count = async () => notes.on(await raced.analytics()).countDocuments({}, system);
  expect(await Promise.all([count(), count(), count()])).toEqual([0, 0, 0]);
  await raced.close();
});
