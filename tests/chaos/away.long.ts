import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { eventually } from '../environment/index.ts';
import { startPlatform, type TestPlatform } from '../platform.ts';
import { openShop, PASSWORD, type TestShop } from './shop.ts';

/* The same under load, with what it may cost in time: redis.long.ts and database.long.ts. */

jest.setTimeout(90_000);

const REQUESTS = 30;

let platform: TestPlatform;
let shop: TestShop;

beforeAll(async () => {
  platform = await startPlatform();
  shop = await openShop(platform, 1, 1_000);
});
afterAll(() => platform.stop());

const order = () => shop.buyer.post('/orders', shop.line());

/** What a shop lives by. Each rejects unless it succeeds. */
async function aDay(): Promise<void> {
  const { buyer, seller, merchantId, buyerEmail } = shop;
  await buyer.signIn(buyerEmail, PASSWORD);
  await buyer.get(`/storefronts/${merchantId}/products`);
  await buyer.get('/me');
  await order();
  await buyer.get('/orders');
  await seller.get('/merchant/orders');
}

const checkIs = (name: string, status: string) =>
  eventually(async () => (await platform.health()).checks[name]?.status === status);
const mailsOf = async (number: unknown) =>
  (await platform.mails()).filter(({ subject }) => subject.includes(String(number)));
const subjects = async () =>
  (await platform.mails()).map(({ subject }) => subject).filter((subject) => subject.startsWith('Your order'));

test('F4: with both Redis hung, everything a shop lives by goes on', async () => {
  platform.queueRedis.pause();
  platform.cacheRedis.pause();
  await aDay();
  platform.queueRedis.resume();
  platform.cacheRedis.resume();
});

test('F3: with both Redis away all goes on; what is asked for waits in the outbox and is done once when Redis is back', async () => {
  await Promise.all([platform.queueRedis.kill(), platform.cacheRedis.kill()]);
  await Promise.all(['redis-queues', 'redis-cache', 'queue'].map((name) => checkIs(name, 'down')));
  expect(await platform.health()).toMatchObject({ ready: true, status: 'degraded' });
  await aDay();
  const { number } = await order();
  expect(await mailsOf(number)).toEqual([]);
  await Promise.all([platform.queueRedis.restart(), platform.cacheRedis.restart()]);
  await eventually(async () => (await mailsOf(number)).length > 0);
  expect(await mailsOf(number)).toHaveLength(1);
});

/** Writes and reads that no cache answers. */
const asked = (): readonly (readonly [method: string, path: string, body?: object])[] => [
  ['POST', '/auth/sign-in', { email: shop.buyerEmail, password: PASSWORD }],
  ['GET', '/me'],
  ['GET', '/orders'],
  ['POST', '/orders', shop.line()],
];

test.each([
  [
    'hung',
    () => {
      platform.database.pause();
    },
    () => {
      platform.database.resume();
    },
  ],
  ['away', () => platform.database.kill(), () => platform.database.restart()],
] as const)(
  'F7: with the database %s, what is asked is answered 503 with Retry-After; when it is back the same process serves again',
  async (_how, begin, end) => {
    await begin();
    const answers = await Promise.all(asked().map((request) => shop.buyer.ask(...request)));
    await checkIs('database', 'down');
    const probes = ['live', 'ready'].map(async (probe) => (await fetch(`${platform.url}/health/${probe}`)).status);
    const probed = await Promise.all(probes);
    await end();
    expect(answers.map(({ status, headers }) => [status, headers.has('retry-after')])).toEqual(
      asked().map(() => [503, true]),
    );
    expect(probed).toEqual([200, 503]);
    await checkIs('database', 'up');
    await aDay();
  },
);

test('all that filled no log: a line when something goes and one when it returns, none of them long', () => {
  for (const process of [platform.api, platform.worker]) {
    const lines = process.log().trimEnd().split('\n');
    const told = lines.filter((line) => /"level":"(warn|error)"/.test(line) && !line.includes('slow request'));
    expect(told.length).toBeLessThan(60);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(4_000);
  }
});

test('F8: told to stop amid requests and jobs, API and worker finish those at hand and end with 0; another does the rest once', async () => {
  const before = (await subjects()).length;
  // One after the other they get the same stock: most of them are still waiting when the first is answered.
  const running = Array.from({ length: REQUESTS }, () => shop.buyer.ask('POST', '/orders', shop.line()));
  await Promise.race(running);
  platform.api.kill('SIGTERM');
  const unready = eventually(async () => {
    const { ready, draining } = await platform.health();
    return draining && !ready;
  });
  platform.worker.kill('SIGTERM');
  const statuses = (await Promise.all(running)).map(({ status }) => status);
  await unready;
  expect(statuses).toEqual(running.map(() => 201));
  expect([(await platform.api.ended).code, (await platform.worker.ended).code]).toEqual([0, 0]);
  await platform.startAgain();
  await eventually(async () => (await subjects()).length >= before + REQUESTS);
  const sent = await subjects();
  expect(new Set(sent).size).toBe(sent.length);
});
