import { afterAll, expect, test } from '@jest/globals';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { eventually, silent, uniqueName } from '../../../tests/environment/index.ts';
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

async function timed(operation: Promise<unknown>): Promise<{ readonly problem: unknown; readonly elapsedMs: number }> {
  const begun = performance.now();
  const error = await operation.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { problem: databaseProblems(error) ?? error, elapsedMs: performance.now() - begun };
}

test('a process answers 503 within 2 s while its database is away, at the start and later, and recovers by itself', async () => {
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
      const { problem, elapsedMs } = await timed(operate());
      expect(problem).toMatchObject({ kind: { code: 'unavailable', status: 503 }, details: { retryAfterSeconds: 1 } });
      expect(elapsedMs).toBeLessThan(2_000);
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
