import { afterEach, describe, expect, test } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import type { Document } from 'mongodb';
import { startEmbeddedServer } from '../index.ts';
import { messageOf, RawClient } from '../server/raw-client.fixture.ts';
import { withDatabase } from './harness.ts';
import { refusal } from './refusal.ts';

const bench = withDatabase();

const SEVERAL_HUNDRED = 400;

const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

describe('code of users', () => {
  test.each<[string, Document]>([
    ['$where in a find', { find: 'a', filter: { $where: 'true' } }],
    ['$where within $or', { find: 'a', filter: { $or: [{ a: 1 }, { $where: 'true' }] } }],
    ['$where in a delete', { delete: 'a', deletes: [{ q: { $where: 'true' }, limit: 0 }] }],
    [
      '$function in a find',
      { find: 'a', filter: { $expr: { $function: { body: 'function(){}', args: [], lang: 'js' } } } },
    ],
    [
      '$function in an aggregation',
      {
        aggregate: 'a',
        pipeline: [{ $project: { x: { $function: { body: 'function(){}', args: [], lang: 'js' } } } }],
        cursor: {},
      },
    ],
    [
      '$accumulator in an aggregation',
      {
        aggregate: 'a',
        pipeline: [{ $group: { _id: null, x: { $accumulator: { init: '', accumulate: '', merge: '', lang: 'js' } } } }],
        cursor: {},
      },
    ],
  ])('%s is refused', async (_what, command) => {
    if (bench.isReal) return;
    await bench.db.collection('a').insertOne({});
    const outcome = bench.db.command(command).then((reply) => {
      const { writeErrors } = reply as { writeErrors?: Document[] };
      if (writeErrors !== undefined) throw new Error('refused as a statement');
    });
    await expect(outcome).rejects.toThrow();
    expect(await bench.db.collection('a').countDocuments()).toBe(1);
  });

  test('mapReduce is no command', async () => {
    if (bench.isReal) return;
    await expect(bench.db.command({ mapReduce: 'a', map: '', reduce: '', out: 'b' })).rejects.toEqual(refusal(59));
  });
});

describe('names', () => {
  test.each(['a b', 'a/b', 'a\\b', 'a$b', 'a"b', 'x'.repeat(64)])('the database %p is refused', async (name) => {
    // The driver refuses most of these itself.
    const send = async (): Promise<unknown> => bench.client.db(name).command({ insert: 'a', documents: [{}] });
    await expect(send()).rejects.toThrow();
  });

  test.each(['', '$a', 'a$b'])('the collection %p is refused', async (name) => {
    const reply = bench.db.command({ insert: name, documents: [{}] }).then(({ writeErrors }) => {
      throw Object.assign(new Error('refused'), (writeErrors as Document[])[0]);
    });
    await expect(reply).rejects.toEqual(refusal(73));
  });

  test('a command that there is not is refused', async () => {
    await expect(bench.db.command({ eval: 'x' })).rejects.toEqual(refusal(59, /no such command/));
    await expect(bench.db.command({ constructor: 1 })).rejects.toEqual(refusal(59));
    await expect(bench.db.command({ __proto__: null, toString: 1 })).rejects.toEqual(refusal(59));
  });

  test('fields named as members of objects are data like any other', async () => {
    const document = JSON.parse('{"_id":1,"__proto__":{"a":1},"constructor":{"prototype":2}}') as Document;
    await bench.db.collection('a').insertOne(document);
    const found = await bench.db.collection('a').findOne({ 'constructor.prototype': 2 });
    expect(Object.keys(found ?? {})).toEqual(['_id', '__proto__', 'constructor']);
    expect(({} as { a?: number }).a).toBeUndefined();
  });
});

describe('connections', () => {
  test('another address than loopback is refused', async () => {
    await expect(startEmbeddedServer({ host: '0.0.0.0' })).rejects.toThrow(/loopback/);
    await expect(startEmbeddedServer({ host: '::' })).rejects.toThrow(/--unsafe-bind/);
  });

  test('several hundred are served side by side', async () => {
    if (bench.isReal) return;
    const port = Number(new URL(bench.uri).port);
    const clients = Array.from({ length: SEVERAL_HUNDRED }, () => new RawClient(port));
    sockets.push(...clients.map(({ socket }) => socket));
    const answers = await Promise.all(clients.map((client) => client.ask(messageOf({ ping: 1, $db: 'admin' }))));
    expect(answers.every(({ ok }) => ok === 1)).toBe(true);
    const { connections } = (await bench.client.db('admin').command({ serverStatus: 1 })) as {
      connections: { current: number };
    };
    expect(connections.current).toBeGreaterThan(SEVERAL_HUNDRED);
  });

  test('many clients write at once', async () => {
    const client = await bench.connect({ maxPoolSize: 100 });
    const rows = client.db(bench.db.databaseName).collection<{ _id: number }>('rows');
    await Promise.all(Array.from({ length: 300 }, (_, _id) => rows.insertOne({ _id })));
    expect(await rows.countDocuments()).toBe(300);
  });

  test('compressed messages are understood and answered', async () => {
    const client = await bench.connect({ compressors: ['zlib'] });
    const rows = client.db(bench.db.databaseName).collection<{ _id: number; text: string }>('rows');
    const text = 'again and '.repeat(10_000);
    await rows.insertOne({ _id: 1, text });
    expect(await rows.findOne()).toEqual({ _id: 1, text });
  });

  test('a half-open one that sends nothing, or nonsense, costs nobody else anything', async () => {
    if (bench.isReal) return;
    const port = Number(new URL(bench.uri).port);
    const [silent, rude] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    sockets.push(silent, rude);
    const closed = new Promise((resolve) => rude.once('close', resolve));
    rude.write(Buffer.alloc(64, 0xff));
    await closed;
    await expect(bench.db.command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
    expect(silent.destroyed).toBe(false);
  });

  test('documents nested more deeply than MongoDB takes are refused', async () => {
    let document: Document = {};
    for (let depth = 0; depth < 300; depth++) document = { a: document };
    await expect(bench.db.collection('a').insertOne(document)).rejects.toMatchObject({
      code: expect.any(Number) as unknown,
    });
    await expect(bench.db.command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
  });
});
