import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Long, MongoClient, UUID, type ClientSession, type Collection, type Db, type Document } from 'mongodb';
import { freePort } from '../../../scripts/start/ports.ts';
import { startChild, type Child } from '../../../tests/child.ts';
import { eventually } from '../../../tests/environment/index.ts';
import { startEmbeddedServer, type EmbeddedServer } from '../index.ts';

interface Row {
  _id: number;
  n: number;
}

let directory: string;
let server: EmbeddedServer;
let client: MongoClient;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'embedded-'));
  await start();
});
afterEach(async () => {
  await stop();
  await rm(directory, { recursive: true });
});

async function start(): Promise<void> {
  server = await startEmbeddedServer({ dataDir: join(directory, 'data') });
  client = await MongoClient.connect(server.uri);
}
async function stop(): Promise<void> {
  await client.close();
  await server.close();
}
async function startAnew(): Promise<void> {
  await stop();
  await start();
}

const db = (): Db => client.db('app');
const rows = (name = 'rows'): Collection<Row> => db().collection<Row>(name);
const names = async (): Promise<string[]> => (await db().listCollections().toArray()).map(({ name }) => name).sort();
const messageOf = (error: Error): string => error.message;
const fill = (name: string, count: number) =>
  rows(name).insertMany(Array.from({ length: count }, (_, n) => ({ _id: n, n })));

/** Until the server is at work on a command, or on several of its kind. */
const begun = (name: string, of: string, times = 1) =>
  eventually(async () => {
    const { inprog } = (await client.db('admin').command({ currentOp: 1 })) as { inprog: { command?: Document }[] };
    return inprog.filter(({ command }) => command?.[name] === of).length >= times;
  });

/** Has a transaction open that others wait for, as long as `work` takes. */
async function amid(collection: string, work: () => Promise<void>): Promise<void> {
  const session = client.startSession();
  session.startTransaction();
  await rows(collection).updateOne({ _id: 1 }, { $set: { n: -1 } }, { session });
  await work();
  await session.commitTransaction();
  await session.endSession();
}

describe('a build of an index that its collection is taken from', () => {
  test('writes nothing of it: what was made since stays, and what was dropped does not come back', async () => {
    await Promise.all([fill('rows', 500), fill('gone', 500), fill('other', 2)]);
    let built: Promise<string>[] = [];
    await amid('other', async () => {
      built = ['rows', 'gone'].map((name) => rows(name).createIndex({ n: 1 }, {}, {}).catch(messageOf));
      await Promise.all(['rows', 'gone'].map((name) => begun('createIndexes', name)));
      await Promise.all([rows('rows').drop(), rows('gone').drop()]);
      await rows('rows').insertOne({ _id: 7, n: 7 });
    });
    expect(await Promise.all(built)).not.toContain('n_1');
    await startAnew();
    expect(await names()).toEqual(['other', 'rows']);
    expect(await rows().find().toArray()).toEqual([{ _id: 7, n: 7 }]);
  });

  test('is not waited for by another that is asked for the same: that one fails as well, and touches nothing', async () => {
    await Promise.all([fill('rows', 500), fill('other', 2)]);
    let built: Promise<string>[] = [];
    await amid('other', async () => {
      const build = () => rows().createIndex({ n: 1 }, {}, {}).catch(messageOf);
      built = [build()];
      await begun('createIndexes', 'rows');
      built.push(build());
      await begun('createIndexes', 'rows', 2);
      await rows().drop();
      await rows().insertOne({ _id: 7, n: 7 });
    });
    expect(await Promise.all(built)).toEqual([expect.stringMatching(/dropped/), expect.stringMatching(/dropped/)]);
    await startAnew();
    expect(await rows().find().toArray()).toEqual([{ _id: 7, n: 7 }]);
  });

  test('ends before the collection is renamed, also one that began while the renaming waited', async () => {
    await fill('rows', 2_000);
    let renamed: Promise<unknown> = Promise.resolve();
    let built: Promise<string> = Promise.resolve('');
    await amid('rows', async () => {
      renamed = rows().rename('renamed');
      await begun('renameCollection', 'app.rows');
      built = rows().createIndex({ n: 1 }, {}, {}).catch(messageOf);
      await begun('createIndexes', 'rows');
    });
    await renamed;
    expect(await built).toBe('n_1');
    await startAnew();
    expect(await names()).toEqual(['renamed']);
    expect((await rows('renamed').indexes()).map(({ name }) => name)).toEqual(['_id_', 'n_1']);
    expect(await rows('renamed').countDocuments({ n: { $gte: 0 } })).toBe(1_999);
  });
});

test('a commit that is repeated after the server was started anew is answered, and one of another number is not', async () => {
  await fill('rows', 2);
  // The driver numbers sessions and transactions itself: this goes on with what another one has begun.
  const numbersOf = (session: ClientSession) =>
    (session as unknown as { readonly serverSession: { id: unknown; txnNumber: number } }).serverSession;
  const session = client.startSession();
  session.startTransaction();
  await rows().updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session });
  await session.commitTransaction();
  const { id, txnNumber } = numbersOf(session);
  await startAnew();
  const commit = (number: number): Promise<unknown> => {
    const again = client.startSession();
    Object.assign(numbersOf(again), { id, txnNumber: number });
    const command = { commitTransaction: 1, txnNumber: Long.fromNumber(number), autocommit: false };
    return client
      .db('admin')
      .command(command, { session: again })
      .then(({ ok }) => ok as number, messageOf);
  };
  expect(await commit(txnNumber)).toBe(1);
  expect(await commit(txnNumber + 1)).toMatch(/does not match any in-progress transactions/);
  expect(await rows().findOne({ _id: 1 })).toEqual({ _id: 1, n: 2 });
});

