import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfigOrExit } from '../../src/config/index.ts';
import { createContainer } from '../../src/container.ts';
import { stopInOrder } from '../../src/platform/process/stop.ts';
import { requestJob } from '../../src/platform/queue/job.ts';
import { ScheduleRunner } from '../../src/platform/queue/schedule.runner.ts';
import { scheduleStates, ScheduleStore } from '../../src/platform/queue/schedule.store.ts';
import { count } from './chores.ts';

// What an API process does beside its requests: relays, and runs a schedule; and now and then it asks for a mail.
const MAIL_EVERY_MS = 200;
const [tag = ''] = process.argv.slice(2);
const container = createContainer(loadConfigOrExit(), 'clockwork');
const logger = container.logger();
const { primary } = container.database();
await container.database().connect();
const queue = container.queue();
const relay = container.relay();
const schedules = new ScheduleRunner(
  [
    {
      name: 'tick',
      cron: '*/2 * * * * *',
      missed: 'skip',
      request: () => requestJob(count, { name: 'tick' }),
    },
  ],
  {
    store: new ScheduleStore(scheduleStates.on(primary)),
    transact: container.transact(),
    appendEvent: container.appendEvent(),
    logger,
    now: () => new Date(),
  },
);

const stopping = new AbortController();
async function ask(): Promise<void> {
  for (let index = 0; !stopping.signal.aborted; index += 1) {
    const subject = `${tag}-${String(index)}`;
    await queue.sendEmail({ to: 'ann@example.test', subject, body: 'x' });
    logger.info({ subject }, 'asked for a mail');
    await sleep(MAIL_EVERY_MS);
  }
}
const asking = ask();

stopInOrder({
  logger,
  deadlineMs: 20_000,
  async drain() {
    stopping.abort();
    await asking;
    schedules.stop();
    await container.close();
  },
});
relay.start();
schedules.start();
