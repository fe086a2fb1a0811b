import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { CommandError } from '../errors.ts';
import { helloReply } from './hello.ts';
import { listenForTest } from './raw-client.fixture.ts';
import type { TestListener } from './raw-client.fixture.ts';
import { okReply } from './reply.ts';

const ANSWERED: ReadonlySet<string> = new Set(['ping', 'endSessions']);
const HELLO: ReadonlySet<string> = new Set(['hello', 'ismaster', 'isMaster']);

let server: TestListener;

beforeAll(async () => {
  server = await listenForTest((request) => {
    if (HELLO.has(request.name)) {
      return okReply(helloReply({ host: '127.0.0.1', port: server.listener.port, request }));
    }
    if (ANSWERED.has(request.name)) return okReply();
    throw new CommandError('CommandNotFound', `no such command: '${request.name}'`);
  });
});

afterAll(async () => {
  await server.listener.close(100);
});

describe('the driver', () => {
  test.each(['directConnection=true', 'replicaSet=embedded', 'compressors=zlib&appName=shop', 'loadBalanced=false'])(
    'connects with %s, pings and leaves',
    async (options) => {
      const client = new MongoClient(`mongodb://127.0.0.1:${String(server.listener.port)}/?${options}`, {
        serverSelectionTimeoutMS: 3000,
      });
      try {
        expect(await client.db('shop').command({ ping: 1 })).toMatchObject({ ok: 1 });
        await expect(client.db('shop').command({ nothing: 1 })).rejects.toMatchObject({ code: 59 });
        const names = [...server.listener.connections].map(
          (connection) => connection.client?.driver as { name: string },
        );
        expect(names.every((driver) => driver.name === 'nodejs')).toBe(true);
      } finally {
        await client.close();
      }
    },
  );

  test('finds the replica set by its name, the server its primary with sessions', async () => {
    const client = new MongoClient(`mongodb://127.0.0.1:${String(server.listener.port)}/?replicaSet=embedded`);
    try {
      const hello = await client.db('admin').command({ hello: 1 });
      const me = `127.0.0.1:${String(server.listener.port)}`;
      expect(hello).toMatchObject({
        me,
        primary: me,
        hosts: [me],
        setName: 'embedded',
        isWritablePrimary: true,
        secondary: false,
        logicalSessionTimeoutMinutes: 30,
        maxBsonObjectSize: 16_777_216,
        maxMessageSizeBytes: 48_000_000,
        maxWriteBatchSize: 100_000,
        maxWireVersion: 21,
      });
      expect(hello).not.toHaveProperty('topologyVersion');
      expect(hello).not.toHaveProperty('electionId');
    } finally {
      await client.close();
    }
  });

  test('another name of the replica set is not found', async () => {
    const client = new MongoClient(`mongodb://127.0.0.1:${String(server.listener.port)}/?replicaSet=other`, {
      serverSelectionTimeoutMS: 200,
    });
    await expect(client.connect()).rejects.toMatchObject({ name: 'MongoServerSelectionError' });
    await client.close();
  });
});
