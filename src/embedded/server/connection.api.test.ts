import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { Handler } from './connection.ts';
import { Flags, bsonOf, compressedOf, frameOf, int32, messageOf, queryOf } from './raw-client.fixture.ts';
import { okReply } from './reply.ts';
import type { Request } from './request.ts';
import { OpCode } from './wire.ts';
import { command, ping, serve, until } from './test-listeners.fixture.ts';

describe('a connection', () => {
  test('commands sent together are answered in their order, each with the id of its request', async () => {
    const running: number[] = [];
    const slow: Handler = async ({ body }) => {
      running.push(body.slow as number);
      expect(running).toHaveLength(1);
      await sleep(body.slow as number);
      return okReply({ took: running.shift() });
    };
    const client = await (await serve({ slow, ping })).client();
    client.send(
      Buffer.concat([
        messageOf({ slow: 20, $db: 'shop' }, { requestId: 1 }),
        messageOf(command('ping'), { requestId: 2 }),
        messageOf({ slow: 1, $db: 'shop' }, { requestId: 3 }),
        messageOf(command('ping'), { requestId: 4 }),
      ]),
    );
    const replies = [await client.reply(), await client.reply(), await client.reply(), await client.reply()];
    expect(replies.map(({ responseTo }) => responseTo)).toEqual([1, 2, 3, 4]);
    expect(replies[0]?.body).toEqual({ took: 20, ok: 1 });
  });

  test('a message sent byte by byte is answered', async () => {
    const client = await (await serve({ ping })).client();
    for (const byte of messageOf(command('ping'))) {
      client.send(Buffer.from([byte]));
      await sleep(0);
    }
    expect((await client.reply()).body).toEqual({ ok: 1 });
  });

  test('an unacknowledged command is carried out without an answer', async () => {
    const seen: string[] = [];
    const note: Handler = async ({ name, sequences }) => {
      await sleep(1);
      seen.push(`${name} ${String(sequences.get('documents')?.length)}`);
      throw new Error('nobody hears of it');
    };
    const client = await (await serve({ insert: note, ping })).client();
    client.send(
      messageOf(command('insert'), { flags: Flags.moreToCome, sequences: { documents: [{}, {}] } }),
      messageOf(command('ping'), { requestId: 9 }),
    );
    expect((await client.reply()).responseTo).toBe(9);
    expect(seen).toEqual(['insert 2']);
    expect(client.waiting).toBe(0);
  });

  test('a command that came by zlib is answered by zlib, a hello never', async () => {
    const client = await (await serve({ ping, hello: ping })).client();
    client.send(compressedOf(messageOf(command('ping')), 2), compressedOf(messageOf(command('hello')), 2));
    expect(await client.reply()).toMatchObject({ opCode: OpCode.compressed, body: { ok: 1 } });
    expect(await client.reply()).toMatchObject({ opCode: OpCode.message, body: { ok: 1 } });
  });

  test('OP_QUERY is answered by OP_REPLY, with 352 for anything but hello', async () => {
    const client = await (await serve({ isMaster: ping })).client();
    client.send(queryOf('admin.$cmd', { isMaster: 1 }), queryOf('admin.$cmd', { ping: 1 }));
    expect(await client.reply()).toMatchObject({ opCode: OpCode.reply, body: { ok: 1 } });
    expect(await client.reply()).toMatchObject({ opCode: OpCode.reply, body: { ok: 0, code: 352 } });
  });
});

describe('a fault', () => {
  test.each<[string, Handler]>([
    [
      'throws',
      () => {
        throw new TypeError('secret');
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('secret'))],
    ['answers nothing', (() => undefined) as unknown as Handler],
    ['resolves to nothing', (() => Promise.resolve(undefined)) as unknown as Handler],
  ])('a handler that %s costs no other connection anything, and is logged', async (_, bad) => {
    const server = await serve({ bad, ping });
    const [client, other] = [await server.client(), await server.client()];
    client.send(messageOf(command('bad')));
    const answer = await client.reply().then(
      ({ body }) => body,
      () => ({ code: 1 }),
    );
    expect(answer).toMatchObject({ code: 1 });
    expect(await other.ask(messageOf(command('ping')))).toEqual({ ok: 1 });
    expect(server.log).toMatchObject([{ level: 'error' }]);
  });

  test('what does not keep to the protocol ends its connection alone', async () => {
    const server = await serve({ ping });
    const other = await server.client();
    for (const bytes of [
      int32(3, 0, 0, 2013),
      int32(-1, 0, 0, 2013),
      messageOf(command('ping'), { flags: 8 }),
      frameOf(1, bsonOf({})),
    ]) {
      const client = await server.client();
      client.send(bytes);
      await client.closed;
    }
    expect(await other.ask(messageOf(command('ping')))).toEqual({ ok: 1 });
    expect(server.listener.connections.size).toBe(1);
    expect(server.log.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn', 'warn']);
  });

  test('what a command waits for is told when its client goes', async () => {
    let told = false;
    const wait: Handler = ({ connection }) =>
      new Promise((resolve) => {
        connection.closed.addEventListener('abort', () => {
          told = true;
          resolve(okReply());
        });
      });
    const server = await serve({ wait });
    const client = await server.client();
    client.send(messageOf(command('wait')));
    await until(() => server.listener.connections.size === 1);
    await sleep(10);
    client.close();
    await until(() => told);
    await until(() => server.listener.connections.size === 0);
    expect(server.log).toEqual([]);
  });
});

describe('a listener', () => {
  test('closing lets the command that runs finish and takes no further one', async () => {
    const seen: Request['name'][] = [];
    const slow: Handler = async ({ name }) => {
      seen.push(name);
      await sleep(40);
      return okReply({ done: true });
    };
    const server = await serve({ slow });
    const [client, idle] = [await server.client(), await server.client()];
    client.send(messageOf(command('slow')), messageOf(command('slow')));
    await until(() => seen.length === 1);
    await server.listener.close(5000);
    expect((await client.reply()).body).toEqual({ done: true, ok: 1 });
    await Promise.all([client.closed, idle.closed]);
    expect(seen).toEqual(['slow']);
  });

  test('closing destroys what is not done in time', async () => {
    const server = await serve({ hang: () => new Promise(() => undefined) });
    const client = await server.client();
    client.send(messageOf(command('hang')));
    await until(() => server.listener.connections.size === 1);
    await server.listener.close(20);
    await client.closed;
    expect(server.listener.connections.size).toBe(0);
  });

  test('three hundred connections are served at once', async () => {
    const server = await serve({ ping });
    const clients = await Promise.all(Array.from({ length: 300 }, () => server.client()));
    const answers = await Promise.all(clients.map((client) => client.ask(messageOf(command('ping')))));
    expect(answers).toHaveLength(300);
    expect(server.listener.connections.size).toBe(300);
    expect(new Set([...server.listener.connections].map(({ id }) => id)).size).toBe(300);
    for (const client of clients) client.close();
    await until(() => server.listener.connections.size === 0);
  });
});
