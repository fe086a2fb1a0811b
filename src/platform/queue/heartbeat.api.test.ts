import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { withRedis } from '../../../tests/environment/index.ts';
import { beat, workersOf, type WorkerBeat } from './heartbeat.ts';

const { url, prefix } = withRedis();
let redis: Redis;
beforeAll(() => {
  redis = new Redis(url);
});
afterAll(() => {
  redis.disconnect();
});
const worker: WorkerBeat = {
  id: 'one',
  queue: 'email',
  host: 'somewhere',
  pid: 1,
  active: 0,
  startedAt: '2026-01-01T00:00:00.000Z',
};

afterEach(() => {
  jest.restoreAllMocks();
});

test.each(['behind', 'ahead'])('a worker whose clock is an hour %s is seen, and is not forgotten', async (where) => {
  const hourMs = where === 'ahead' ? 3_600_000 : -3_600_000;
  const real = Date.now;
  jest.spyOn(Date, 'now').mockImplementation(() => real() + hourMs);
  await beat(redis, prefix, worker);
  jest.restoreAllMocks();
  for (const look of ['first', 'second']) {
    expect([look, (await workersOf(redis, prefix, 'email')).map(({ id }) => id)]).toEqual([look, ['one']]);
  }
});

test('a worker that was not seen for a while is forgotten', async () => {
  await beat(redis, prefix, worker);
  const [seconds] = await redis.time();
  const late = jest.spyOn(redis, 'time').mockResolvedValue([Number(seconds) + 17, 0]);
  expect(await workersOf(redis, prefix, 'email')).toEqual([]);
  late.mockRestore();
  expect(await workersOf(redis, prefix, 'email')).toEqual([]);
});
