import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfigOrExit } from '../src/config/index.ts';
import { createContainer } from '../src/container.ts';
import { queues } from '../src/container/queues.ts';
import { startHealthServer } from '../src/platform/observability/health-server.ts';
import { watchMemoryCeiling } from '../src/platform/observability/memory-ceiling.ts';
import { WorkerRuntime } from '../src/platform/queue/worker.ts';
import { exitUnheard } from '../src/platform/process/cannot-listen.ts';
import { stopInOrder } from '../src/platform/process/stop.ts';
import type { WorkerModule } from './worker.ts';

/** For closing queues and pools, after the jobs. */
const CLOSE_MS = 7_000;

const FIRST_LOOK_MS = 1_000;

/** The exit code of a process that has grown too large: whoever started it starts another. */
const TOO_LARGE = 75;
/** How long a job may go on in a process that has grown too large. */
const FINISH_MS = 10 * 60_000;

const kinds = kindsOrExit(process.argv.slice(2));
const config = loadConfigOrExit();
const container = createContainer(config, `worker-${kinds.join('-')}`);
const logger = container.logger();
const health = container.health();

const modules = await Promise.all(kinds.map(moduleOf));
const deadLetters = container.deadLetterCollector();
const workers = new WorkerRuntime(
  modules.map((module) => module.workerKind(container)),
  { ...container.queueSettings, logger, onDead: (queue, job) => void deadLetters.collect(queue, job) },
);
// Looked at right after the start it is still connecting; the next look comes soon.
health.register({ ...workers.healthCheck(), intervalMs: 500 });
const place = { host: config.http.host, port: config.worker.port };
const healthServer = await startHealthServer(health, { ...place, metrics: () => workers.metrics() }).catch(
  (error: unknown) => exitUnheard({ ...place, variable: 'WORKER_PORT' }, error),
);

const stop = stopInOrder({
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
deadLetters.start();
watchMemoryCeiling(config.worker.maxMemoryBytes, (bytes) => {
  logger.warn({ bytes }, 'too much memory: no more jobs, and an end after those under way');
  void workers.drain(FINISH_MS).then(() => {
    stop('memory', TOO_LARGE);
  });
});
await health.start();
logger.info({ kinds, healthPort: config.worker.port }, 'working');

/** Loaded when asked for, so that a process holds nothing of the other kinds: from source or compiled, as this file is. */
async function moduleOf(kind: string): Promise<WorkerModule> {
  const file = `${kind}.worker${extname(import.meta.filename)}`;
  return (await import(new URL(file, import.meta.url).href)) as WorkerModule;
}

function kindsOrExit(asked: readonly string[]): readonly string[] {
  const usage = `npm run worker -- <kind> [more kinds]; there are: ${Object.keys(queues).join(', ')}\n`;
  if (asked.includes('--help')) {
    process.stdout.write(usage);
    process.exit(0);
  }
  const unknown = asked.filter((kind) => !Object.hasOwn(queues, kind));
  if (asked.length > 0 && unknown.length === 0) return [...new Set(asked)];
  const fault = unknown.length > 0 ? `There is no worker of the kind ${unknown.join(', ')}.` : 'Which worker?';
  process.stderr.write(`${fault} ${usage}`);
  process.exit(1);
}
