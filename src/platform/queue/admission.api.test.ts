import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../../../tests/environment/index.ts';
import { noOutlets } from '../../../tests/outlets.ts';
import { startRedis, type RedisProcess } from '../../../tests/redis.ts';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { newId } from '../../shared/ids.ts';
import { EnqueueRefused, type RedisRoom } from './admission.ts';
import { requestJob, type JobContract } from './job.ts';
import { QueueService } from './queue.service.ts';
import { queueSettings } from './settings.ts';

const Work = z.strictObject({ id: z.number() });
const contract = (queue: string): JobContract<typeof Work> => ({
  queue,
  name: `${queue}.do`,
  payload: Work,
  idOf: ({ id }) => `${queue}.do-${String(id)}`,
});
const [pay, report] = [contract('payments'), contract('reports')];

let redis: RedisProcess;
let client: Redis;
let service: QueueService;

beforeAll(async () => {
  redis = await startRedis();
  client = new Redis(redis.url);
  const never = () => Promise.reject(new Error('not asked for'));
  service = new QueueService({
    redis: { url: redis.url },
    prefix: 'full',
    queues: { payments: queueSettings(), reports: queueSettings({ lowPriority: true }) },
    transact: never,
    appendEvent: never,
    mails: { insert: never },
    outlets: noOutlets,
    now: () => new Date(),
  });
  await service.initialize();
  await eventually(async () => (await service.getHealthStatus()).overall === 'healthy');
});
afterAll(async () => {
  await service.close();
  client.disconnect();
  await redis.stop();
});

/** Waits until the service has looked again. */
const room = (isThere: (room: RedisRoom) => boolean) =>
  eventually(async () => {
    const { redis: seen } = await service.getHealthStatus();
    return seen !== undefined && isThere(seen);
  });
const health = () => service.healthCheck().check(AbortSignal.timeout(5_000));

test('a Redis that is four fifths full is degraded and takes what must happen, but no job of low priority', async () => {
  await service.enqueue([requestJob(report, { id: 1 })]);
  const [, used = '0'] = /used_memory:(\d+)/.exec(await client.info('memory')) ?? [];
  await client.config('SET', 'maxmemory', String(Math.ceil(Number(used) * 1.15)));
  await room(({ usedRatio }) => usedRatio > 0.8);
  expect((await service.getHealthStatus()).overall).toBe('degraded');
  await expect(health()).rejects.toMatchObject({ code: 'QUEUE_REDIS_NEARLY_FULL' });
  const both = [requestJob(report, { id: 2 }), requestJob(pay, { id: 2 })];
  const refusal = await service.enqueue(both).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(EnqueueRefused);
  expect(refusal).toMatchObject({ kind: { status: 503 }, refused: [{ id: 'reports.do-2' }] });
  const now = new Date();
  const asked = { merchantId: newId(), reportType: 'sales', format: 'csv', dateRange: { from: now, to: now } } as const;
  await expect(service.generateReport(asked)).rejects.toThrow(EnqueueRefused);
  await client.config('SET', 'maxmemory', '0');
  await room(({ usedRatio }) => usedRatio === 0);
  expect((await service.getHealthStatus()).queues).toMatchObject({ payments: { waiting: 1 }, reports: { waiting: 1 } });
  await service.enqueue(both);
});

test('a Redis that may throw jobs away is said to', async () => {
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await room(({ evictionPolicy }) => evictionPolicy !== 'noeviction');
  await expect(health()).rejects.toMatchObject({ code: 'QUEUE_REDIS_EVICTS' });
  await client.config('SET', 'maxmemory-policy', 'noeviction');
  await room(({ evictionPolicy }) => evictionPolicy === 'noeviction');
});

test('jobs are put off, put before others, and not asked for twice in a short time, as their requests say', async () => {
  const named = (id: number, timing: object) => requestJob(pay, { id }, timing);
  await service.enqueue([
    named(10, { delayMs: 60_000 }),
    named(11, { priority: 1 }),
    named(12, { deduplication: { id: 'same', ttlMs: 60_000 } }),
    named(13, { deduplication: { id: 'same', ttlMs: 60_000 } }),
  ]);
  const { payments } = (await service.getHealthStatus()).queues;
  expect(payments).toMatchObject({ delayed: 1, waiting: 3 });
  const [queue] = service.all();
  expect((await queue?.getJobs(['prioritized']))?.map(({ id }) => id)).toEqual(['payments.do-11']);
});
