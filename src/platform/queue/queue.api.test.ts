import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { eventually, silent, withDatabase, withRedis } from '../../../tests/environment/index.ts';
import { noOutlets } from '../../../tests/outlets.ts';
import { startRedis, type RedisProcess } from '../../../tests/redis.ts';
import { asSystem } from '../database/scoped.ts';
import { mongoTransact } from '../database/transaction.ts';
import { readKeptMails, type KeptMail } from '../mail/kept-mails.ts';
import { mailJobs, mailSubscriptions } from '../mail/mail.jobs.ts';
import { MailStore, mails } from '../mail/mail.store.ts';
import { startMailSink, type MailSink } from '../mail/sink.ts';
import { smtpTransport, type MailTransport } from '../mail/transport.ts';
import { eventAppender, outbox } from '../outbox/event.store.ts';
import { OutboxRelay } from '../outbox/relay.ts';
import { Effects, effects } from './effects.ts';
import { jobHandler, PutOff, RefusedForNow, requestJob, type JobContract } from './job.ts';
import { QueueService } from './queue.service.ts';
import { queueSettings } from './settings.ts';
import { WorkerRuntime, type WorkerKind } from './worker.ts';

const database = withDatabase({ collections: [effects, mails, outbox] });
const redis = withRedis();
const now = () => new Date();
const system = asSystem('test');

const QUEUES = { email: queueSettings(), chores: queueSettings(), patience: queueSettings() };

const Work = z.strictObject({ name: z.string() });
const chore = (name: string, overrides: Partial<JobContract<typeof Work>> = {}): JobContract<typeof Work> => ({
  queue: 'chores',
  name,
  payload: Work,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 1 },
  timeoutMs: 2_000,
  idOf: (payload) => `${name}-${payload.name}`,
  ...overrides,
});

let directory = '';
let sink: MailSink | undefined;
let transport: MailTransport | undefined;
let answer: (mail: KeptMail) => number = () => 250;
let service: QueueService;
let relay: OutboxRelay | undefined;
const runtimes: WorkerRuntime[] = [];

function work(kind: WorkerKind, onDead?: (name: string) => void): WorkerRuntime {
  const dead =
    onDead &&
    ((_queue: string, job: { name: string }) => {
      onDead(job.name);
    });
  const runtime = new WorkerRuntime([kind], {
    redis,
    prefix: redis.prefix,
    queues: QUEUES,
    logger: silent,
    ...(dead && { onDead: dead }),
  });
  runtime.start();
  runtimes.push(runtime);
  return runtime;
}

function queueService(url: string, prefix: string): QueueService {
  const nudge = () => {
    relay?.nudge();
  };
  const appendEvent = eventAppender({ events: outbox.on(database.primary), now, committed: nudge });
  return new QueueService({
    redis: { url },
    prefix,
    queues: QUEUES,
    outlets: noOutlets,
    transact: mongoTransact(database.primary, () => Promise.resolve()),
    appendEvent,
    mails: new MailStore({ mails: mails.on(database.primary), now }),
    now,
  });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mails-'));
  sink = await startMailSink({ directory, port: 0, answer: (mail) => answer(mail) });
  transport = smtpTransport({ smtpUrl: sink.url, from: 'Shop <shop@example.test>' });
  service = queueService(redis.url, redis.prefix);
  await service.initialize();
  await eventually(async () => (await service.getHealthStatus()).overall === 'healthy');
  relay = new OutboxRelay(
    {
      events: outbox.on(database.primary),
      subscriptions: mailSubscriptions,
      enqueue: (jobs) => service.enqueue(jobs),
      invalidate: () => Promise.resolve(),
      logger: silent,
      now,
    },
    { pauseMs: 50 },
  );
  relay.start();
  const handlers = mailJobs({
    mails: new MailStore({ mails: mails.on(database.primary), now }),
    transport,
    effects: new Effects({ effects: effects.on(database.primary), now }),
  });
  // Retries come at once, so that the test need not wait for them.
  const soon = handlers.map((handler) => ({ ...handler, contract: { ...handler.contract } }));
  work({ queue: 'email', handlers: soon });
});

