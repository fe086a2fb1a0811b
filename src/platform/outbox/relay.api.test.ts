import { afterEach, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { z } from 'zod';
import { eventually, silent, withDatabase, withRedis } from '../../../tests/environment/index.ts';
import { Id, newId } from '../../shared/ids.ts';
import { asSystem } from '../database/scoped.ts';
import { mongoTransact } from '../database/transaction.ts';
import { EnqueueRefused } from '../queue/admission.ts';
import { requestJob, type JobContract, type JobRequest } from '../queue/job.ts';
import type { AppendEvent, EventRow } from './event.ts';
import { eventAppender, outbox } from './event.store.ts';
import { OutboxRelay, type OutboxRelayDeps } from './relay.ts';
import { mergeSubscriptions, type Subscriptions } from './subscription.ts';

const database = withDatabase({
  collections: [outbox],
  unindexed: [{ collection: 'outbox', operation: 'delete', reason: 'empties it between tests' }],
});
const redis = withRedis();
const system = asSystem('test');
const now = () => new Date();
const events = () => outbox.on(database.primary);

const Ref = z.strictObject({ id: Id });
const greet: JobContract<typeof Ref> = {
  queue: 'email',
  name: 'greet',
  payload: Ref,
  attempts: 1,
  backoff: { type: 'fixed', delayMs: 1 },
  timeoutMs: 1_000,
  idOf: ({ id }) => `greet-${Id.encode(id)}`,
};

const subscriptions: Subscriptions = {
  'guest.came': {
    jobs: ({ aggregateId }) => [requestJob(greet, { id: aggregateId })],
    tags: ({ aggregateId }) => [`guest:${Id.encode(aggregateId)}`],
  },
  'guest.broke': {
    jobs: () => {
      throw new RangeError('no such guest');
    },
    tags: () => [],
  },
  'guest.misnamed': {
    jobs: ({ aggregateId }) => [{ ...requestJob(greet, { id: aggregateId }), id: 'greet-me:twice' }],
    tags: () => [],
  },
};

/** What the relays of a test have handed on. */
class Received {
  readonly jobs: JobRequest[] = [];
  readonly tags: string[] = [];
  readonly committed: EventRow[] = [];
  away = false;
  readonly #relays: OutboxRelay[] = [];

  relay(deps: Partial<OutboxRelayDeps> = {}, times: ConstructorParameters<typeof OutboxRelay>[1] = {}): OutboxRelay {
    const enqueue = (jobs: readonly JobRequest[]) => {
      if (this.away) return Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' }));
      this.jobs.push(...jobs);
      return Promise.resolve();
    };
    const invalidate = (tags: readonly string[]) => {
      this.tags.push(...tags);
      return Promise.resolve();
    };
    const relay = new OutboxRelay(
      { events: events(), subscriptions, enqueue, invalidate, logger: silent, now, ...deps },
      { pollMs: 20, pauseMs: 20, ...times },
    );
    this.#relays.push(relay);
    return relay;
  }

  async happen(type: string, count: number): Promise<string[]> {
    const append: AppendEvent = eventAppender({ events: events(), now, committed: (row) => this.committed.push(row) });
    const transact = mongoTransact(database.primary, () => Promise.resolve());
    const ids = Array.from({ length: count }, newId);
    await transact(system, async (access) => {
      for (const aggregateId of ids) await append(system, { type, version: 1, aggregateId, data: {} }, access);
    });
    return ids.map((id) => Id.encode(id));
  }

  guests = () => this.jobs.map(({ payload }) => (payload as { id: string }).id).sort();
  stop = () => Promise.all(this.#relays.map((relay) => relay.stop()));
}

let received = new Received();
const pending = () => events().countDocuments({ state: 'pending' }, system);

afterEach(async () => {
  await received.stop();
  received = new Received();
  await events().deleteMany({}, system);
});

test('what follows from an event is carried out once, and its writer is told after the commit', async () => {
  const guests = await received.happen('guest.came', 3);
  expect(received.committed).toHaveLength(3);
  const relay = received.relay();
  expect(await relay.relayBatch()).toBe(3);
  expect(await relay.relayBatch()).toBe(0);
  expect(received.guests()).toEqual(guests.sort());
  expect(received.jobs[0]).toMatchObject({ id: expect.stringMatching(/^greet-/), contract: { name: 'greet' } });
  expect(received.tags).toHaveLength(3);
});

test('an event that a process wrote whose clock was an hour ahead does not wait for that hour; one that is put off does', async () => {
  const [guest = ''] = await received.happen('guest.came', 2);
  for (const [index, { _id }] of received.committed.entries()) {
    const minutes = index === 0 ? 60 : 10;
    await events().updateOne({ _id }, { $set: { dueAt: new Date(Date.now() + minutes * 60_000) } }, system);
  }
  received.relay().start();
  expect(await eventually(() => received.jobs.length > 0 && received.guests())).toEqual([guest]);
  // It is marked done only after its jobs were handed on.
  await eventually(async () => (await pending()) === 1);
});

test('an event of a transaction that fails is not there', async () => {
  const append = eventAppender({ events: events(), now, committed: (row) => received.committed.push(row) });
  const transact = mongoTransact(database.primary, () => Promise.resolve());
  const failing = transact(system, async (access) => {
    await append(system, { type: 'guest.came', version: 1, aggregateId: newId(), data: {} }, access);
    throw new RangeError('no');
  });
  await expect(failing).rejects.toThrow(RangeError);
  expect(await pending()).toBe(0);
  expect(received.committed).toEqual([]);
});

test('four relays share 500 events, and each event is carried out by one of them', async () => {
  const guests = await received.happen('guest.came', 500);
  for (let each = 0; each < 4; each += 1) received.relay().start();
  await eventually(async () => (await pending()) === 0, 25_000);
  expect(received.guests()).toEqual(guests.sort());
}, 30_000);

test('while Redis is away the outbox waits, and afterwards nothing is missing', async () => {
  received.away = true;
  received.relay().start();
  const guests = await received.happen('guest.came', 20);
  await eventually(async () => (await pending()) === 20);
  received.away = false;
  await eventually(async () => (await pending()) === 0);
  expect(received.guests()).toEqual(guests.sort());
});

test('what a crashed relay had claimed is claimed again after its lease', async () => {
  const guests = await received.happen('guest.came', 5);
  const crash = Promise.withResolvers<never>();
  crash.promise.catch(() => undefined);
  const claimed = Promise.withResolvers<undefined>();
  const hung = received.relay({
    enqueue: () => {
      claimed.resolve(undefined);
      return crash.promise;
    },
  });
  const lost = hung.relayBatch().catch(() => undefined);
  await claimed.promise;
  // To another relay that looks now it is not there; to one whose clock is past the lease it is.
  expect(await received.relay().relayBatch()).toBe(0);
  expect(await received.relay({ now: () => new Date(Date.now() + 60_000) }).relayBatch()).toBe(5);
  expect(received.guests()).toEqual(guests.sort());
  crash.reject(new Error('killed'));
  await lost;
  expect(await pending()).toBe(0);
});

test('an event that cannot be carried out is put off, holds up no other, and is parked in the end', async () => {
  await received.happen('guest.broke', 1);
  await received.happen('guest.unknown', 1);
  const guests = await received.happen('guest.came', 2);
  let at = Date.now();
  const relay = received.relay({ now: () => new Date(at) });
  await relay.relayBatch();
  expect(received.guests()).toEqual(guests.sort());
  for (let attempt = 2; attempt <= 10; attempt += 1) {
    at += 3_600_000;
    expect(await relay.relayBatch()).toBe(2);
  }
  at += 3_600_000;
  expect(await relay.relayBatch()).toBe(0);
  const parked = await events().find({ state: 'parked' }, null, system).lean();
  expect(parked).toMatchObject([{ failures: 10, cause: 'RangeError: no such guest' }, { failures: 10 }]);
});

test('an event whose job has an id that no queue takes is put off, and holds up no other', async () => {
  await received.happen('guest.misnamed', 1);
  const guests = await received.happen('guest.came', 2);
  const queue = new Queue('guests', { connection: { url: redis.url }, prefix: redis.prefix });
  const add = async (jobs: readonly JobRequest[]) => {
    await queue.addBulk(jobs.map(({ id }) => ({ name: 'greet', data: {}, opts: { jobId: id } })));
    received.jobs.push(...jobs);
  };
  try {
    expect(await received.relay({ enqueue: add }).relayBatch()).toBe(3);
  } finally {
    await queue.close();
  }
  expect([received.guests(), await pending()]).toEqual([guests.sort(), 1]);
  expect(await events().findOne({ state: 'pending' }, null, system).lean()).toMatchObject({
    cause: "Error: 'greet-me:twice' is no id for a job greet",
  });
});

test('when Redis has lost jobs, the events done since are carried out again, by all relays, and none of before', async () => {
  const early = await received.happen('guest.came', 2);
  await received.relay().relayBatch();
  await events().updateMany({ state: 'done' }, { $set: { doneAt: new Date(Date.now() - 600_000) } }, system);
  const late = await received.happen('guest.came', 3);
  await received.relay().relayBatch();
  expect(received.guests()).toEqual([...early, ...late].sort());
  let noted = 0;
  const losses = {
    look: () => Promise.resolve({ since: new Date(Date.now() - 60_000), keptData: false }),
    note: () => Promise.resolve(void (noted += 1)),
  };
  const relay = received.relay({ losses });
  await relay.relayLost();
  expect([await pending(), noted]).toEqual([3, 1]);
  // At most once a second.
  await relay.relayLost();
  expect(noted).toBe(1);
  await relay.relayBatch();
  expect(received.guests()).toEqual([...early, ...late, ...late].sort());
});

test.each([
  [{ keptData: true }, ['info']],
  [{ keptData: false }, ['warn']],
])('a Redis that was started again, %j, is told of by %j', async ({ keptData }, levels) => {
  await received.happen('guest.came', 1);
  await received.relay().relayBatch();
  const told: string[] = [];
  const telling = (level: string) => () => void told.push(level);
  const logger = { error: telling('error'), info: telling('info'), warn: telling('warn') };
  const look = () => Promise.resolve({ since: new Date(Date.now() - 60_000), keptData });
  await received.relay({ losses: { look, note: () => Promise.resolve() }, logger }).relayLost();
  expect(told).toEqual(levels);
});

test('jobs that the queues have no room for wait in the outbox, and hold up no other', async () => {
  const guests = await received.happen('guest.came', 3);
  let refuse = true;
  const enqueue = (jobs: readonly JobRequest[]) => {
    if (!refuse) return Promise.resolve(void received.jobs.push(...jobs));
    received.jobs.push(...jobs.slice(1));
    return Promise.reject(new EnqueueRefused(jobs.slice(0, 1)));
  };
  let at = Date.now();
  const relay = received.relay({ enqueue, now: () => new Date(at) });
  expect(await relay.relayBatch()).toBe(3);
  expect([received.jobs.length, await pending()]).toEqual([2, 1]);
  expect(await relay.relayBatch()).toBe(0);
  refuse = false;
  at += 60_000;
  expect(await relay.relayBatch()).toBe(1);
  expect(received.guests()).toEqual(guests.sort());
});

test('what a relay cannot tell the cache it leaves to others at once, and goes on with what is new', async () => {
  const guests = await received.happen('guest.came', 2);
  const invalidate = () => Promise.reject(new Error('The cache is away'));
  const cutOff = received.relay({ invalidate }, { untoldMs: 3_600_000 });
  expect(await cutOff.relayBatch()).toBe(2);
  expect(await cutOff.relayBatch()).toBe(0);
  guests.push(...(await received.happen('guest.came', 1)));
  expect(await cutOff.relayBatch()).toBe(1);
  expect([received.guests(), received.tags]).toEqual([guests.sort(), []]);
  expect(await received.relay().relayBatch()).toBe(3);
  expect([received.guests(), received.tags.length, await pending()]).toEqual([guests, 3, 0]);
});

test('what no other relay has told the cache is tried again by the one that could not', async () => {
  await received.happen('guest.came', 1);
  let isAway = true;
  const invalidate = () => (isAway ? Promise.reject(new Error('The cache is away')) : Promise.resolve());
  const relay = received.relay({ invalidate }, { untoldMs: 0 });
  expect(await relay.relayBatch()).toBe(1);
  expect(await pending()).toBe(1);
  isAway = false;
  expect(await relay.relayBatch()).toBe(1);
  expect(await pending()).toBe(0);
});

test('the moments between two steps are told, for crashes to be tried there', async () => {
  const points: string[] = [];
  const relay = received.relay({ reached: (point) => points.push(point) });
  await received.happen('guest.came', 1);
  relay.nudge();
  await relay.relayBatch();
  expect(points).toEqual(['outbox.committed', 'outbox.claimed', 'outbox.enqueued']);
});

test('a nudge has the relay look at once', async () => {
  const relay = received.relay({}, { pollMs: 600_000 });
  relay.start();
  await received.happen('guest.came', 1);
  relay.nudge();
  await eventually(() => received.jobs.length === 1);
});

test('two features that subscribe to one event type are refused', () => {
  expect(() => mergeSubscriptions(subscriptions, subscriptions)).toThrow('Two subscriptions');
});
