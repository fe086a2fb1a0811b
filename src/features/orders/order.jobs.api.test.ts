import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mongoTransact } from '../../platform/database/transaction.ts';
import { readKeptMails } from '../../platform/mail/kept-mails.ts';
import { mails, MailStore } from '../../platform/mail/mail.store.ts';
import { startMailSink, type MailSink } from '../../platform/mail/sink.ts';
import { smtpTransport, type MailTransport } from '../../platform/mail/transport.ts';
import { eventAppender, outbox } from '../../platform/outbox/event.store.ts';
import { OutboxRelay } from '../../platform/outbox/relay.ts';
import { Effects, effects } from '../../platform/queue/effects.ts';
import { QueueService } from '../../platform/queue/queue.service.ts';
import { queueSettings } from '../../platform/queue/settings.ts';
import { WorkerRuntime } from '../../platform/queue/worker.ts';
import { Id } from '../../shared/ids.ts';
import { eventually, silent, withRedis } from '../../../tests/environment/index.ts';
import { noOutlets } from '../../../tests/outlets.ts';
import { customers, putOnSale, shopSubscriptions, stores, withShop } from '../../../tests/shop.ts';
import { orderMailJobs, paymentJobs } from './jobs.ts';
import type { OrderView } from './order.schema.ts';

const shop = withShop();
const redis = withRedis();
const now = () => new Date();

let directory: string;
let sink: MailSink;
let transport: MailTransport;
let queue: QueueService;
let relays: readonly OutboxRelay[];
const QUEUES = {
  email: queueSettings(),
  payments: queueSettings(),
  stock: queueSettings(),
  analytics: queueSettings(),
};

let workers: WorkerRuntime;
let handlers: ReturnType<typeof orderMailJobs>;

beforeAll(async () => {
  const { primary } = shop.database;
  directory = await mkdtemp(join(tmpdir(), 'order-mails-'));
  sink = await startMailSink({ directory, port: 0 });
  transport = smtpTransport({ smtpUrl: sink.url, from: 'Shop <shop@example.test>' });
  queue = new QueueService({
    redis: { url: redis.url },
    prefix: redis.prefix,
    queues: QUEUES,
    transact: mongoTransact(primary, () => Promise.resolve()),
    appendEvent: eventAppender({ events: outbox.on(primary), now, committed: () => undefined }),
    outlets: noOutlets,
    mails: new MailStore({ mails: mails.on(primary), now }),
    now,
  });
  await queue.initialize();
  const relay = () =>
    new OutboxRelay(
      {
        events: outbox.on(primary),
        subscriptions: shopSubscriptions,
        enqueue: (jobs) => queue.enqueue(jobs),
        invalidate: () => Promise.resolve(),
        logger: silent,
        now,
      },
      { pollMs: 20, pauseMs: 50 },
    );
  relays = [relay(), relay()];
  const done = new Effects({ effects: effects.on(primary), now });
  handlers = orderMailJobs({
    reads: shop.services.orderReads,
    customers,
    stores,
    async sendOnce({ to, subject, text, html }, id) {
      await done.once(id, 5_000, () => transport.send({ to, subject, body: text, html, id }));
    },
  });
  workers = new WorkerRuntime(
    [
      { queue: 'email', handlers },
      { queue: 'payments', handlers: paymentJobs(shop.services.orders) },
    ],
    { redis: { url: redis.url }, prefix: redis.prefix, queues: QUEUES, logger: silent },
  );
  workers.start();
  for (const each of relays) each.start();
});
afterAll(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  await workers.drain(5_000);
  await queue.close();
  transport.close();
  await sink.close();
  await rm(directory, { recursive: true, force: true });
});

test('each order is confirmed by one mail to its customer, though two relays and a repeated job are at it', async () => {
  const merchant = shop.merchant();
  await putOnSale(merchant, { mug: 100 });
  const users = Array.from({ length: 20 }, () => shop.user());
  const placed = await Promise.all(
    users.map(async (user) => {
      const sent = { merchantId: merchant.id, lines: [{ sku: 'mug', quantity: 2 }] };
      return (await user.post('/api/orders', sent).expect(201)).body as OrderView;
    }),
  );
  const kept = await eventually(async () => {
    const found = await readKeptMails(directory);
    return found.length >= users.length && found;
  });
  const addresses = users.map(({ id }) => `${id}@example.test`).sort();
  expect(kept.flatMap(({ to }) => to).sort()).toEqual(addresses);
  expect(kept.map(({ subject }) => subject).sort()).toEqual(
    placed.map(({ number }) => `Your order ${number} at Mugs & More`).sort(),
  );
  expect(kept[0]?.text).toContain('EUR 20.00');
  expect(kept[0]?.html).toContain('&lt;Ann&gt;');

  const payload = { merchantId: Id.decode(merchant.id), orderId: Id.decode(placed[0]?.id ?? '') };
  await handlers[0]?.handle(payload, AbortSignal.timeout(5_000));
  expect(await readKeptMails(directory)).toHaveLength(users.length);
}, 30_000);

test('a cancelled order is told of by mail, and its money goes back', async () => {
  const [merchant, user] = [shop.merchant(), shop.user()];
  await putOnSale(merchant, { mug: 1 });
  const sent = { merchantId: merchant.id, lines: [{ sku: 'mug', quantity: 1 }] };
  const { id, number } = (await user.post('/api/orders', sent).expect(201)).body as OrderView;
  await user.post(`/api/orders/${id}/payments`, { token: 'tok_visa' }).expect(200);
  await user.post(`/api/orders/${id}/cancellation`).expect(200);
  const subject = `Your order ${number} at Mugs & More is cancelled`;
  const told = await eventually(async () => (await readKeptMails(directory)).find((mail) => mail.subject === subject));
  expect(told.text).toContain('goes back to your card');
  await eventually(async () => {
    const { payment } = (await user.get(`/api/orders/${id}`)).body as OrderView;
    return payment === 'refunded';
  });
}, 30_000);
