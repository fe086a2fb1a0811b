import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { canGet, freePort } from '../../scripts/start/ports.ts';
import { childEnvironment, type VariableOverrides } from '../../src/config/index.ts';
import type { Servers } from './servers.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RUN = join(ROOT, 'scripts/run.js');
const DIST = join(ROOT, 'dist');
const SETTLE_MS = 2_000;
const START_WITHIN_MS = 60_000;

/**
 * Has workers run as production runs them while something is measured: from source Node's compiler adds some 20 MB. What is there
 * already is compiled anew: it may be of an older source.
 */
export async function compiled(measure: () => Promise<void>): Promise<void> {
  const wasThere = existsSync(DIST);
  try {
    // What the compiler says goes where no figures go.
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: ['ignore', 2, 2] });
    await measure();
  } finally {
    // What is compiled, wholly or in half, would be run from now on, even when the source has changed.
    if (!wasThere) rmSync(DIST, { recursive: true, force: true });
  }
}

export interface CompiledWorker {
  /** Resident memory now, in megabytes. */
  residentMb(): Promise<number>;
  /** The highest since it was settled. */
  peakMb(): Promise<number>;
  /** Nobody starts it again. */
  hasEnded(): boolean;
  stop(): Promise<void>;
}

/** A worker process of some kinds that has started, and come to rest. Reads /proc: for Linux. */
export async function startWorker(
  servers: Servers,
  kinds: readonly string[],
  overrides: VariableOverrides = {},
): Promise<CompiledWorker> {
  const port = String(await freePort());
  const env = childEnvironment({
    NODE_ENV: 'development',
    LOG_LEVEL: 'silent',
    WORKER_PORT: port,
    MONGODB_URI: servers.mongoUri,
    REDIS_URL: servers.redisUrl,
    CACHE_REDIS_URL: servers.redisUrl,
    ...overrides,
  });
  const child = spawn(process.execPath, [RUN, 'workers/main', ...kinds], { env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const isReady = () =>
    canGet(`http://127.0.0.1:${port}/health/ready`).then(
      () => true,
      () => false,
    );
  const giveUpAt = performance.now() + START_WITHIN_MS;
  while (!(await isReady())) {
    if (hasEnded() || performance.now() > giveUpAt) {
      child.kill('SIGKILL');
      await ended;
      throw new Error(`The worker of ${kinds.join(' and ')} did not start`);
    }
    await sleep(100);
  }
  await sleep(SETTLE_MS);
  const about = `/proc/${String(child.pid)}`;
  const read = async (field: string): Promise<number> => {
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(await readFile(`${about}/status`, 'utf8'))?.[1];
    return Number(kilobytes) / 1_024;
  };
  // Forgets the peak of starting.
  await writeFile(`${about}/clear_refs`, '5');
  return {
    residentMb: () => read('VmRSS'),
    peakMb: () => read('VmHWM'),
    hasEnded,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
