import { afterEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { silent, withDatabase } from '../../../tests/environment/index.ts';
import { DAY_MS, MINUTE_MS } from '../../shared/time.ts';
import { asSystem } from '../database/scoped.ts';
import { mongoTransact } from '../database/transaction.ts';
import { eventAppender, outbox } from '../outbox/event.store.ts';
import { OutboxRelay, type OutboxRelayDeps } from '../outbox/relay.ts';
import { DueSlots } from './due-slots.ts';
import { requestJob, type JobContract, type JobRequest } from './job.ts';
import { ScheduleRunner } from './schedule.runner.ts';
import { scheduleStates, ScheduleStore } from './schedule.store.ts';
import { scheduleSubscriptions, slotAfter, slotAt, type Schedule } from './schedule.ts';

const database = withDatabase({
  collections: [outbox, scheduleStates],
  unindexed: [
    { collection: 'outbox', operation: 'delete', reason: 'empties it between tests' },
    { collection: 'schedules', operation: 'delete', reason: 'empties it between tests' },
  ],
});
const system = asSystem('test');
const START = Date.parse('2026-03-28T12:00:00Z');

const Slot = z.strictObject({ at: z.string() });
const tidy: JobContract<typeof Slot> = {
  queue: 'maintenance',
  name: 'tidy',
  payload: Slot,
  idOf: ({ at }) => `tidy-${at}`,
};
const everyMinute: Schedule = {
  name: 'tidy-up',
  cron: '* * * * *',
  missed: 'skip',
  request: (slot) => requestJob(tidy, { at: slot.toISOString() }),
};
const daily: Schedule = {
  ...everyMinute,
  name: 'daily',
  cron: '30 2 * * *',
  timeZone: 'Europe/Berlin',
  missed: 'catch-up',
};

const clock = { now: new Date(START) };
const now = () => clock.now;
const minutesLater = (minutes: number) => {
  clock.now = new Date(START + minutes * MINUTE_MS + 40);
};

function instance(schedules: readonly Schedule[]): ScheduleRunner {
  return new ScheduleRunner(schedules, {
    store: new ScheduleStore(scheduleStates.on(database.primary)),
    transact: mongoTransact(database.primary, () => Promise.resolve()),
    appendEvent: eventAppender({ events: outbox.on(database.primary), now, committed: () => undefined }),
    logger: silent,
    now,
  });
}

function relayOf(schedules: readonly Schedule[], jobs: JobRequest[], more: Partial<OutboxRelayDeps> = {}): OutboxRelay {
  return new OutboxRelay({
    events: outbox.on(database.primary),
    subscriptions: scheduleSubscriptions(schedules),
    enqueue: (requests) => Promise.resolve(void jobs.push(...requests)),
    invalidate: () => Promise.resolve(),
    logger: silent,
    now,
    ...more,
  });
}

async function relayed(schedules: readonly Schedule[]): Promise<JobRequest[]> {
  const jobs: JobRequest[] = [];
  const relay = relayOf(schedules, jobs);
  while ((await relay.relayBatch()) > 0);
  return jobs;
}

afterEach(async () => {
  minutesLater(0);
  await outbox.on(database.primary).deleteMany({}, system);
  await scheduleStates.on(database.primary).deleteMany({}, system);
});

test('C11: three instances run each of 60 slots once, under an id of the slot', async () => {
  const runners = [instance([everyMinute]), instance([everyMinute]), instance([everyMinute])];
  const won: number[] = [];
  for (let minute = 1; minute <= 60; minute += 1) {
    minutesLater(minute);
    const outcomes = await Promise.all(runners.map((runner) => runner.tick(everyMinute)));
    won.push(outcomes.filter(Boolean).length);
  }
  expect(won).toEqual(Array.from({ length: 60 }, () => 1));
  const jobs = await relayed([everyMinute]);
  expect(jobs).toHaveLength(60);
  expect(new Set(jobs.map(({ id }) => id)).size).toBe(60);
  expect(jobs[0]).toMatchObject({ id: 'tidy-up-20260328120100000', payload: { at: '2026-03-28T12:01:00.000Z' } });
});

test('a slot that nobody ran is caught up once when its schedule says so, and skipped when not', async () => {
  const schedules = [everyMinute, daily];
  const look = async () => {
    const runner = instance(schedules);
    return Promise.all(schedules.map((schedule) => runner.catchUp(schedule)));
  };
  // Seen for the first time, neither owes anything.
  expect(await look()).toEqual([false, false]);
  minutesLater(3 * 24 * 60);
  expect(await look()).toEqual([false, true]);
  expect(await look()).toEqual([false, false]);
  const jobs = await relayed(schedules);
  expect(jobs.map(({ payload }) => payload)).toEqual([{ at: '2026-03-31T00:30:00.000Z' }]);
});

test('a clock that jumps back runs no slot again', async () => {
  const runner = instance([everyMinute]);
  minutesLater(10);
  expect(await runner.tick(everyMinute)).toBe(true);
  minutesLater(8);
  expect(await runner.tick(everyMinute)).toBe(false);
  minutesLater(11);
  expect(await runner.tick(everyMinute)).toBe(true);
});

test('a clock that is an hour ahead runs no slot early, and leaves none out for those whose clock is right', async () => {
  const runner = instance([everyMinute]);
  const right = new Date();
  clock.now = right;
  await runner.catchUp(everyMinute);
  clock.now = new Date(right.getTime() + 60 * MINUTE_MS);
  expect(await runner.tick(everyMinute)).toBe(false);
  // Whatever the second is, a slot of its own begins in the next minute.
  clock.now = new Date(right.getTime() + MINUTE_MS);
  expect(await runner.tick(everyMinute)).toBe(true);
});

test('a schedule first seen by an instance whose clock is an hour ahead runs at its next slot for the others', async () => {
  for (const begin of ['catchUp', 'tick'] as const) {
    const schedule = { ...everyMinute, name: `seen-by-${begin}` };
    const runner = instance([schedule]);
    clock.now = new Date(Date.now() + 60 * MINUTE_MS);
    expect(await runner[begin](schedule)).toBe(false);
    clock.now = slotAfter(schedule, new Date());
    expect(await runner.tick(schedule)).toBe(true);
  }
});

test('a schedule that ran while the clock of the database was a year ahead goes on once that is set right', async () => {
  const runner = instance([everyMinute]);
  clock.now = new Date();
  await runner.catchUp(everyMinute);
  const ofNextYear = { lastSlot: new Date(Date.now() + 365 * DAY_MS), hasRun: true };
  await scheduleStates.on(database.primary).updateOne({ _id: everyMinute.name }, { $set: ofNextYear }, system);
  expect(await runner.tick(everyMinute)).toBe(false);
  // When it ran last by the right time nobody knows.
  expect(await runner.list()).toMatchObject([{ lastSlot: null }]);
  clock.now = slotAfter(everyMinute, new Date());
  expect(await runner.tick(everyMinute)).toBe(true);
  expect(await runner.tick(everyMinute)).toBe(false);
  expect(await runner.list()).toMatchObject([{ lastSlot: clock.now }]);
});

test('schedules are listed with their last run and the next, in their zone', async () => {
  const runner = instance([everyMinute, daily]);
  minutesLater(1);
  await runner.tick(everyMinute);
  expect(await runner.list()).toEqual([
    {
      name: 'tidy-up',
      cron: '* * * * *',
      timeZone: 'UTC',
      missed: 'skip',
      lastSlot: new Date('2026-03-28T12:01:00Z'),
      nextSlot: new Date('2026-03-28T12:02:00Z'),
      runs: 1,
    },
    expect.objectContaining({ name: 'daily', lastSlot: null, runs: 0, timeZone: 'Europe/Berlin' }),
  ]);
});

test('of the slots whose jobs Redis has lost the latest is run again, once', async () => {
  const runner = instance([everyMinute]);
  for (const minute of [1, 2, 3]) {
    minutesLater(minute);
    await runner.tick(everyMinute);
  }
  expect(await relayed([everyMinute])).toHaveLength(3);
  const states = new ScheduleStore(scheduleStates.on(database.primary));
  const losses = {
    look: () => Promise.resolve({ since: new Date(START), keptData: false }),
    note: () => Promise.resolve(),
  };
  const outdated = () => states.supersededSlots([everyMinute.name]);
  await relayOf([everyMinute], [], { losses, outdated }).relayLost();
  const again = await relayed([everyMinute]);
  expect(again.map(({ payload }) => payload)).toEqual([{ at: '2026-03-28T12:03:00.000Z' }]);
});

test('a slot of a schedule that there is no more has no job; a slot begins with its first millisecond', async () => {
  const runner = instance([everyMinute]);
  minutesLater(1);
  await runner.tick(everyMinute);
  expect(await relayed([])).toEqual([]);
  const at = new Date('2026-03-30T00:30:00.000Z');
  expect(slotAt(daily, at)).toEqual(at);
  expect(slotAfter(daily, at)).toEqual(new Date('2026-03-31T00:30:00.000Z'));
});

test.each([
  ['daily at a time that is not there', '30 2 * * *', '2026-03-28T02:00:00Z', ['03-29T01:30', '03-30T00:30']],
  ['daily at a time that is there twice', '30 2 * * *', '2026-10-24T02:00:00Z', ['10-25T00:30', '10-26T01:30']],
  ['each half hour', '*/30 * * * *', '2026-10-25T00:00:00Z', ['10-25T00:30', '10-25T01:00', '10-25T01:30']],
])(
  'of a schedule %s each slot begins once where clocks change, when it was said to be next',
  (_name, cron, from, expected) => {
    const schedule = { ...daily, cron };
    const slots = expected.map((slot) => new Date(`2026-${slot}:00Z`));
    const first = new Date(from);
    const begun = new Set<number>();
    for (let at = first.getTime(); at <= (slots.at(-1) ?? first).getTime(); at += 10 * MINUTE_MS)
      begun.add(slotAt(schedule, new Date(at)).getTime());
    expect([...begun].slice(1)).toEqual(slots.map(Number));
    expect(slots.map((_slot, index) => slotAfter(schedule, slots[index - 1] ?? first))).toEqual(slots);
  },
);

test('a slot is unrelayed from its claim until its job is in a queue, and failed once its event is parked', async () => {
  const runner = instance([everyMinute]);
  const dueSlots = new DueSlots(outbox.on(database.primary));
  const slots = [1, 2].map((minute) => ({ name: 'tidy-up', slot: new Date(START + minute * MINUTE_MS) }));
  minutesLater(1);
  await runner.tick(everyMinute);
  expect(await dueSlots.findUnrelayed(slots)).toEqual([{ ...slots[0], fate: { state: 'waiting' } }]);
  await relayed([everyMinute]);
  expect(await dueSlots.findUnrelayed(slots)).toEqual([]);
  minutesLater(2);
  await runner.tick(everyMinute);
  const parked = { state: 'parked', cause: 'Error: no way' } as const;
  await outbox.on(database.primary).updateOne({ state: 'pending', type: 'schedule.due' }, { $set: parked }, system);
  const fate = { state: 'failed', reason: 'Error: no way' };
  expect(await dueSlots.findUnrelayed(slots)).toEqual([{ ...slots[1], fate }]);
});

test('a runner that is started begins its schedules, and ends', async () => {
  const runner = instance([everyMinute]);
  runner.start();
  runner.stop();
  expect(await runner.catchUp(everyMinute)).toBe(false);
});
