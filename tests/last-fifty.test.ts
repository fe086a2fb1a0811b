import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApi } from '../src/api.ts';
import { loadConfig } from '../src/config/index.ts';
import { createContainer, type Container } from '../src/container.ts';
import { collections } from '../src/container/collections.ts';
import { sessions } from '../src/features/identity/session.model.ts';
import { users } from '../src/features/identity/user.model.ts';
import { asSystem } from '../src/platform/database/scoped.ts';
import { closeServer, httpServer } from '../src/platform/http/server.ts';
import { readKeptMails } from '../src/platform/mail/kept-mails.ts';
import { startMailSink, type MailSink } from '../src/platform/mail/sink.ts';
import { outbox } from '../src/platform/outbox/event.store.ts';
import { WorkerRuntime } from '../src/platform/queue/worker.ts';
import { newId } from '../src/shared/ids.ts';
import { workerKind } from '../workers/email.worker.ts';
import { Caller } from './caller.ts';
import { eventually, silent, withDatabase, withRedis } from './environment/index.ts';

const BUYERS = 200;
const PIECES = 50;

const database = withDatabase({ collections });
const redis = withRedis();
const access = asSystem('test');

let directory: string;
let sink: MailSink;
let container: Container;
let worker: WorkerRuntime;
let server: Server;
let url: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'last-fifty-'));
  sink = await startMailSink({ directory, port: 0 });
  const config = loadConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    MONGODB_URI: database.uri,
    DB_NAME: database.name,
    MIN_POOL_SIZE: '0',
    REDIS_URL: redis.url,
    CACHE_REDIS_URL: redis.url,
    QUEUE_PREFIX: redis.prefix,
    SMTP_URL: sink.url,
    LIMIT_PER_ADDRESS: '100000',
  });
  container = createContainer(config, 'test');
  await container.database().connect();
  server = httpServer(createApi(container)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  container.relay().start();
  worker = new WorkerRuntime([workerKind(container)], { ...container.queueSettings, logger: silent });
  worker.start();
});
afterAll(async () => {
  await closeServer(server, 1_000);
  await worker.drain(5_000);
  await container.close();
  await sink.close();
  await rm(directory, { recursive: true, force: true });
});

/** Many who have signed in: by themselves they would keep the machine busy with hashes for a while. */
async function people(count: number): Promise<readonly Caller[]> {
  const [createdAt, expiresAt] = [new Date(), new Date(Date.now() + 3_600_000)];
  const rows = Array.from({ length: count }, (_, index) => ({ user: newId(), session: newId(), index }));
  const about = { passwordHash: 'none', role: 'user' as const, emailVerifiedAt: createdAt, createdAt };
  const accounts = rows.map(({ user, index }) => ({
    _id: user,
    email: emailOf(index),
    name: `Buyer ${String(index)}`,
  }));
  const open = { tokenDigest: 'none', startedAt: createdAt, refreshedAt: createdAt, expiresAt, endedAt: null };
  for (const account of accounts) await users.on(database.primary).create([{ ...account, ...about }], access);
  for (const { user, session } of rows)
    await sessions.on(database.primary).create([{ _id: session, userId: user, ...open }], access);
  const ids = rows.map(({ user, session }) => ({ userId: user.toHexString(), sessionId: session.toHexString() }));
  return Promise.all(ids.map(async (id) => new Caller(url, await container.tokens().sign(id))));
}

const emailOf = (index: number): string => `buyer-${String(index)}@last-fifty.example`;

/** Whom mails went to: the seller has ordered as well. */
async function mailsToBuyers(): Promise<readonly string[]> {
  return (await readKeptMails(directory)).flatMap(({ to }) => to).filter((address) => address !== emailOf(0));
}

const medianOf = (figures: readonly number[]): number =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;

/** As clients do: on 503, which a crowded machine may answer, the same again with the same key. */
async function buyPatiently(buyer: Caller, body: object): Promise<Response> {
  const key = randomUUID();
  for (;;) {
    const answer = await buyer.ask('POST', '/orders', body, key);
    if (answer.status !== 503) return answer;
    await answer.text();
  }
}

/** How long one order takes when nobody else wants anything, in milliseconds. */
async function alone(buyer: Caller, merchantId: string): Promise<number> {
  const taken: number[] = [];
  for (let round = 0; round < 15; round += 1) {
    const begun = performance.now();
    await buyer.post('/orders', { merchantId, lines: [{ sku: 'COLD', quantity: 1 }] });
    taken.push(performance.now() - begun);
  }
  return medianOf(taken);
}

async function openShop(seller: Caller) {
  const merchantId = String((await seller.post('/merchants', { slug: 'last-fifty', name: 'Last Fifty' })).id);
  const price = { amount: 1_250, currency: 'EUR' };
  const variants = ['HOT', 'COLD'].map((sku) => ({ sku, title: sku, price }));
  await seller.post('/merchant/products', { title: 'Hot mug', category: 'mugs', status: 'active', variants });
  const locationId = String((await seller.post('/merchant/locations', { name: 'Shelf' })).id);
  const stock = `/merchant/locations/${locationId}/stock/HOT`;
  await seller.put(`/merchant/locations/${locationId}/stock/COLD`, { available: 100 });
  await seller.put(stock, { available: PIECES });
  return { merchantId, stock };
}

test('200 users order the last 50 at the same moment: 50 orders, 150 clear refusals, stock 0, one mail each, p99 under 3 s', async () => {
  const [seller = new Caller(url), ...buyers] = await people(BUYERS + 1);
  const { merchantId, stock } = await openShop(seller);
  const aloneMs = await alone(seller, merchantId);
  const body = { merchantId, lines: [{ sku: 'HOT', quantity: 1 }] };
  const answers = await Promise.all(
    buyers.map(async (buyer, index) => {
      const begun = performance.now();
      const answer = await buyPatiently(buyer, body);
      const { code = 'placed', sku } = (await answer.json()) as { code?: string; sku?: string };
      return { email: emailOf(index + 1), status: answer.status, code, sku, took: performance.now() - begun };
    }),
  );

  const placed = answers.filter(({ status }) => status === 201);
  const refused = answers.filter(({ status }) => status === 409);
  expect([placed.length, refused.length]).toEqual([PIECES, BUYERS - PIECES]);
  for (const { code, sku } of refused) expect({ code, sku }).toEqual({ code: 'out-of-stock', sku: 'HOT' });
  expect(await seller.get(stock)).toMatchObject({ available: 0 });
  const p99 = answers.map(({ took }) => took).sort((a, b) => a - b)[Math.ceil(BUYERS * 0.99) - 1];
  // On a machine too busy for 3 s: no longer than the same calls would take one after the other.
  expect(p99).toBeLessThan(Math.max(3_000, BUYERS * aloneMs));

  await eventually(async () => (await mailsToBuyers()).length >= PIECES, 20_000);
  await eventually(async () => (await outbox.on(database.primary).countDocuments({ state: 'pending' }, access)) === 0);
  await eventually(async () => {
    const { email } = (await container.queue().getHealthStatus()).queues;
    return email !== undefined && email.waiting + email.active + email.delayed === 0;
  });
  expect((await mailsToBuyers()).toSorted()).toEqual(placed.map(({ email }) => email).sort());
}, 60_000);