afterAll(async () => {
  await relay?.stop();
  await Promise.all(runtimes.map((runtime) => runtime.drain(1_000)));
  await service.close();
  transport?.close();
  await sink?.close();
  await rm(directory, { recursive: true, force: true });
});

const kept = async (subject: string) => (await readKeptMails(directory)).filter((mail) => mail.subject === subject);

test('a mail that is asked for arrives once, with its text and the same sender, and its text is forgotten', async () => {
  const id = await service.sendEmail({ to: 'ann@example.test', subject: 'Hello', body: 'Grüße', html: '<p>Grüße</p>' });
  const [mail] = await eventually(async () => {
    const found = await kept('Hello');
    return found.length > 0 && found;
  });
  expect(mail).toMatchObject({ to: ['ann@example.test'], from: '"Shop" <shop@example.test>', html: '<p>Grüße</p>' });
  expect(mail?.text.trim()).toBe('Grüße');
  expect(mail?.messageId).toBe(`<${id.toHexString()}@example.test>`);
  const stored = await eventually(async () => {
    const row = await mails.on(database.primary).findOne({ _id: id }, null, system).lean();
    return row?.sentAt instanceof Date && row;
  });
  expect(stored).toMatchObject({ body: null, html: null });
});

test.each(['', 'ann', 'Ann <>'])('a mail to %j is refused when it is asked for', async (to) => {
  await expect(service.sendEmail({ to, subject: 'Nobody', body: 'x' })).rejects.toThrow(TypeError);
});

test('a mail asked for in a transaction that fails is never sent', async () => {
  const transact = mongoTransact(database.primary, () => Promise.resolve());
  const mail = { to: 'ann@example.test', subject: 'Never', body: 'x' };
  const failing = transact(system, async (access) => {
    await service.sendEmail(mail, { context: system, access });
    throw new RangeError('no');
  });
  await expect(failing).rejects.toThrow(RangeError);
  await service.sendEmail({ ...mail, subject: 'After' });
  await eventually(async () => (await kept('After')).length === 1);
  expect(await kept('Never')).toEqual([]);
});

test('a mail that the server puts off is sent later; one that it refuses for good is tried once', async () => {
  const tries: string[] = [];
  answer = ({ subject }) => {
    tries.push(subject);
    if (subject === 'Later') return tries.filter((each) => each === 'Later').length === 1 ? 451 : 250;
    return subject === 'Refused' ? 550 : 250;
  };
  await service.sendEmail({ to: 'ann@example.test', subject: 'Later', body: 'x' });
  await service.sendEmail({ to: 'ann@example.test', subject: 'Refused', body: 'x' });
  await eventually(async () => (await kept('Later')).length === 1);
  await eventually(async () => (await service.getHealthStatus()).queues.email?.failed === 1);
  expect(tries.filter((subject) => subject === 'Refused')).toHaveLength(1);
  answer = () => 250;
});

test('jobs: the same id is done once, an invalid payload and an unknown name fail at once, a late one is given up', async () => {
  const done: string[] = [];
  const dead: string[] = [];
  const once = chore('once');
  const late = chore('late', { timeoutMs: 20, attempts: 1 });
  const flaky = chore('flaky');
  const handlers = [
    jobHandler({ contract: once, handle: ({ name }) => Promise.resolve(void done.push(name)) }),
    jobHandler({ contract: late, handle: () => new Promise<never>(() => undefined) }),
    jobHandler({
      contract: flaky,
      handle: ({ name }) => {
        done.push(name);
        return done.filter((each) => each === name).length === 1
          ? Promise.reject(new Error('not yet'))
          : Promise.resolve();
      },
    }),
  ];
  work({ queue: 'chores', handlers }, (name) => dead.push(name));
  await service.enqueue([
    requestJob(once, { name: 'a' }),
    requestJob(once, { name: 'a' }),
    { ...requestJob(once, { name: 'b' }), payload: { name: { $gt: '' } } },
    { ...requestJob(chore('nobody'), { name: 'c' }) },
    requestJob(late, { name: 'd' }),
    requestJob(flaky, { name: 'e' }),
  ]);
  await eventually(() => dead.length === 3 && done.filter((name) => name === 'e').length === 2);
  await service.enqueue([requestJob(once, { name: 'a' })]);
  expect(dead.sort()).toEqual(['late', 'nobody', 'once']);
  const health = await eventually(async () => {
    const status = await service.getHealthStatus();
    return status.queues.chores?.workers === 1 && status.queues.chores.active === 0 && status;
  });
  expect(health).toMatchObject({ overall: 'healthy', queues: { chores: { failed: 3, waiting: 0, paused: false } } });
  expect(done.filter((name) => name === 'a')).toEqual(['a']);
});

