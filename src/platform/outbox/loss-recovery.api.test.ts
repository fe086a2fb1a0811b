import { afterEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { silent, withDatabase } from '../../../tests/environment/index.ts';
import { Id, newId } from '../../shared/ids.ts';
import { MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import { asSystem } from '../database/scoped.ts';
import { mongoTransact } from '../database/transaction.ts';
import { requestJob, type JobContract } from '../queue/job.ts';
import { eventAppender, outbox } from './event.store.ts';
import { OutboxRelay, type OutboxRelayDeps } from './relay.ts';
import type { Subscriptions } from './subscription.ts';

const database = withDatabase({
  collections: [outbox],
  unindexed: [{ collection: 'outbox', operation: 'delete', reason: 'empties it between tests' }],
});
const system = asSystem('test');
const events = () => outbox.on(database.primary);

const Ref = z.strictObject({ id: Id });
const greet: JobContract<typeof Ref> = {
  queue: 'email',
  name: 'greet',
  payload: Ref,
  idOf: ({ id }) => `greet-${Id.encode(id)}`,
};
const subscriptions: Subscriptions = {
  'guest.came': {
    jobs: ({ aggregateId }) => [requestJob(greet, { id: aggregateId })],
    tags: ({ aggregateId }) => [`guest:${Id.encode(aggregateId)}`],
  },
};

const START = Date.parse('2026-03-01T12:00:00Z');
const clock = { now: START };
let jobsInRedis: string[] = [];
let isCacheAway = false;
let isLost = false;
let looks = 0;

const losses = {
  look: () => {
    looks += 1;
    return Promise.resolve(isLost ? { since: new Date(START - MINUTE_MS), keptData: false } : undefined);
  },
  note: () => Promise.resolve(void (isLost = false)),
};
const enqueue: OutboxRelayDeps['enqueue'] = (jobs) =>
  Promise.resolve(void jobsInRedis.push(...jobs.map(({ id }) => id)));
const invalidate = () => (isCacheAway ? Promise.reject(new Error('away')) : Promise.resolve());

const relayWith = (deps: Partial<OutboxRelayDeps> = {}) =>
  new OutboxRelay({
    ...{ events: events(), subscriptions, enqueue, invalidate, losses, logger: silent },
    now: () => new Date(clock.now),
    ...deps,
  });

async function happen(count = 1): Promise<void> {
  const append = eventAppender({ events: events(), now: () => new Date(clock.now), committed: () => undefined });
  await mongoTransact(database.primary, () => Promise.resolve())(system, async (access) => {
    for (let each = 0; each < count; each += 1)
      await append(system, { type: 'guest.came', version: 1, aggregateId: newId(), data: {} }, access);
  });
}

/** A relay's turn, a second later. */
async function turn(relay: OutboxRelay): Promise<boolean> {
  clock.now += SECOND_MS;
  const isRecovering = await relay.relayLost();
  await relay.relayBatch();
  return isRecovering;
}

function redisLosesAll(): void {
  jobsInRedis = [];
  looks = 0;
  isLost = true;
}

afterEach(async () => {
  clock.now = START;
  [jobsInRedis, isCacheAway, isLost, looks] = [[], false, false, 0];
  await events().deleteMany({}, system);
});

test.each(['is there again', 'is still away'])(
  'jobs of an event that the cache was not told of when they were enqueued are enqueued again after a loss; the cache %s',
  async (cache) => {
    await happen();
    isCacheAway = true;
    await turn(relayWith());
    expect(jobsInRedis).toHaveLength(1);
    if (cache === 'is there again') {
      isCacheAway = false;
      await turn(relayWith());
    }
    redisLosesAll();
    await turn(relayWith());
    expect([jobsInRedis.length, isLost]).toEqual([1, false]);
  },
);

test('an event that a relay whose clock is ahead has marked done is carried out again after a loss', async () => {
  await happen();
  await turn(relayWith({ now: () => new Date(clock.now + MINUTE_MS) }));
  redisLosesAll();
  await turn(relayWith());
  expect(jobsInRedis).toHaveLength(1);
});

test('an event that a relay has enqueued before a loss and marks done after it was made good is carried out again', async () => {
  const enqueued = Promise.withResolvers<undefined>();
  const stalled = Promise.withResolvers<undefined>();
  await happen();
  const slow = relayWith({
    enqueue: async (jobs) => {
      await enqueue(jobs);
      enqueued.resolve(undefined);
      await stalled.promise;
    },
  }).relayBatch();
  await enqueued.promise;
  redisLosesAll();
  const other = relayWith();
  expect(await other.relayLost()).toBe(false);
  stalled.resolve(undefined);
  await slow;
  await turn(other);
  expect(jobsInRedis).toHaveLength(1);
  expect(await events().countDocuments({ state: 'done' }, system)).toBe(1);
});

test('a loss of many events is made good in parts, while new ones are carried out, and comes to an end', async () => {
  await happen(300);
  await turn(relayWith());
  redisLosesAll();
  // A relay that has just looked would not look again for a second.
  const relay = relayWith();
  const parts: number[] = [];
  let isRecovering = true;
  while (isRecovering) {
    await happen();
    const { length } = jobsInRedis;
    isRecovering = await turn(relay);
    parts.push(jobsInRedis.length - length);
  }
  // Each with the new one of its turn.
  expect(parts).toEqual([251, 51]);
  expect([new Set(jobsInRedis).size, jobsInRedis.length, isLost, looks]).toEqual([302, 302, false, 1]);
});
