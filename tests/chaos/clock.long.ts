import { afterAll, beforeAll, expect } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { asSystem } from '../../src/platform/database/scoped.ts';
import { outbox } from '../../src/platform/outbox/event.store.ts';
import type { Child } from '../child.ts';
import { eventually, uniqueName } from '../environment/index.ts';
import { startMailServer, type MailServer } from './mail-server.ts';
import { inRounds } from './rounds.ts';
import { withWork } from './work.ts';

const BETWEEN_JUMPS_MS = 8_000;
const JUMPS = 3;

let server: MailServer;
beforeAll(async () => {
  server = await startMailServer(() => 250);
});
afterAll(() => server.close());

const work = withWork(() => server.url);

const askedBy = (child: Child): string[] =>
  Array.from(child.log().matchAll(/"subject":"([^"]+)"/g), ([, subject = '']) => subject);

/** The slots of the schedule of which there is an event. */
async function slots(since: Date): Promise<number[]> {
  const due = { type: 'schedule.due', state: { $in: ['pending', 'done'] as const } };
  const rows = await outbox.on(work.database.primary).find(due, { data: 1 }, asSystem('test')).lean();
  const all = rows.map(({ data }) => Date.parse(String((data as { slot?: unknown }).slot)));
  return all.filter((slot) => slot > since.getTime()).sort((a, b) => a - b);
}

inRounds(
  'clock jump: an hour ahead, behind and right again, in a relay, its schedules and a worker beside others: each mail once, no slot twice, none early, and schedules go on',
  180_000,
  async (measure) => {
    const [begun, tag] = [new Date(), uniqueName('clock')];
    const jumping = work.run('tests/chaos/jumping-clock.ts', ['tests/chaos/clockwork.ts', `${tag}-jumping`]);
    const steady = work.run('tests/chaos/clockwork.ts', [`${tag}-steady`]);
    const jumpingWorker = work.run('tests/chaos/jumping-clock.ts', ['workers/main.ts', 'email']);
    const steadyWorker = work.run('workers/main.ts', ['email']);
    await eventually(() => askedBy(jumping).length > 0 && askedBy(steady).length > 0);
    for (let jump = 0; jump < JUMPS; jump += 1) {
      await sleep(BETWEEN_JUMPS_MS);
      for (const child of [jumping, jumpingWorker]) child.kill('SIGUSR2');
    }
    await sleep(BETWEEN_JUMPS_MS);
    for (const child of [jumping, steady]) child.kill('SIGTERM');
    expect([(await jumping.ended).code, (await steady.ended).code]).toEqual([0, 0]);

    const [ended, ran] = [Date.now(), await slots(begun)];
    expect(new Set(ran).size).toBe(ran.length);
    expect(ran.filter((slot) => slot > ended)).toEqual([]);
    const gaps = [...ran, ended].map((slot, index) => slot - (ran[index - 1] ?? slot));
    // A busy machine may leave one out; an hour ahead would leave out all that come.
    measure('longest time without a slot of every 2 s', Math.max(...gaps) / 1_000, 's', 8);

    const asked = [...askedBy(jumping), ...askedBy(steady)];
    // Not started: its clock is right, and it would carry out what the jumping one of the next round should.
    await eventually(async () => {
      await work.container.relay().relayBatch();
      return asked.every((subject) => server.tried.has(subject));
    }, 120_000);
    expect(asked.filter((subject) => server.tried.get(subject) !== 1)).toEqual([]);
    for (const child of [jumpingWorker, steadyWorker]) child.kill('SIGKILL');
  },
);
