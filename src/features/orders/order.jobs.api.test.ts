import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asSystem } from '../../platform/database/scoped.ts';
import { mongoTransact } from '../../platform/database/transaction.ts';
import { readKeptMails } from '../../platform/mail/kept-mails.ts';
import { mails, MailStore } from '../../platform/mail/mail.store.ts';
import { startMailSink, type MailSink } from '../../platform/mail/sink.ts';
import { smtpTransport, type MailTransport } from '../../platform/mail/transport.ts';
import { eventAppender, outbox } from '../../platform/outbox/event.store.ts';
import { OutboxRelay } from '../../platform/outbox/relay.ts';
import { mergeSubscriptions } from '../../platform/outbox/subscription.ts';
import { Effects, effects } from '../../platform/queue/effects.ts';
import { QueueService } from '../../platform/queue/queue.service.ts';
import { queueSettings } from '../../platform/queue/settings.ts';
import { WorkerRuntime } from '../../platform/queue/worker.ts';
import { Id } from '../../shared/ids.ts';
import { eventually, silent, withRedis } from '../../../tests/environment/index.ts';
import { noOutlets } from '../../../tests/outlets.ts';
import { customers, putOnSale, shopSubscriptions, stores, withShop } from '../../../tests/shop.ts';
import { smsSubscriptions } from '../sms/index.ts';
import { textMessages, type TextMessage } from '../sms/sms.model.ts';
import { SmsService } from '../sms/sms.service.ts';
import { SmsStore } from '../sms/sms.store.ts';
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
  sms: queueSettings(),
  stock: queueSettings(),
  analytics: queueSettings(),
};

/** Who wants text messages, and where. */
const textsTo = new Map<string, string>();
const findAddressee = async (id: Id) => {
  const found = await customers.findAddressee(id);
  return found && { ...found, textsTo: textsTo.get(Id.encode(id)) ?? null };
};

let workers: WorkerRuntime;
let handlers: ReturnType<typeof orderMailJobs>;

beforeAll(async () => {
  const { primary } = shop.database;
  const transact = mongoTransact(primary, () => Promise.resolve());
  const appendEvent = eventAppender({ events: outbox.on(primary), now, committed: () => undefined });
  const texts = new SmsService({ transact, appendEvent, store: new SmsStore(textMessages.on(primary)), now });
  directory = await mkdtemp(join(tmpdir(), 'order-mails-'));
  sink = await startMailSink({ directory, port: 0 });
  transport = smtpTransport({ smtpUrl: sink.url, from: 'Shop <shop@example.test>' });
  queue = new QueueService({
    redis: { url: redis.url },
    prefix: redis.prefix,
    queues: QUEUES,
    transact,
    appendEvent,
    outlets: noOutlets,
    mails: new MailStore({ mails: mails.on(primary), now }),
    now,
  });
  await queue.initialize();
  const relay = () =>
    new OutboxRelay(
      {
        events: outbox.on(primary),
        subscriptions: mergeSubscriptions(shopSubscriptions, smsSubscriptions),
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
    customers: { findAddressee },
    stores,
    transact,
    effects: done,
    queue: { sendSMS: (sms, within) => texts.request(sms, within) },
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

test('who asked for text messages gets one beside each mail, once; nobody else gets any', async () => {
  const [merchant, texted, other] = [shop.merchant(), shop.user(), shop.user()];
  textsTo.set(texted.id, '+4915112345678');
  await putOnSale(merchant, { mug: 2 });
  const sent = { merchantId: merchant.id, lines: [{ sku: 'mug', quantity: 1 }] };
  const { id, number } = (await texted.post('/api/orders', sent).expect(201)).body as OrderView;
  await other.post('/api/orders', sent).expect(201);
  await texted.post(`/api/orders/${id}/cancellation`).expect(200);
  const stored = () => textsOf(merchant.id);
  await eventually(async () => (await stored()).length === 2);
  const mailed = async () => (await readKeptMails(directory)).filter(({ subject }) => subject.includes(number));
  await eventually(async () => (await mailed()).length === 2);

  const payload = { merchantId: Id.decode(merchant.id), orderId: Id.decode(id) };
  for (const handler of handlers) await handler.handle(payload, AbortSignal.timeout(5_000));
  const texts = await stored();
  expect(texts.map(({ text }) => text).sort()).toEqual([
    `Mugs & More: thank you for your order ${number}, EUR 10.00. No more texts? Reply STOP.`,
    `Mugs & More: your order ${number} is cancelled. Nothing was charged.`,
  ]);
  for (const { to, reference, parts } of texts) {
    expect({ to, reference, parts }).toEqual({ to: '+4915112345678', reference: `order ${id}`, parts: 1 });
  }
  const queued = await queue
    .all()
    .find(({ name }) => name === 'sms')
    ?.getJobs(['waiting']);
  expect(queued?.map(({ name }) => name)).toEqual(['sms.send', 'sms.send']);
}, 30_000);

test('a text message that cannot be asked for leaves the mail alone, and fails the job', async () => {
  const [merchant, user] = [shop.merchant(), shop.user()];
  textsTo.set(user.id, '+49');
  await putOnSale(merchant, { mug: 1 });
  const sent = { merchantId: merchant.id, lines: [{ sku: 'mug', quantity: 1 }] };
  const { id, number } = (await user.post('/api/orders', sent).expect(201)).body as OrderView;
  const isMailed = async () => (await readKeptMails(directory)).some(({ subject }) => subject.includes(number));
  await eventually(isMailed);
  const failed = handlers[0]?.handle(
    { merchantId: Id.decode(merchant.id), orderId: Id.decode(id) },
    new AbortController().signal,
  );
  await expect(failed).rejects.toMatchObject({ kind: { code: 'phone-not-valid' } });
  expect(await textsOf(merchant.id)).toEqual([]);
}, 30_000);

async function textsOf(merchantId: string): Promise<readonly TextMessage[]> {
  const all = { _id: { $gt: Id.decode('0'.repeat(24)) } };
  const found = await textMessages.on(shop.database.primary).find(all, null, asSystem('test')).lean<TextMessage[]>();
  return found.filter((text) => text.merchantId?.equals(merchantId));
}
