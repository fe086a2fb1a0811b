import { startEmbeddedServer } from '../../src/embedded/index.ts';
import { DAY_MS, SECOND_MS } from '../../src/shared/time.ts';
import { startRedis } from '../redis.ts';
import type { Addresses } from './addresses.ts';

/** What this process tells the one that started it. */
export type ServersMessage = { readonly addresses: Addresses } | { readonly failure: string };

/** As operators are told to set it. */
const TRANSACTION_MS = 10 * SECOND_MS;

const INSTALL =
  'The tests need redis-server, which is not on the PATH. Install it by `apt-get install redis-server` (Debian, Ubuntu) or `brew install redis` (macOS).';

const isMissing = (error: unknown): boolean => (error as { code?: unknown }).code === 'ENOENT';

/**
 * A process of its own for the servers, so that they don't share an event loop with jest, and end with it however it
 * ends: the channel to it closes.
 */
async function run(tell: (message: ServersMessage) => void): Promise<void> {
  // Suites live at times of their own: what is new there would be long over by the server's clock, and be gone in the middle of a test.
  const database = startEmbeddedServer({ ttlIntervalMs: DAY_MS, transactionLifetimeMs: TRANSACTION_MS });
  const redis = startRedis();
  const stop = async (): Promise<void> => {
    const ends = [database.then((server) => server.close()), redis.then((server) => server.stop())];
    await Promise.allSettled(ends);
    process.exit(0);
  };
  process.once('disconnect', () => void stop());
  // Ctrl-C reaches the whole group; jest ends first, and then the channel.
  process.on('SIGINT', () => undefined);
  try {
    tell({ addresses: { mongoUri: (await database).uri, redisUrl: (await redis).url } });
  } catch (error) {
    tell({ failure: isMissing(error) ? INSTALL : String(error) });
  }
}

await run((message) => process.send?.(message));
