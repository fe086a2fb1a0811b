import { afterAll, beforeAll, expect, test } from '@jest/globals';
import request from 'supertest';
import { z } from 'zod';
import { eventually, silent, withDatabase, withRedis } from '../../../tests/environment/index.ts';
import { expectProblem, parts } from '../../../tests/mugs.ts';
import { noOutlets } from '../../../tests/outlets.ts';
import { createApp } from '../../app.ts';
import { reviewEndpoints } from '../../platform/http/review.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { mongoTransact } from '../../platform/database/transaction.ts';
import { eventAppender, outbox } from '../../platform/outbox/event.store.ts';
import { OutboxRelay } from '../../platform/outbox/relay.ts';
import { DeadLetterCollector, type FailedJob } from '../../platform/queue/dead-letter-collector.ts';
import { deadLetterSubscriptions } from '../../platform/queue/dead-letter.events.ts';
import { DeadLetterDesk } from '../../platform/queue/dead-letter-desk.ts';
import { deadLetters } from '../../platform/queue/dead-letter.model.ts';
import { DeadLetterStore } from '../../platform/queue/dead-letter.store.ts';
import {
  jobHandler,
  PermanentFailure,
  requestJob,
  type JobContract,
  type JobRequest,
} from '../../platform/queue/job.ts';
import { QueueService } from '../../platform/queue/queue.service.ts';
import { queueSettings } from '../../platform/queue/settings.ts';
import { WorkerRuntime } from '../../platform/queue/worker.ts';
import { Cursors } from '../../platform/security/cursors.ts';
import { newId } from '../../shared/ids.ts';
import { operationsFeature } from './http.ts';

const database = withDatabase({ collections: [deadLetters, outbox] });
const redis = withRedis();
const now = () => new Date();

const Call = z.strictObject({ name: z.string(), phone: z.string() });
const call: JobContract<typeof Call> = {
  queue: 'chores',
  name: 'chores.call',
  payload: Call,
  idOf: ({ name }) => `chores.call-${name}`,
};
const QUEUES = { chores: queueSettings({ attempts: 1 }) };

const raised: string[] = [];
const called: { name: string; phone: string }[] = [];
let isMended = false;
let isAway = false;
let queues: QueueService;
let workers: WorkerRuntime;
let store: DeadLetterStore;
let relay: OutboxRelay;
let app: ReturnType<typeof createApp>;

const collectorOf = (failedSince: QueueService['failedSince']) =>
  new DeadLetterCollector(['chores'], {
    store,
    failedSince,
    alert: {
      async raise({ jobId }, claim) {
        if (await claim()) raised.push(jobId);
      },
    },
    logger: silent,
  });

beforeAll(async () => {
  store = new DeadLetterStore({
    letters: deadLetters.on(database.primary),
    cursors: new Cursors('a-secret-of-this-suite-0123456789abcdef'),
  });
  const never = () => Promise.reject(new Error('not asked for'));
  queues = new QueueService({
    redis,
    prefix: redis.prefix,
    queues: QUEUES,
    transact: never,
    appendEvent: never,
    mails: { insert: never },
    outlets: noOutlets,
    now,
  });
  await queues.initialize();
  await eventually(async () => (await queues.getHealthStatus()).overall === 'healthy');
  const collector = collectorOf((...asked) => queues.failedSince(...asked));
  const handle = (payload: z.output<typeof Call>) => {
    if (!isMended) return Promise.reject(new PermanentFailure('nobody is there: bearer abcdef123'));
    return Promise.resolve(void called.push(payload));
  };
  workers = new WorkerRuntime([{ queue: 'chores', handlers: [jobHandler({ contract: call, handle })] }], {
    redis,
    prefix: redis.prefix,
    queues: QUEUES,
    logger: silent,
    // The first is told of; the others are left to the sweep, as if their worker had died.
    onDead: (queue, job) => void (job.id === 'chores.call-first' && collector.collect(queue, job)),
  });
  workers.start();
  const events = outbox.on(database.primary);
  const enqueue = async (jobs: readonly JobRequest[]) => {
    if (isAway) throw new Error('Redis is away');
    await queues.enqueue(jobs);
  };
  const invalidate = () => Promise.resolve();
  const subscriptions = deadLetterSubscriptions([call]);
  relay = new OutboxRelay({ events, subscriptions, enqueue, invalidate, logger: silent, now }, { pauseMs: 20 });
  relay.start();
  const writing = {
    transact: mongoTransact(database.primary, () => Promise.resolve()),
    appendEvent: eventAppender({
      events,
      now,
      committed: () => {
        relay.nudge();
      },
    }),
    now,
  };
  const desk = new DeadLetterDesk({ store, queues, contracts: [call], ...writing });
  const feature = operationsFeature({ deadLetters: desk, schedules: { list: () => Promise.resolve([]) } });
  const { edge, ...others } = parts();
  const scope = { kind: 'system', reason: 'test' } as const;
  const authorize = () => Promise.resolve({ actor: { kind: 'user', id: newId() } as const, scope });
  app = createApp([feature], { ...others, edge: { ...edge, authorize } });
  expect(reviewEndpoints([feature])).toEqual([]);
});
afterAll(async () => {
  await relay.stop();
  await workers.drain(1_000);
  await queues.close();
});

