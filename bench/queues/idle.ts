import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/start/ports.ts';
import { childEnvironment } from '../../src/config/index.ts';
import { queues } from '../../src/container/queues.ts';
import { below, figure, type Figure } from '../report.ts';
import type { Servers } from './servers.ts';

// As production starts it: compiled when it is, which saves 20 MB.
const RUN = fileURLToPath(new URL('../../scripts/run.js', import.meta.url));
const SETTLE_MS = 5_000;

/** Memory of a worker process of one kind, and of all kinds at once, with nothing to do, in megabytes. */
export async function measureIdle(servers: Servers): Promise<Figure[]> {
  const kinds = Object.keys(queues);
  const each: number[] = [];
  for (const kind of kinds) each.push(await residentMb(servers, [kind]));
  return [
    figure('idle worker of one kind, RSS', 'MB', each, below(160)),
    figure('idle worker of all kinds, RSS', 'MB', [await residentMb(servers, kinds)]),
  ];
}

async function residentMb({ mongoUri, redisUrl }: Servers, kinds: readonly string[]): Promise<number> {
  const port = String(await freePort());
  const env = childEnvironment({
    NODE_ENV: 'development',
    LOG_LEVEL: 'silent',
    WORKER_PORT: port,
    MONGODB_URI: mongoUri,
    REDIS_URL: redisUrl,
    CACHE_REDIS_URL: redisUrl,
  });
  const child = spawn(process.execPath, [RUN, 'workers/main', ...kinds], { env, stdio: 'ignore' });
  const isReady = () =>
    fetch(`http://127.0.0.1:${port}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) await sleep(100);
  await sleep(SETTLE_MS);
  const kilobytes = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' }));
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  return kilobytes / 1_024;
}
