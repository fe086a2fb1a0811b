import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { CommandError } from '../errors.ts';
import type { Handler } from './connection.ts';
import { Flags, bsonOf, messageOf } from './raw-client.fixture.ts';
import { cursorReply, okReply } from './reply.ts';
import { command, ping, serve, until } from './test-listeners.fixture.ts';

/** Waits until a number that grew grows no more. */
async function settled(value: () => number): Promise<void> {
  await until(() => value() > 0);
  for (let before = -1; before !== value();) {
    before = value();
    await sleep(50);
  }
}

/** Of a megabyte each: more than any socket takes without being read. */
const MESSAGES = 120;

describe('back-pressure', () => {
  test('a client that does not read is not answered beyond what its socket takes', async () => {
    let calls = 0;
    const batch = {
      id: 0n,
      namespace: 'a.b',
      batchName: 'firstBatch',
      documents: [bsonOf({ text: 'x'.repeat(1_000_000) })],
    } as const;
    const server = await serve({
      find: () => {
        calls += 1;
        return cursorReply(batch);
      },
    });
    const client = await server.client();
    client.socket.pause();
    client.send(
      Buffer.concat(Array.from({ length: MESSAGES }, (_, index) => messageOf(command('find'), { requestId: index }))),
    );
    await settled(() => calls);
    expect(calls).toBeLessThan(60);
    client.socket.resume();
    for (let index = 0; index < MESSAGES; index += 1) expect((await client.reply()).responseTo).toBe(index);
    expect(calls).toBe(MESSAGES);
  });

  test('what is sent while a command runs waits with the sender, and is answered after it', async () => {
    let release: () => void = () => undefined;
    const hold: Handler = async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return okReply();
    };
    const server = await serve({ hold, insert: ({ sequences }) => okReply({ n: sequences.get('documents')?.length }) });
    const client = await server.client();
    client.send(messageOf(command('hold')));
    const insert = messageOf(command('insert'), { sequences: { documents: [{ text: 'x'.repeat(1_000_000) }] } });
    for (let index = 0; index < 30; index += 1) client.send(insert);
    await sleep(100);
    expect(client.socket.writableLength).toBeGreaterThan(5_000_000);
    release();
    for (let index = 0; index < 31; index += 1) expect((await client.reply()).body).toMatchObject({ ok: 1 });
  });
});

function batches(count: number): Handler {
  let left = count;
  return () => {
    left -= 1;
    return cursorReply({
      id: left > 0 ? 77n : 0n,
      namespace: 'a.b',
      batchName: 'nextBatch',
      documents: [bsonOf({ left })],
    });
  };
}

describe('exhaust', () => {
  test('one getMore is answered until the cursor ends, each answer naming the one before', async () => {
    const client = await (await serve({ getMore: batches(4), ping })).client();
    client.send(
      messageOf(command('getMore'), { requestId: 5, flags: Flags.exhaustAllowed }),
      messageOf(command('ping'), { requestId: 6 }),
    );
    let responseTo = 5;
    for (const moreToCome of [true, true, true, false]) {
      const reply = await client.reply();
      expect(reply).toMatchObject({ responseTo, moreToCome });
      responseTo = reply.requestId;
    }
    expect((await client.reply()).responseTo).toBe(6);
  });

  test('a getMore that fails on the way ends the stream with its error', async () => {
    const more = batches(10);
    let calls = 0;
    const failing: Handler = (request) => {
      calls += 1;
      if (calls === 3) throw new CommandError('CursorNotFound', 'gone');
      return more(request);
    };
    const client = await (await serve({ getMore: failing })).client();
    client.send(messageOf(command('getMore'), { flags: Flags.exhaustAllowed }));
    expect([await client.reply(), await client.reply(), await client.reply()]).toMatchObject([
      { moreToCome: true },
      { moreToCome: true },
      { moreToCome: false, body: { ok: 0, code: 43 } },
    ]);
  });

  test('without the flag, and for other commands, one answer is given', async () => {
    const client = await (await serve({ getMore: batches(4), find: batches(4), ping })).client();
    client.send(messageOf(command('getMore')), messageOf(command('find'), { flags: Flags.exhaustAllowed }));
    expect([await client.reply(), await client.reply()]).toMatchObject([{ moreToCome: false }, { moreToCome: false }]);
    expect(await client.ask(messageOf(command('ping')))).toEqual({ ok: 1 });
  });

  test('a client that goes ends its stream', async () => {
    let calls = 0;
    const server = await serve({
      getMore: () => {
        calls += 1;
        return cursorReply({ id: 1n, namespace: 'a.b', batchName: 'nextBatch', documents: [] });
      },
    });
    const client = await server.client();
    client.send(messageOf(command('getMore'), { flags: Flags.exhaustAllowed }));
    await client.reply();
    client.close();
    await until(() => server.listener.connections.size === 0);
    await sleep(5);
    const before = calls;
    await sleep(20);
    expect(calls).toBe(before);
  });
});