interface Card {
  readonly id: string;
  readonly jobId: string;
}
const PATH = '/api/operations/dead-letters';
const list = async (query = '') =>
  ((await request(app).get(`${PATH}?${query}`).expect(200)).body as { data: Card[] }).data;
const settle = async (what: string, ids: readonly string[]) =>
  (await request(app).post(`${PATH}/${what}`).send({ ids }).expect(200)).body as unknown;
const fail = async (name: string) => {
  isMended = false;
  await queues.enqueue([requestJob(call, { name, phone: '+4915112345678' })]);
  await eventually(async () => (await queues.failedSince('chores', 0, 100)).some(({ id }) => id?.endsWith(name)));
};

test('what failed for good is kept once, though worker and sweeps tell of it, and called out once', async () => {
  await fail('first');
  await eventually(() => raised.length === 1);
  await fail('second');
  const collector = collectorOf((...asked) => queues.failedSince(...asked));
  await Promise.all([collector.sweep(), collectorOf((...asked) => queues.failedSince(...asked)).sweep()]);
  await collector.sweep();
  expect(raised.toSorted()).toEqual(['chores.call-first', 'chores.call-second']);
  const cards = await list();
  expect(cards.map(({ jobId }) => jobId)).toEqual(['chores.call-second', 'chores.call-first']);
  expect(cards[0]).toMatchObject({ queue: 'chores', name: 'chores.call', attempts: 1, state: 'open' });
  expect(await list('queue=email')).toEqual([]);
  expect(await list('queue=chores&name=chores.call')).toHaveLength(2);
});

test('a sweep reads pages until it has seen all, however many failed in one millisecond; the next one reads none of them again', async () => {
  const jobs = Array.from({ length: 450 }, (_each, index): FailedJob & { readonly finishedOn: number } => ({
    id: `flood-${String(index)}`,
    name: 'flood',
    data: {},
    failedReason: 'x',
    stacktrace: [],
    attemptsMade: 1,
    finishedOn: 1_000 + Math.floor(index / 150),
  }));
  let read = 0;
  const failedSince: QueueService['failedSince'] = (_queue, since, limit) => {
    const page = jobs.filter(({ finishedOn }) => finishedOn >= since).slice(0, limit);
    read += page.length;
    return Promise.resolve(page as never);
  };
  const collector = collectorOf(failedSince);
  await collector.sweep();
  expect(
    await deadLetters
      .on(database.primary)
      .countDocuments({ state: 'open', queue: 'chores' }, { scope: { kind: 'system', reason: 'test' } }),
  ).toBe(452);
  read = 0;
  await collector.sweep();
  expect(read).toBe(0);
});

