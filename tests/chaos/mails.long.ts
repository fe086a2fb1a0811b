import { afterAll, beforeAll, expect, jest } from '@jest/globals';
import { asSystem } from '../../src/platform/database/scoped.ts';
import { deadLetters } from '../../src/platform/queue/dead-letter.model.ts';
import { eventually, uniqueName } from '../environment/index.ts';
import { rowOfChance } from './chance.ts';
import { startMailServer, type Answer, type MailServer } from './mail-server.ts';
import { inRounds } from './rounds.ts';
import { killUntilDone, withWork } from './work.ts';

jest.setTimeout(400_000);

let server: MailServer;
let answer: (subject: string, attempt: number) => Answer = () => 250;
beforeAll(async () => {
  server = await startMailServer((subject, attempt) => answer(subject, attempt));
});
afterAll(() => server.close());

const work = withWork(() => server.url);
const send = async (subjects: readonly string[]): Promise<readonly string[]> => {
  const queue = work.container.queue();
  work.container.relay().start();
  const ids: string[] = [];
  for (const subject of subjects) {
    const id = await queue.sendEmail({ to: 'ann@example.test', subject, body: subject });
    ids.push(`<${id.toHexString()}@example.test>`);
  }
  return ids;
};
const named = (prefix: string, length: number) =>
  Array.from({ length }, (_each, index) => `${prefix}-${String(index)}`);

inRounds(
  'F1: workers killed at random amid 2,000 mails, a mail server that stalls, refuses and hangs up: each mail once, but for those whose fate nobody can know',
  600_000,
  async () => {
    const chance = rowOfChance();
    const random = (share: number): boolean => chance() < share;
    answer = (_subject, attempt) => {
      if (attempt > 3) return 250;
      if (random(0.03)) return 451;
      if (random(0.03)) return 'drop';
      return random(0.03) ? 'stall' : 250;
    };
    const before = server.taken.size;
    const ids = await send(named(uniqueName('f1'), 2_000));
    const kills = await killUntilDone(
      () => work.run('workers/main.ts', ['email']),
      { everyMs: 4_000 },
      async () => {
        if ((await work.left('email')) === 0) await work.replayKilledTwice('email');
        return ids.every((id) => server.taken.has(id));
      },
    );
    const twice = ids.filter((id) => server.taken.get(id) !== 1 && !server.doubtful.has(id));
    expect(twice).toEqual([]);
    expect(server.taken.size).toBe(before + ids.length);
    expect(kills.leftBehind).toBeGreaterThan(0);
  },
);

inRounds(
  'F10: of 100 mails that the server puts off twice each arrives once; one that it refuses is tried once, and a dead letter',
  400_000,
  async () => {
    const worker = work.run('workers/main.ts', ['email']);
    const refused = uniqueName('refused');
    answer = (subject, attempt) => {
      if (subject === refused) return 550;
      return attempt <= 2 ? 451 : 250;
    };
    const ids = await send(named(uniqueName('f10'), 100));
    const [refusedId] = await send([refused]);
    await eventually(() => ids.every((id) => server.taken.has(id)), 120_000);
    expect(ids.map((id) => server.taken.get(id))).toEqual(ids.map(() => 1));
    const letters = deadLetters.on(work.database.primary);
    const found = await eventually(async () => {
      const about = { queue: 'email', jobId: `mail.send-${refusedId?.slice(1, 25) ?? ''}` };
      return (await letters.findOne(about, null, asSystem('test')).lean()) ?? false;
    }, 60_000);
    expect(found).toMatchObject({ name: 'mail.send', attempts: 1 });
    expect(server.tried.get(refused)).toBe(1);
    worker.kill('SIGTERM');
    await worker.ended;
  },
);
