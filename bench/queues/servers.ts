import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '../../tests/redis.ts';
import { startProcess } from '../embedded/servers.ts';

/** What queues run on, each in a process of its own, with nothing in it. */
export interface Servers {
  readonly redisUrl: string;
  readonly mongoUri: string;
  stop(): Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-queues-'));
  const redis = await startRedis();
  const mongo = await startProcess('../../src/embedded/main.ts', ['--port', '0', '--data', directory]);
  return {
    redisUrl: redis.url,
    mongoUri: mongo.uri,
    async stop() {
      await Promise.all([redis.stop(), mongo.stop()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
