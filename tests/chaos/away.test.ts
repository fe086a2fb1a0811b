import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Caller } from '../caller.ts';
import { eventually } from '../environment/index.ts';
import { startPlatform, type TestPlatform } from '../platform.ts';

jest.setTimeout(60_000);

const PASSWORD = 'correct horse battery';
const SELLER = { email: 'seller@away.example', name: 'Sam Seller' };
const BUYER = { email: 'buyer@away.example', name: 'Bea Buyer' };

let platform: TestPlatform;
let seller: Caller;
let buyer: Caller;
let merchantId: string;

beforeAll(async () => {
  platform = await startPlatform();
  [seller, buyer] = [new Caller(platform.url), new Caller(platform.url)];
  await seller.signUp(SELLER.email, SELLER.name, PASSWORD);
  await buyer.signUp(BUYER.email, BUYER.name, PASSWORD);
  merchantId = String((await seller.post('/merchants', { slug: 'away-mugs', name: 'Away Mugs' })).id);
  const price = { amount: 1_250, currency: 'EUR' };
  const variants = [{ sku: 'MUG', title: 'Blue', price }];
  await seller.post('/merchant/products', { title: 'Blue mug', category: 'mugs', status: 'active', variants });
  const locationId = String((await seller.post('/merchant/locations', { name: 'Shelf' })).id);
  await seller.put(`/merchant/locations/${locationId}/stock/MUG`, { available: 100 });
}, 90_000);
afterAll(() => platform.stop());

const order = () => buyer.post('/orders', { merchantId, lines: [{ sku: 'MUG', quantity: 1 }] });

/** What a shop lives by. Each rejects unless it succeeds. */
const DAILY: Readonly<Record<string, () => Promise<unknown>>> = {
  'sign in': () => buyer.signIn(BUYER.email, PASSWORD),
  browse: () => buyer.get(`/storefronts/${merchantId}/products`),
  'look at oneself': () => buyer.get('/me'),
  order,
  'list orders': () => buyer.get('/orders'),
  'list sales': () => seller.get('/merchant/orders'),
};

async function durations(): Promise<Record<string, number>> {
  const taken: Record<string, number> = {};
  for (const [what, act] of Object.entries(DAILY)) {
    const begun = performance.now();
    await act();
    taken[what] = performance.now() - begun;
  }
  return taken;
}

const healthy = () => eventually(async () => (await platform.health()).status === 'healthy', 20_000);
const ofOrder = async (number: unknown) =>
  (await platform.mails()).filter(({ subject }) => subject.includes(String(number)));

test('F4: with both Redis hung, everything a shop lives by goes on, and waits for them less than a second', async () => {
  await healthy();
  const before = await durations();
  platform.queueRedis.pause();
  platform.cacheRedis.pause();
  const hung = await durations();
  platform.queueRedis.resume();
  platform.cacheRedis.resume();
  for (const [what, taken] of Object.entries(hung)) {
    expect([what, taken - (before[what] ?? 0) < 1_000]).toEqual([what, true]);
  }
  await healthy();
});

describe('F3: with both Redis away', () => {
  let placed: { readonly number?: unknown };

  test('the process is ready and says that it is degraded, and by what', async () => {
    await platform.queueRedis.kill();
    await platform.cacheRedis.kill();
    await eventually(async () => {
      const { checks } = await platform.health();
      return ['redis-queues', 'redis-cache', 'queue'].every((name) => checks[name]?.status === 'down');
    });
    expect(await platform.health()).toMatchObject({ ready: true, status: 'degraded' });
  });

  test('reads, orders and sign-in go on', async () => {
    await durations();
    placed = await order();
  });

  test('what they ask for waits in the outbox, and is done once when Redis is back', async () => {
    expect(await ofOrder(placed.number)).toEqual([]);
    await platform.queueRedis.restart();
    await platform.cacheRedis.restart();
    await eventually(async () => (await ofOrder(placed.number)).length > 0, 20_000);
    await healthy();
    expect(await ofOrder(placed.number)).toHaveLength(1);
  });
});

describe('with the database away', () => {
  const LATEST_MS = 2_000;

  beforeAll(() => platform.database.kill());

  const send = async (method: string, path: string, body?: object) => {
    const begun = performance.now();
    const answer = await buyer.ask(method, path, body);
    const text = await answer.text();
    return { answer, text, inTime: performance.now() - begun < LATEST_MS };
  };

  test.each([
    ['POST', '/auth/sign-up', { email: 'new@away.example', password: PASSWORD, name: 'New' }],
    ['POST', '/auth/sign-in', { email: BUYER.email, password: PASSWORD }],
    ['POST', '/auth/refresh', { refreshToken: 'TOKEN' }],
    ['GET', '/storefronts/ID/products', undefined],
    ['GET', '/me', undefined],
    ['GET', '/orders', undefined],
    ['POST', '/orders', { merchantId: 'ID', lines: [{ sku: 'MUG', quantity: 1 }] }],
    ['GET', '/merchant/products', undefined],
    ['GET', '/admin/orders', undefined],
  ])('%s %s answers 503 with Retry-After within 2 s', async (method, path, body) => {
    const sent = JSON.stringify({ body }).replace('"ID"', `"${merchantId}"`).replace('TOKEN', buyer.refreshToken);
    const filled = JSON.parse(sent) as { body?: object };
    const { answer, text, inTime } = await send(method, path.replace('ID', merchantId), filled.body);
    expect([answer.status, inTime, text]).toEqual([503, true, expect.stringContaining('"code":"unavailable"')]);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('every route that is documented answers within 2 s: 503 with Retry-After, or what is wrong with the request', async () => {
    const document = (await (await fetch(`${platform.url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const routes = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => [method.toUpperCase(), path.replaceAll(/\{\w*\}/g, 'f'.repeat(24))] as const),
    );
    expect(routes.length).toBeGreaterThan(40);
    const seen: number[] = [];
    for (const [method, path] of routes) {
      const { answer, inTime } = await send(method, path, method === 'GET' || method === 'DELETE' ? undefined : {});
      const fits = answer.status === 503 ? answer.headers.has('retry-after') : [400, 422].includes(answer.status);
      expect([method, path, answer.status, fits, inTime]).toEqual([method, path, answer.status, true, true]);
      seen.push(answer.status);
    }
    expect(seen.filter((status) => status === 503).length).toBeGreaterThan(20);
  });

  test('the process is alive, not ready, and says why', async () => {
    expect((await fetch(`${platform.url}/health/live`)).status).toBe(200);
    await eventually(async () => (await platform.health()).checks.database?.status === 'down');
    expect((await fetch(`${platform.url}/health/ready`)).status).toBe(503);
  });

  test('when it is back the same process serves again', async () => {
    await platform.database.restart();
    await healthy();
    await durations();
    const { number } = await order();
    await eventually(async () => (await ofOrder(number)).length === 1, 20_000);
  });
});

test('all that filled no log: a line when something goes and one when it returns, none of them long', () => {
  for (const process of [platform.api, platform.worker]) {
    const lines = process.log().trimEnd().split('\n');
    const told = lines.filter((line) => /"level":"(warn|error)"/.test(line) && !line.includes('slow request'));
    expect(told.length).toBeLessThan(40);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(4_000);
  }
});
