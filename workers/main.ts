import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfigOrExit } from '../src/config/index.ts';
import { createContainer } from '../src/container.ts';
import { startHealthServer } from '../src/platform/observability/health-server.ts';
import { WorkerRuntime } from '../src/platform/queue/worker.ts';
import { stopInOrder } from '../src/platform/process/stop.ts';
import type { WorkerModule } from './worker.ts';

/** Loaded when asked for, so that a process holds nothing of the other kinds. */
const KINDS: Readonly<Record<string, () => Promise<WorkerModule>>> = {
  email: () => import('./email.worker.ts'),
  payments: () => import('./payments.worker.ts'),
};

/** For closing queues and pools, after the jobs. */
const CLOSE_MS = 7_000;

const FIRST_LOOK_MS = 1_000;

const kinds = kindsOrExit(process.argv.slice(2));
const config = loadConfigOrExit();
const container = createContainer(config, `worker-${kinds.join('-')}`);
const logger = container.logger();
const health = container.health();

const modules = await Promise.all(kinds.flatMap((kind) => KINDS[kind]?.() ?? []));
const workers = new WorkerRuntime(
  modules.map((module) => module.workerKind(container)),
  { ...container.queueSettings, logger },
);
// Looked at right after the start it is still connecting; the next look comes soon.
health.register({ ...workers.healthCheck(), intervalMs: 500 });
const healthServer = await startHealthServer(health, config.http.host, config.worker.port);

stopInOrder({
  logger,
  deadlineMs: config.http.shutdownMs + CLOSE_MS,
  async drain() {
    health.drain();
    const inTime = await workers.drain(config.http.shutdownMs);
    if (!inTime) logger.warn('jobs were given up; others take them over');
    healthServer.close();
    healthServer.closeAllConnections();
    await container.close();
  },
});
// A job that begins before there is a database would fail, and wait for its next attempt.
await Promise.race([container.database().connect(), sleep(FIRST_LOOK_MS)]);
workers.start();
await health.start();
logger.info({ kinds, healthPort: config.worker.port }, 'working');

function kindsOrExit(asked: readonly string[]): readonly string[] {
  const unknown = asked.filter((kind) => !Object.hasOwn(KINDS, kind));
  if (asked.length > 0 && unknown.length === 0) return [...new Set(asked)];
  const known = Object.keys(KINDS).join(', ');
  const fault = unknown.length > 0 ? `There is no worker of the kind ${unknown.join(', ')}.` : 'Which worker?';
  process.stderr.write(`${fault} npm run worker -- <kind> [more kinds]; there are: ${known}\n`);
  process.exit(1);
}
