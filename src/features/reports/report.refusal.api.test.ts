import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { eventually } from '../../../tests/environment/index.ts';
import { startRedis, type RedisProcess } from '../../../tests/redis.ts';
import { withReports } from '../../../tests/reports.ts';
import { bodyOf } from '../../../tests/shop.ts';

let redis: RedisProcess;
beforeAll(async () => {
  redis = await startRedis();
});
const suite = withReports(() => redis.url);
afterAll(async () => {
  await suite.app.queue.close();
  await redis.stop();
});

test('while the Redis of the queues is nearly full a report is refused with 503, and asked for anew afterwards', async () => {
  const client = new Redis(redis.url);
  const store = await suite.store();
  const ask = () => store.post('/api/reports', { kind: 'sales', format: 'csv' });
  const [, used = '0'] = /used_memory:(\d+)/.exec(await client.info('memory')) ?? [];
  await client.config('SET', 'maxmemory', String(Math.ceil(Number(used) * 1.15)));
  await suite.app.queue.initialize();
  await eventually(async () => (await suite.app.queue.getHealthStatus()).overall === 'degraded');

  const refused = await ask().expect(503);
  expect(refused.body).toMatchObject({ code: 'queue-full', type: '/problems/queue-full' });
  expect(refused.headers['retry-after']).toBe('30');
  expect(await bodyOf(store.get('/api/reports').expect(200))).toMatchObject({ data: [] });

  await client.config('SET', 'maxmemory', '0');
  await eventually(async () => (await suite.app.queue.getHealthStatus()).redis?.usedRatio === 0);
  await ask().expect(202);
  client.disconnect();
});
