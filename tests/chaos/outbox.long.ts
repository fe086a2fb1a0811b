import { afterAll, beforeAll, describe, expect, jest } from '@jest/globals';
import { CRASH_POINTS } from '../../src/platform/process/crash-points.ts';
import { eventually, uniqueName } from '../environment/index.ts';
import { startMailServer, type MailServer } from './mail-server.ts';
import { inRounds } from './rounds.ts';
import { withWork } from './work.ts';

jest.setTimeout(600_000);

let server: MailServer;
beforeAll(async () => {
  server = await startMailServer(() => 250);
});
afterAll(() => server.close());

const MAILS = 1_000;

describe.each([
  ['with an append-only file', ['--appendonly', 'yes']],
  ['without any file', []],
])('Redis, %s,', (_kind, redisArgs) => {
  const work = withWork(() => server.url, ...redisArgs);

  inRounds('F6: killed after 1,000 enqueues and started again: each mail is sent once', 600_000, async () => {
    const { container, redis } = work;
    container.relay().start();
    const queue = container.queue();
    const before = server.taken.size;
    for (let each = 0; each < MAILS; each += 1)
      await queue.sendEmail({ to: 'ann@example.test', subject: `f6-${String(each)}`, body: 'x' });
    await eventually(async () => (await queue.getHealthStatus()).queues.email?.waiting === MAILS, 60_000);
    await redis.kill();
    await redis.restart();
    await eventually(async () => (await queue.getHealthStatus()).queues.email?.waiting === MAILS, 60_000);
    const worker = work.run('workers/main.ts', ['email']);
    await eventually(() => server.taken.size >= before + MAILS, 120_000);
    expect([...server.taken.values()].filter((times) => times !== 1)).toEqual([]);
    worker.kill('SIGTERM');
    await worker.ended;
  });
});

describe('a relay', () => {
  const work = withWork(() => server.url, '--appendonly', 'yes');
  const CRASHES = 200;
  const AT_ONCE = 4;

  inRounds(
    'F9: that crashes between commit and enqueue, 200 times: 200 mails, no more, no fewer',
    900_000,
    async (measure) => {
      const tag = uniqueName('f9');
      const crashed: string[] = [];
      let [missing, runs, unable] = [CRASHES, 0, 0];
      const lane = async (): Promise<void> => {
        while (missing > 0) {
          missing -= 1;
          runs += 1;
          const [name, point] = [
            `${tag}-${String(runs)}`,
            CRASH_POINTS[runs % CRASH_POINTS.length] ?? 'outbox.claimed',
          ];
          const { code } = await work.run('tests/chaos/crashing-relay.ts', [name], { CRASH_AT: point }).ended;
          // Ended by its own SIGKILL, which comes after the commit. On a busy machine one may not have come as far.
          if (code === null) crashed.push(name);
          else [missing, unable] = [missing + 1, unable + 1];
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
      expect(crashed).toHaveLength(CRASHES);
      measure('ended before they could crash', unable, 'times', CRASHES / 10);
      const worker = work.run('workers/main.ts', ['email']);
      // The leases of those that crashed run out first. Not started, or it would be ahead of those of the next round.
      await eventually(async () => {
        await work.container.relay().relayBatch();
        return crashed.every((name) => server.tried.has(name));
      }, 120_000);
      await eventually(async () => (await work.left('email')) === 0);
      const times = Array.from(server.tried).filter(([subject]) => subject.startsWith(tag));
      expect(times.filter(([, tries]) => tries !== 1)).toEqual([]);
      expect(times.length - crashed.length).toBeLessThanOrEqual(unable);
      worker.kill('SIGTERM');
      await worker.ended;
    },
  );
});
