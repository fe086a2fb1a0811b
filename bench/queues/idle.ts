import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/start/ports.ts';
import { childEnvironment } from '../../src/config/index.ts';
import { queues } from '../../src/container/queues.ts';
import { below, figure, type Figure } from '../report.ts';
import type { Servers } from './servers.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RUN = join(ROOT, 'scripts/run.js');
const DIST = join(ROOT, 'dist');
const SETTLE_MS = 5_000;
const AT_ONCE = 3;

/**
 * Memory of a worker process of one kind, and of all kinds at once, with nothing to do, in megabytes. Compiled, as
 * production starts it: from source Node's compiler adds some 20 MB.
 */
export async function measureIdle(servers: Servers): Promise<Figure[]> {
  const isBuilt = existsSync(DIST);
  if (!isBuilt) execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'ignore' });
  try {
    return await measureCompiled(servers);
  } finally {
    // What is compiled would be run from now on, even when the source has changed.
    if (!isBuilt) rmSync(DIST, { recursive: true, force: true });
  }
}

async function measureCompiled(servers: Servers): Promise<Figure[]> {
  const kinds = Object.keys(queues);
  const each: number[] = [];
  // Some at once: memory does not depend on how busy the processor is.
  for (let first = 0; first < kinds.length; first += AT_ONCE) {
    const some = kinds.slice(first, first + AT_ONCE);
    each.push(...(await Promise.all(some.map((kind) => residentMb(servers, [kind])))));
  }
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
