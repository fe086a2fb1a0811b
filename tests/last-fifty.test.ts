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
import { asSystem } from '../src/platform/database/scoped.ts';
import { closeServer, httpServer } from '../src/platform/http/server.ts';
import { readKeptMails } from '../src/platform/mail/kept-mails.ts';
import { startMailSink, type MailSink } from '../src/platform/mail/sink.ts';
import { outbox } from '../src/platform/outbox/event.store.ts';
import { WorkerRuntime } from '../src/platform/queue/worker.ts';
import { workerKind } from '../workers/email.worker.ts';
import { Caller } from './caller.ts';
import { eventually, silent, variablesFor, withDatabase, withRedis } from './environment/index.ts';
import { signedIn } from './people.ts';

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
  const variables = { ...variablesFor(database, redis), SMTP_URL: sink.url, LIMIT_PER_ADDRESS: '100000' };
  container = createContainer(loadConfig(variables), 'test');
  await container.database().connect();
  database.explain(container.database().primary);
  server = httpServer(createApi(container)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  container.relay().start();
  worker = new WorkerRuntime([workerKind(container)], { ...container.queueSettings, logger: silent });
  worker.start();
});
afterAll(async () => {
  await closeServer(server, { announceMs: 0, graceMs: 1_000 });
  await worker.drain(5_000);
  await container.close();
  await sink.close();
  await rm(directory, { recursive: true, force: true });
});

/** Whom mails went to: only who bought gets any. */
const mailedTo = async (): Promise<readonly string[]> => (await readKeptMails(directory)).flatMap(({ to }) => to);

/** As clients do: on 503, which a crowded machine may answer, the same again with the same key. */
async function buyPatiently(buyer: Caller, body: object): Promise<Response> {
  const key = randomUUID();
  for (;;) {
    const answer = await buyer.ask('POST', '/orders', body, key);
    if (answer.status !== 503) return answer;
    await answer.text();
  }
}

async function openShop(seller: Caller) {
  const merchantId = String((await seller.post('/merchants', { slug: 'last-fifty', name: 'Last Fifty' })).id);
  const price = { amount: 1_250, currency: 'EUR' };
  const variants = [{ sku: 'HOT', title: 'Hot', price }];
  await seller.post('/merchant/products', { title: 'Hot mug', category: 'mugs', status: 'active', variants });
  const locationId = String((await seller.post('/merchant/locations', { name: 'Shelf' })).id);
  const stock = `/merchant/locations/${locationId}/stock/HOT`;
  await seller.put(stock, { available: PIECES });
  return { merchantId, stock };
}

test('200 users order the last 50 at the same moment: 50 orders, 150 clear refusals, stock 0, one mail each', async () => {
  const people = await signedIn(database.primary, container.tokens(), 'last-fifty.example', BUYERS + 1);
  const [seller = new Caller(url), ...buyers] = people.map(({ token }) => new Caller(url, token));
  const { merchantId, stock } = await openShop(seller);
  const body = { merchantId, lines: [{ sku: 'HOT', quantity: 1 }] };
  const answers = await Promise.all(
    buyers.map(async (buyer, index) => {
      const answer = await buyPatiently(buyer, body);
      const { code = 'placed', sku } = (await answer.json()) as { code?: string; sku?: string };
      return { email: people[index + 1]?.email, status: answer.status, code, sku };
    }),
  );

  const placed = answers.filter(({ status }) => status === 201);
  const refused = answers.filter(({ status }) => status === 409);
  expect([placed.length, refused.length]).toEqual([PIECES, BUYERS - PIECES]);
  for (const { code, sku } of refused) expect({ code, sku }).toEqual({ code: 'out-of-stock', sku: 'HOT' });
  expect(await seller.get(stock)).toMatchObject({ available: 0 });

  await eventually(async () => (await mailedTo()).length >= PIECES, 20_000);
  await eventually(async () => (await outbox.on(database.primary).countDocuments({ state: 'pending' }, access)) === 0);
  await eventually(async () => {
    const { email } = (await container.queue().getHealthStatus()).queues;
    return email !== undefined && email.waiting + email.active + email.delayed === 0;
  });
  expect((await mailedTo()).toSorted()).toEqual(placed.map(({ email }) => email).sort());
}, 60_000);