test('a job that is put off is taken up again, and no attempt is counted; one refused for now has more of them', async () => {
  const [contract, done] = [chore('patient', { queue: 'patience', attempts: 1 }), [] as number[]];
  let tries = 0;
  work({
    queue: 'patience',
    handlers: [
      jobHandler({
        contract,
        handle: () => {
          tries += 1;
          if (tries <= 3) return Promise.reject(new PutOff('not yet', 1));
          if (tries === 4) return Promise.reject(new RefusedForNow('later'));
          done.push(tries);
          return Promise.resolve();
        },
      }),
    ],
  });
  await service.enqueue([requestJob(contract, { name: 'one' })]);
  expect(await eventually(() => done.length > 0 && done)).toEqual([5]);
});

test('a worker that drains finishes the job under way, takes no other, and is not seen any more', async () => {
  const begun = Promise.withResolvers<undefined>();
  const gate = Promise.withResolvers<undefined>();
  const done: string[] = [];
  const slow = chore('slow', { queue: 'email', timeoutMs: 10_000 });
  const handle = async ({ name }: { name: string }) => {
    begun.resolve(undefined);
    await gate.promise;
    done.push(name);
  };
  const own = { url: redis.url };
  const runtime = new WorkerRuntime([{ queue: 'email', handlers: [jobHandler({ contract: slow, handle })] }], {
    redis: own,
    queues: { email: queueSettings({ concurrency: 1 }) },
    prefix: `${redis.prefix}-drain`,
    logger: silent,
  });
  runtime.start();
  const apart = queueService(redis.url, `${redis.prefix}-drain`);
  await apart.initialize();
  await eventually(async () => (await apart.getHealthStatus()).queues.email?.workers === 1);
  await apart.enqueue([requestJob(slow, { name: 'first' }), requestJob(slow, { name: 'second' })]);
  await begun.promise;
  const drained = runtime.drain(5_000);
  gate.resolve(undefined);
  expect(await drained).toBe(true);
  expect(done).toEqual(['first']);
  expect((await apart.getHealthStatus()).queues.email).toMatchObject({ waiting: 1, workers: 0 });
  await expect(apart.healthCheck().check(AbortSignal.timeout(5_000))).rejects.toMatchObject({
    code: 'QUEUE_NOT_WORKED',
  });
  const { overall, queues } = await apart.getHealthStatus();
  expect(overall).toBe('degraded');
  expect(queues.email?.oldestWaitingMs).toBeGreaterThan(0);
  await apart.close();
});

test('with Redis away or hung an enqueue is refused within 2 s and the health says so; afterwards both work again', async () => {
  let own: RedisProcess | undefined = await startRedis();
  const apart = queueService(own.url, 'away');
  await apart.initialize();
  const job = requestJob(chore('once'), { name: 'x' });
  const isHealthy = async () => (await apart.getHealthStatus()).overall !== 'unhealthy';
  await eventually(isHealthy);
  own.pause();
  const begun = performance.now();
  await expect(apart.enqueue([job])).rejects.toThrow();
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect(await isHealthy()).toBe(false);
  own.resume();
  await eventually(isHealthy);
  await apart.enqueue([job]);
  await own.stop();
  own = undefined;
  await expect(apart.enqueue([job])).rejects.toThrow();
  expect(await isHealthy()).toBe(false);
  await apart.close();
}, 30_000);
