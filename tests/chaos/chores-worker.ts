import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfigOrExit } from '../../src/config/index.ts';
import { createContainer } from '../../src/container.ts';
import { asSystem } from '../../src/platform/database/scoped.ts';
import { stopInOrder } from '../../src/platform/process/stop.ts';
import { jobHandler } from '../../src/platform/queue/job.ts';
import { WorkerRuntime } from '../../src/platform/queue/worker.ts';
import { chores, count, poison, slow } from './chores.ts';

// As workers/main.ts does it, with jobs of the test's own.
const SLOW_MS = 3_000;
const config = loadConfigOrExit();
const container = createContainer(config, 'worker-chores');
const logger = container.logger();
const deadLetters = container.deadLetterCollector();
await container.database().connect();
const model = chores.on(container.database().primary);
const effects = container.effects();
const transact = container.transact();
const system = asSystem('chores');

async function doOnce(id: string): Promise<void> {
  await transact(system, async (access) => {
    if (!(await effects.claim(id, access))) return;
    await model.updateOne({ _id: id }, { $inc: { done: 1 } }, { ...access, upsert: true });
  });
}

const handlers = [
  jobHandler({ contract: count, handle: (payload) => doOnce(count.idOf(payload)) }),
  jobHandler({
    contract: slow,
    async handle(payload) {
      logger.info('a slow chore has begun');
      await sleep(SLOW_MS);
      await doOnce(slow.idOf(payload));
    },
  }),
  jobHandler({
    contract: poison,
    handle() {
      process.kill(process.pid, 'SIGKILL');
      return Promise.resolve();
    },
  }),
];
const workers = new WorkerRuntime([{ queue: 'payments', handlers }], {
  ...container.queueSettings,
  logger,
  onDead: (queue, job) => void deadLetters.collect(queue, job),
});
stopInOrder({
  logger,
  deadlineMs: 20_000,
  async drain() {
    await workers.drain(15_000);
    await container.close();
  },
});
workers.start();
logger.info('working');
deadLetters.start(2_000);
