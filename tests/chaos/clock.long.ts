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
const TICK_MS = 2_000;

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
  'clock jump: an hour ahead, behind and right again, in a relay, its schedules and a worker beside others: each mail once, no slot twice, none early, none left out',
  180_000,
  async (measure) => {
    const [begun, tag] = [new Date(), uniqueName('clock')];
    const jumping = [
      work.run('tests/chaos/jumping-clock.ts', ['tests/chaos/clockwork.ts', `${tag}-jumping`]),
      work.run('tests/chaos/jumping-clock.ts', ['workers/main.ts', 'email']),
    ];
    const steady = [work.run('tests/chaos/clockwork.ts', [`${tag}-steady`]), work.run('workers/main.ts', ['email'])];
    const all = [...jumping, ...steady];
    await eventually(() => [jumping[0], steady[0]].every((child) => child !== undefined && askedBy(child).length > 0));
    for (let jump = 0; jump < 3; jump += 1) {
      await sleep(BETWEEN_JUMPS_MS);
      for (const child of jumping) child.kill('SIGUSR2');
    }
    await sleep(BETWEEN_JUMPS_MS);
    const ended = new Date();
    const ran = (await slots(begun)).filter((slot) => slot < ended.getTime() - TICK_MS);
    expect(await slots(ended)).toEqual([]);
    expect(ran.slice(1).map((slot, index) => slot - (ran[index] ?? 0))).toEqual(ran.slice(1).map(() => TICK_MS));
    expect(ran.length).toBeGreaterThan((3 * BETWEEN_JUMPS_MS) / TICK_MS);

    for (const child of [jumping[0], steady[0]]) child?.kill('SIGTERM');
    expect([(await jumping[0]?.ended)?.code, (await steady[0]?.ended)?.code]).toEqual([0, 0]);
    const stoppedAt = performance.now();
    work.container.relay().start();
    const asked = all.flatMap((child) => askedBy(child)).filter((subject) => subject.startsWith(tag));
    await eventually(() => asked.every((subject) => server.tried.has(subject)), 120_000);
    measure('the last mail after', (performance.now() - stoppedAt) / 1_000, 's', 90);
    expect(asked.filter((subject) => server.tried.get(subject) !== 1)).toEqual([]);
    for (const child of all) child.kill('SIGKILL');
  },
);
