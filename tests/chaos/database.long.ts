import { afterAll, beforeAll, expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../environment/index.ts';
import { startPlatform, type TestPlatform } from '../platform.ts';
import { load, outcomeOf, type Outcome } from './load.ts';
import { inRounds, quantile, type Measure } from './rounds.ts';
import { openShop, PASSWORD, type TestShop } from './shop.ts';

const ANSWER_MS = 2_000;
const WRITES_PER_SECOND = 50;
const DOWN_MS = 2_000;
const RECOVERY_MS = 15_000;

let platform: TestPlatform;
let shop: TestShop;

beforeAll(async () => {
  platform = await startPlatform();
  shop = await openShop(platform, 20, 1_000_000);
}, 120_000);
afterAll(() => platform.stop());

const isRefusal = ({ status, retryAfter }: Outcome): boolean => status === 503 && retryAfter;

/** Counted from when there was something to notice: before the fault a busy machine may have let them wait. */
const longestRefusal = (outcomes: readonly Outcome[], faultAt = 0): number =>
  Math.max(...outcomes.filter(isRefusal).map(({ sentAt, tookMs }) => sentAt + tookMs - Math.max(sentAt, faultAt)));

inRounds('F7: database killed and started again at 50 writes a second', 120_000, async (measure) => {
  const keys: string[] = [];
  const before = await shop.stockLeft();
  const place = (index: number) => {
    const key = (keys[index] ??= randomUUID());
    return shop.buyer.ask('POST', '/orders', shop.line(index), key);
  };
  const writes = load(WRITES_PER_SECOND, place);
  await sleep(3_000);
  const killedAt = performance.now();
  await platform.database.kill();
  await sleep(DOWN_MS);
  await platform.database.restart();
  await sleep(RECOVERY_MS);
  const outcomes = await writes.stop();

  expect(outcomes.filter((outcome) => outcome.status !== 201 && !isRefusal(outcome))).toEqual([]);
  const lastRefused = outcomes.findLast(isRefusal);
  measure('refused for, down 2 s of it', ((lastRefused?.sentAt ?? killedAt) - killedAt) / 1_000, 's', 15);
  measure('longest wait for a refusal', longestRefusal(outcomes, killedAt), 'ms', ANSWER_MS);

  // Each acknowledged order is there; each refused one, asked again by its key, is placed once.
  for (const { body } of outcomes.filter(({ status }) => status === 201)) {
    const { id } = JSON.parse(body) as { id: string };
    expect(await shop.buyer.get(`/orders/${id}`)).toMatchObject({ id });
  }
  for (const [index, outcome] of outcomes.entries()) {
    if (isRefusal(outcome)) await eventually(async () => (await place(index)).status === 201);
  }
  expect(before - (await shop.stockLeft())).toBe(outcomes.length);
});

inRounds('F7: database hung for 5 s at 20 orders and 80 reads a second', 120_000, async (measure) => {
  await platform.serversUp();
  const orders = load(20, (index) => shop.buyer.ask('POST', '/orders', shop.line(index)));
  const reads = load(80, () => shop.buyer.ask('GET', `/storefronts/${shop.merchantId}/products`));
  await sleep(2_000);
  const hungAt = performance.now();
  platform.database.pause();
  await sleep(5_000);
  const ready = (await fetch(`${platform.url}/health/ready`)).status;
  const live = (await fetch(`${platform.url}/health/live`)).status;
  platform.database.resume();
  const resumedAt = performance.now();
  await sleep(5_000);
  const outcomes = (await Promise.all([orders.stop(), reads.stop()])).flat();

  expect({ ready, live }).toEqual({ ready: 503, live: 200 });
  expect(outcomes.filter((outcome) => ![200, 201].includes(outcome.status) && !isRefusal(outcome))).toEqual([]);
  const hung = outcomes.filter(({ sentAt }) => sentAt > hungAt && sentAt < resumedAt);
  measure('longest wait for a refusal, hung', longestRefusal(outcomes, hungAt), 'ms', ANSWER_MS);
  const later = hung.filter(({ sentAt }) => sentAt > hungAt + ANSWER_MS).map(({ tookMs }) => tookMs);
  measure('p99 of a refusal once it is known', quantile(later, 0.99), 'ms', 200);
  const lastRefused = Math.max(...outcomes.filter(isRefusal).map(({ sentAt }) => sentAt));
  measure('refused after its return for', (lastRefused - resumedAt) / 1_000, 's', 5);
  await platform.serversUp();
});

inRounds('each documented route, with the database away', 120_000, (measure) =>
  everyRoute(measure, {
    begin: () => platform.database.kill(),
    end: () => platform.database.restart(),
  }),
);

inRounds('each documented route, with the database hung', 120_000, (measure) =>
  everyRoute(measure, {
    begin: () => {
      platform.database.pause();
    },
    end: () => {
      platform.database.resume();
    },
  }),
);

/** What a route is asked that gets as far as the database. */
const SENT: Readonly<Record<string, () => object>> = {
  'POST /api/auth/sign-up': () => ({ email: 'new@away.example', password: PASSWORD, name: 'New' }),
  'POST /api/auth/sign-in': () => ({ email: shop.buyerEmail, password: PASSWORD }),
  'POST /api/auth/refresh': () => ({ refreshToken: shop.buyer.refreshToken }),
  'POST /api/orders': () => shop.line(),
};

async function everyRoute(measure: Measure, fault: { begin(): unknown; end(): unknown }): Promise<void> {
  await platform.serversUp();
  const document = (await (await fetch(`${platform.url}/openapi.json`)).json()) as { paths: Record<string, object> };
  const routes = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(routes.length).toBeGreaterThan(40);
  await fault.begin();
  const outcomes = await Promise.all(
    routes.map(async (route) => {
      const [method = '', path = ''] = route
        .replaceAll(/\{\w*\}/g, 'f'.repeat(24))
        .replace(' /api', ' ')
        .split(' ');
      const body = ['GET', 'DELETE'].includes(method) ? undefined : (SENT[route]?.() ?? {});
      return { route, ...(await outcomeOf(shop.buyer.ask(method, path, body))) };
    }),
  );
  await fault.end();
  // The rest is cached, or is told what is wrong with the request before anybody asks the database.
  const wrong = outcomes.filter((outcome) => !isRefusal(outcome) && ![200, 400, 404, 422].includes(outcome.status));
  expect(wrong.map(({ route, status }) => ({ route, status }))).toEqual([]);
  expect(outcomes.filter(isRefusal).length).toBeGreaterThan(20);
  const unrefused = outcomes.filter(({ route, status }) => route in SENT && status !== 503);
  expect(unrefused.map(({ route }) => route)).toEqual([]);
  measure('longest wait for a refusal', longestRefusal(outcomes), 'ms', ANSWER_MS);
  await platform.serversUp();
}