test('one is inspected without its secrets, edited, and done again; what was left out comes back', async () => {
  const [card] = (await list()).filter(({ jobId }) => jobId === 'chores.call-second');
  const shown = await request(app)
    .get(`${PATH}/${card?.id ?? ''}`)
    .expect(200);
  expect(shown.body).toMatchObject({ payload: { name: 'second', phone: '[redacted]' }, state: 'open' });
  expect(shown.text).not.toContain('abcdef123');
  const replay = (payload?: unknown) =>
    request(app)
      .post(`${PATH}/${card?.id ?? ''}/replay`)
      .send({ payload });
  const refused = await replay({ name: 7, phone: '[redacted]' });
  expectProblem(refused, 409, 'dead-letter-not-replayable');
  expect(refused.body).toMatchObject({ errors: [{ path: 'body.payload.name' }] });
  // What belongs into the gap nobody could say.
  expectProblem(await replay({ name: 'call [redacted]', phone: '[redacted]' }), 409, 'dead-letter-not-replayable');
  expectProblem(await replay({ name: 'a:b', phone: '[redacted]' }), 409, 'dead-letter-not-replayable');
  isMended = true;
  await replay({ name: 'third', phone: '[redacted]' }).expect(204);
  await eventually(() => called.length === 1);
  expect(called).toEqual([{ name: 'third', phone: '+4915112345678' }]);
  expectProblem(await replay(), 404, 'dead-letter-not-found');
  const unknown = `${PATH}/${newId().toHexString()}`;
  expectProblem(await request(app).get(unknown), 404, 'dead-letter-not-found');
  // Without a body as with one that has no fields.
  expectProblem(await request(app).post(`${unknown}/replay`), 404, 'dead-letter-not-found');
});

test('many are done again or discarded at once; those that are settled or fit no job are passed over', async () => {
  const open = await list('limit=100');
  const first = open.find(({ jobId }) => jobId === 'chores.call-first');
  const flood = (await list('name=flood&limit=2')).map(({ id }) => id);
  const ids = [first?.id ?? '', ...flood];
  isMended = true;
  expect(await settle('replay', ids)).toEqual({
    count: 1,
    skipped: flood.map((id) => ({ id, reason: "There is no job 'flood' any more" })),
  });
  await eventually(() => called.some(({ name }) => name === 'first'));
  expect(await settle('discard', ids)).toEqual({ count: 2 });
  expect(await settle('discard', ids)).toEqual({ count: 0 });
  const reason = 'There is no open dead letter of this id';
  expect(await settle('replay', ids)).toEqual({ count: 0, skipped: ids.map((id) => ({ id, reason })) });
  expect((await list('state=discarded')).map(({ id }) => id).sort()).toEqual(flood.toSorted());
});

test('one that is discarded no longer counts as failed in its queue', async () => {
  const failed = async () => (await queues.getHealthStatus()).queues.chores?.failed;
  const before = await failed();
  await fail('fourth');
  await collectorOf((...asked) => queues.failedSince(...asked)).sweep();
  expect(await failed()).toBe((before ?? 0) + 1);
  const [card] = (await list()).filter(({ jobId }) => jobId === 'chores.call-fourth');
  expect(await settle('discard', [card?.id ?? ''])).toEqual({ count: 1 });
  expect(await failed()).toBe(before);
});

test('a replay waits in the outbox where its queue cannot be reached; of two at the same moment one is done', async () => {
  await fail('fifth');
  await collectorOf((...asked) => queues.failedSince(...asked)).sweep();
  const [card] = (await list()).filter(({ jobId }) => jobId === 'chores.call-fifth');
  const replay = () => request(app).post(`${PATH}/${card?.id ?? ''}/replay`);
  isMended = true;
  isAway = true;
  const statuses = (await Promise.all([replay(), replay()])).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([204, 404]);
  const pending = { type: 'dead-letters.replayed', state: 'pending' } as const;
  expect(await outbox.on(database.primary).countDocuments(pending, asSystem('test'))).toBe(1);
  isAway = false;
  await eventually(() => called.some(({ name }) => name === 'fifth'));
});
