import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DelayedError, Queue, type Job } from 'bullmq';
import { z } from 'zod';
import { eventually, silent, uniqueName, withRedis } from '../../../tests/environment/index.ts';
import { jobHandler, type JobContract } from './job.ts';
import { Quarantine } from './quarantine.ts';
import { queueSettings } from './settings.ts';
import { WorkerRuntime } from './worker.ts';

const redis = withRedis();

const Work = z.strictObject({ name: z.string() });
const chore = (queue: string): JobContract<typeof Work> => ({
  queue,
  name: 'chore',
  payload: Work,
  idOf: ({ name }) => name,
});

let prefix: string;
let queues: Readonly<Record<'chores' | 'errands', Queue<{ name: string }>>>;
let runtime: WorkerRuntime | undefined;

beforeEach(() => {
  prefix = `${redis.prefix}-${uniqueName('quarantine')}`;
  const open = (name: string) => new Queue<{ name: string }>(name, { connection: { url: redis.url }, prefix });
  queues = { chores: open('chores'), errands: open('errands') };
});
afterEach(async () => {
  await runtime?.drain(1_000);
  await Promise.all([queues.chores.close(), queues.errands.close()]);
});

/** Puts a job where it was left behind so many times. */
async function add(name: string, stalls: number, queue: keyof typeof queues = 'chores'): Promise<Job> {
  const job = await queues[queue].add('chore', { name }, { jobId: name, attempts: 1 });
  if (stalls > 0) await redis.client.hset(queues[queue].toKey(name), 'stc', stalls);
  return job;
}

const markOf = (name: string): string => `${prefix}:suspects:chores:${name}`;
const isMarked = async (name: string): Promise<boolean> => (await redis.client.exists(markOf(name))) === 1;
const stateOf = (name: string) => queues.chores.getJobState(name);

/** Works on both queues, two jobs at once on each. */
function work(handle: (name: string) => Promise<void>): void {
  const settings = queueSettings({ concurrency: 2 });
  const kinds = ['chores', 'errands'].map((queue) => ({
    queue,
    handlers: [jobHandler({ contract: chore(queue), handle: ({ name }) => handle(name) })],
  }));
  const table = { chores: settings, errands: settings };
  runtime = new WorkerRuntime(kinds, { redis, prefix, queues: table, logger: silent });
  runtime.start();
}

test('of jobs that were left behind one at a time runs, whatever its queue, with a mark until it has ended', async () => {
  const [running, most, marked, done] = [new Set<string>(), [] as number[], [] as boolean[], [] as string[]];
  for (const name of ['a', 'b', 'c', 'd']) await add(name, 1);
  for (const name of ['e', 'f']) await add(name, 2, 'errands');
  work(async (name) => {
    running.add(name);
    if (name === 'a') marked.push(await isMarked(name));
    else await redis.client.ping();
    most.push(running.size);
    running.delete(name);
    done.push(name);
    if (name === 'b') throw new Error('fails, and lives');
  });
  await eventually(() => done.length === 6);
  expect([Math.max(...most), marked]).toEqual([1, [true]]);
  await eventually(async () => (await stateOf('b')) === 'failed' && (await queues.chores.getActiveCount()) === 0);
  expect(await redis.client.keys(`${prefix}:suspects:*`)).toEqual([]);
});

test('a job that was left behind again with its mark fails for good without being run; one without a mark is run', async () => {
  const done: string[] = [];
  await add('killer', 2);
  await redis.client.set(markOf('killer'), '1');
  await add('neighbour', 5);
  work((name) => Promise.resolve(void done.push(name)));
  await eventually(async () => (await stateOf('killer')) === 'failed' && (await stateOf('neighbour')) === 'completed');
  expect(done).toEqual(['neighbour']);
  expect((await queues.chores.getJob('killer'))?.failedReason).toContain('stalled again');
  expect(await isMarked('killer')).toBe(false);
});

test('a mark from before a job was done again does not count at its first stall', async () => {
  const done: string[] = [];
  await redis.client.set(markOf('again'), '1');
  await add('again', 1);
  work((name) => Promise.resolve(void done.push(name)));
  await eventually(async () => (await stateOf('again')) === 'completed');
  expect([done, await isMarked('again')]).toEqual([['again'], false]);
});

test('a suspect whose turn does not come leaves its place to others, and costs no attempt', async () => {
  const gate = Promise.withResolvers<undefined>();
  const done: string[] = [];
  await add('long', 1);
  await add('waiting', 1);
  await add('ordinary', 0);
  work(async (name) => {
    if (name === 'long') await gate.promise;
    done.push(name);
  });
  await eventually(() => done.length > 0);
  expect(done).toEqual(['ordinary']);
  expect(await stateOf('waiting')).toBe('delayed');
  gate.resolve(undefined);
  await eventually(() => done.length === 2);
  await (await queues.chores.getJob('waiting'))?.promote();
  await eventually(async () => (await stateOf('waiting')) === 'completed');
});

test('a worker that gives up on its suspect takes the mark away: it was not killed by it', async () => {
  const gate = Promise.withResolvers<undefined>();
  await add('long', 1);
  work(() => gate.promise);
  await eventually(() => isMarked('long'));
  expect(await runtime?.drain(0)).toBe(false);
  expect(await isMarked('long')).toBe(false);
  gate.resolve(undefined);
});

test('a suspect that comes back while this process still does it, its lock gone with Redis, is put off and keeps its mark', async () => {
  const gate = Promise.withResolvers<undefined>();
  const quarantine = new Quarantine({ redis: redis.client, prefix });
  const moveToDelayed = () => Promise.resolve();
  const long = (stalledCounter: number) =>
    ({ id: 'long', queueName: 'chores', stalledCounter, moveToDelayed }) as unknown as Job;
  const begun = quarantine.attempt(long(1), 'first', () => gate.promise);
  await eventually(() => isMarked('long'));
  const again = quarantine.attempt(long(2), 'second', () => Promise.reject(new Error('run twice at once')));
  await expect(again).rejects.toBeInstanceOf(DelayedError);
  expect(await isMarked('long')).toBe(true);
  gate.resolve(undefined);
  await begun;
  expect(await isMarked('long')).toBe(false);
  await expect(quarantine.attempt(long(2), 'third', () => Promise.resolve())).resolves.toBeUndefined();
});

test('a job that was no suspect, and comes back as one while this process still does it, is not run beside itself', async () => {
  const gate = Promise.withResolvers<undefined>();
  const quarantine = new Quarantine({ redis: redis.client, prefix });
  const jobOf = (queueName: string, stalledCounter: number) =>
    ({ id: 'long', queueName, stalledCounter, moveToDelayed: () => Promise.resolve() }) as unknown as Job;
  const begun: string[] = [];
  const attempt = (job: Job) =>
    quarantine.attempt(job, 'token', async () => {
      begun.push(job.queueName);
      await gate.promise;
    });
  const first = attempt(jobOf('chores', 0));
  const again = attempt(jobOf('chores', 1));
  const namesake = attempt(jobOf('errands', 0));
  gate.resolve(undefined);
  await expect(again).rejects.toBeInstanceOf(DelayedError);
  await Promise.all([first, namesake]);
  expect(begun).toEqual(['chores', 'errands']);
  await attempt(jobOf('chores', 1));
  expect(begun).toEqual(['chores', 'errands', 'chores']);
});