test('a getMore that waits for the thread of an aggregation ends when its cursor is killed', async () => {
  await fill('rows', 40_000);
  const session = client.startSession();
  const pipeline = [{ $sort: { n: -1 } }, { $group: { _id: '$_id', n: { $sum: '$n' } } }];
  const { cursor } = await db().command({ aggregate: 'rows', pipeline, cursor: { batchSize: 0 } }, { session });
  const { id } = cursor as { id: Long };
  const more = db().command({ getMore: id, collection: 'rows' }, { session }).catch(messageOf);
  await begun('collection', 'rows');
  await db().command({ killCursors: 'rows', cursors: [id] });
  expect(await more).toBe('cursor was killed');
});

test('a collection that was dropped while it was to be made a capped one is not there again', async () => {
  await fill('rows', 2);
  let dropped = Promise.resolve(false);
  let converted: Promise<unknown> = dropped;
  await amid('rows', async () => {
    dropped = rows().drop();
    await begun('drop', 'rows');
    converted = db().command({ convertToCapped: 'rows', size: 4_096 }).catch(messageOf);
    await begun('convertToCapped', 'rows');
  });
  expect(await dropped).toBe(true);
  expect(await converted).toMatch(/does not exist/);
  await startAnew();
  expect(await names()).toEqual([]);
});

test('findOneAndUpdate with a projection that cannot be changes nothing', async () => {
  await fill('rows', 2);
  const asked = rows().findOneAndUpdate({ _id: 1 }, { $inc: { n: 1 } }, { projection: { a: 1, b: 0 } });
  await expect(asked).rejects.toThrow(/exclusion/);
  expect(await rows().findOne({ _id: 1 })).toEqual({ _id: 1, n: 1 });
});

test('$out whose collection was dropped while it waited fails, and leaves the target as it was', async () => {
  await Promise.all([fill('rows', 300), fill('target', 2)]);
  const out = { done: Promise.resolve<unknown>(undefined) };
  await amid('target', async () => {
    out.done = rows()
      .aggregate([{ $out: 'target' }])
      .toArray()
      .catch(messageOf);
    const [made = ''] = await eventually(async () => {
      const others = (await names()).filter((name) => !['rows', 'target'].includes(name));
      return others.length > 0 && others;
    });
    await eventually(async () => (await rows(made).countDocuments({ n: { $gte: 0 } })) === 300);
    await rows(made).drop();
  });
  expect(await out.done).toMatch(/dropped or renamed/);
  expect(await rows('target').countDocuments({})).toBe(2);
});

describe('killed while a write looks for what its second statement changes', () => {
  let own: MongoClient;
  let child: Child;
  let port: number;
  const run = async (): Promise<void> => {
    child = startChild('src/embedded/main.ts', ['--port', String(port), '--data', join(directory, 'killed')], {});
    await eventually(() => child.log().includes('Ready'));
    own = await MongoClient.connect(`mongodb://127.0.0.1:${String(port)}/?directConnection=true`, {
      retryWrites: false,
    });
  };
  beforeEach(async () => {
    // None of those that connections are given by chance: one might have it while the server is down.
    port = await freePort(20_000 + (process.pid % 10_000));
    await run();
  });
  afterEach(async () => {
    await own.close();
    child.kill('SIGKILL');
    await child.ended;
  });

  test('the server does not repeat the first once it runs again', async () => {
    const lsid = { id: new UUID() };
    const padded = () => own.db('app').collection<Row & { pad: string }>('rows');
    const increment = (q: object) => ({ q, u: { $inc: { n: 1 } } });
    const write = (number: number, ...updates: readonly object[]) => {
      const session = own.startSession();
      Object.assign(session.id ?? {}, lsid);
      return own.db('app').command({ update: 'rows', updates, txnNumber: Long.fromNumber(number) }, { session });
    };
    await padded().insertMany(Array.from({ length: 2_000 }, (_, _id) => ({ _id, n: 0, pad: 'x'.repeat(600) })));
    // Compiled before: the first statement must not take its whole turn.
    for (let number = 1; number <= 50; number += 1) await write(number, increment({ _id: 2 }), increment({ _id: 3 }));
    // The second looks long at every one, and gives way to others on the way.
    const updates = [increment({ _id: 1 }), increment({ pad: /x*y/ })];
    const first = write(51, ...updates).then(() => 'answered', messageOf);
    await eventually(async () => (await padded().findOne({ _id: 1 }))?.n === 1);
    // What was written before it is on the disk with it.
    await own.db('app').collection('others').insertOne({});
    child.kill('SIGKILL');
    expect(await first).toMatch(/closed/);
    await child.ended;
    await own.close();
    await run();
    expect(await write(51, ...updates)).toMatchObject({ n: 1, nModified: 1 });
    expect(await padded().findOne({ _id: 1 })).toMatchObject({ n: 1 });
  });
});
