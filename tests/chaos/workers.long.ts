import { expect, jest, test } from '@jest/globals';
import { deadLetters } from '../../src/platform/queue/dead-letter.model.ts';
import { requestJob } from '../../src/platform/queue/job.ts';
import { asSystem } from '../../src/platform/database/scoped.ts';
import type { Child } from '../child.ts';
import { eventually, uniqueName } from '../environment/index.ts';
import { chores, count, poison, slow } from './chores.ts';
import { inRounds } from './rounds.ts';
import { killUntilDone, withWork } from './work.ts';

jest.setTimeout(300_000);

const work = withWork(() => 'smtp://127.0.0.1:1');
const system = asSystem('test');
const WORKER = 'tests/chaos/chores-worker.ts';

const counts = () => chores.on(work.database.primary).find({}, null, system).lean<{ _id: string; done: number }[]>();
const named = (prefix: string, length: number) =>
  Array.from({ length }, (_each, index) => `${prefix}-${String(index)}`);
const left = () => work.left('payments');
const ready = () => eventually(async () => (await left()) >= 0);

/** Does again what is a dead letter because chance has killed its worker twice: of these jobs the desk knows nothing. */
async function allDone(): Promise<boolean> {
  if ((await left()) !== 0) return false;
  const open = { queue: 'payments', state: 'open' } as const;
  const killed = await deadLetters.on(work.database.primary).find(open, null, system).lean();
  expect(killed.filter(({ reason }) => !reason.includes('stalled again'))).toEqual([]);
  await work.container.deadLetterDesk().discard(killed.map(({ _id }) => _id));
  const again = killed.map(({ payload }) => requestJob(count, count.payload.parse(payload)));
  await work.container.queue().enqueue(again);
  // One that has failed just now is a dead letter a little later.
  const { failed } = (await work.container.queue().getHealthStatus()).queues.payments ?? {};
  return killed.length === 0 && failed === 0;
}

inRounds('F1: workers killed at random amid 2,000 jobs: each effect once, none lost', 600_000, async () => {
  await ready();
  const tag = uniqueName('f1');
  const names = named(tag, 2_000);
  await work.container.queue().enqueue(names.map((name) => requestJob(count, { name })));
  const start = () => work.run(WORKER, []);
  const kills = await killUntilDone(start, { everyMs: 1_000 }, allDone);
  const done = (await counts()).filter(({ _id }) => _id.startsWith(`chore.count-${tag}`));
  expect(done).toHaveLength(names.length);
  expect(done.filter((chore) => chore.done !== 1)).toEqual([]);
  expect(kills.leftBehind).toBeGreaterThan(0);
});

inRounds(
  'F1: one of two workers killed amid 1,000 jobs: the other one has done all of them soon, each once',
  300_000,
  async (measure) => {
    await ready();
    const tag = uniqueName('f1-one');
    const names = named(tag, 1_000);
    const queue = work.container.queue();
    const [one, other] = [work.run(WORKER, []), work.run(WORKER, [])];
    // More than one of them does at a time.
    await queue.enqueue(named(tag, 10).map((name) => requestJob(slow, { name })));
    await eventually(() => [one, other].every((each) => each.log().includes('a slow chore has begun')));
    await queue.enqueue(names.map((name) => requestJob(count, { name })));
    await eventually(async () => (await left()) < names.length / 2);
    one.kill('SIGKILL');
    const killedAt = performance.now();
    await eventually(async () => (await left()) === 0, 120_000);
    measure('one of two workers killed, drained after', (performance.now() - killedAt) / 1_000, 's', 20);
    const done = (await counts()).filter(({ _id }) => _id.startsWith(`chore.count-${tag}`));
    expect(done.map((chore) => chore.done)).toEqual(names.map(() => 1));
    other.kill('SIGTERM');
    await other.ended;
    expect(other.log()).toContain('was left behind');
  },
);

inRounds(
  'F2: a job that kills its worker, among 100 good ones, is a dead letter after its second stall, with one alert; the rest is done',
  300_000,
  async () => {
    await ready();
    const tag = uniqueName('f2');
    const names = named(tag, 100);
    const jobs = names.map((name) => requestJob(count, { name }));
    await work.container.queue().enqueue([...jobs.slice(0, 50), requestJob(poison, { name: tag }), ...jobs.slice(50)]);
    const letters = deadLetters.on(work.database.primary);
    const started = await amidRestarts(async () => {
      const letter = await eventually(
        async () =>
          (await letters.findOne({ queue: 'payments', jobId: `chore.poison-${tag}` }, null, system).lean()) ?? false,
        120_000,
      );
      expect(letter).toMatchObject({ name: 'chore.poison', state: 'open', payload: { name: tag } });
      expect(letter.reason).toContain('stalled');
      await eventually(async () => (await left()) === 0, 60_000);
      const done = (await counts()).filter(({ _id }) => _id.startsWith(`chore.count-${tag}`));
      expect(done.map((chore) => chore.done)).toEqual(names.map(() => 1));
    });
    // Killed twice, and ended by the test.
    expect(started).toHaveLength(3);
    const alerts = started.flatMap((child) => child.log().split('\n')).filter((line) => line.includes('"dead-letter"'));
    expect(alerts).toHaveLength(1);
  },
);

/** Runs a worker, and another whenever it has died, for as long as `act` takes. @returns all that were run */
async function amidRestarts(act: () => Promise<void>): Promise<readonly Child[]> {
  const started: Child[] = [];
  let isOver = false;
  const keepUp = async (): Promise<void> => {
    while (!isOver) {
      const child = work.run(WORKER, []);
      started.push(child);
      await child.ended;
    }
  };
  const up = keepUp();
  try {
    await act();
  } finally {
    isOver = true;
    started.at(-1)?.kill('SIGTERM');
    await up;
  }
  return started;
}

test('told to stop in the middle of a long job, a worker finishes it and ends with 0; nobody does it again', async () => {
  await ready();
  const worker = work.run(WORKER, []);
  await work.container.queue().enqueue([requestJob(slow, { name: 's' })]);
  await eventually(() => worker.log().includes('a slow chore has begun'));
  worker.kill('SIGTERM');
  expect((await worker.ended).code).toBe(0);
  expect((await counts()).find(({ _id }) => _id === 'chore.slow-s')).toMatchObject({ done: 1 });
  expect(await left()).toBe(0);
  expect(worker.log()).not.toContain('left behind');
});

test('a job of an older version is a dead letter at once, and a job that is delivered again acts once', async () => {
  await ready();
  const worker = work.run(WORKER, []);
  const again = { ...requestJob(count, { name: 'twice' }), id: 'another-id-of-the-same' };
  const old = { ...requestJob(count, { name: 'old' }), payload: { title: 'old' } };
  await work.container.queue().enqueue([requestJob(count, { name: 'twice' }), again, old]);
  const letters = deadLetters.on(work.database.primary);
  const letter = await eventually(
    async () => (await letters.findOne({ queue: 'payments', jobId: old.id }, null, system).lean()) ?? false,
  );
  expect(letter).toMatchObject({ attempts: 1, payload: { title: 'old' } });
  await eventually(async () => (await left()) === 0);
  expect((await counts()).find(({ _id }) => _id === 'chore.count-twice')).toMatchObject({ done: 1 });
  // Mended by hand, it is done.
  await work.container.deadLetterDesk().discard([letter._id]);
  worker.kill('SIGTERM');
  expect((await worker.ended).code).toBe(0);
});
