import { afterAll, beforeAll, expect, jest } from '@jest/globals';
import { rollups, trackedEvents } from '../../src/features/analytics/analytics.model.ts';
import { users, type User } from '../../src/features/identity/user.model.ts';
import { runTask, TASK_TIMES } from '../../src/features/maintenance/maintenance.jobs.ts';
import { memberships } from '../../src/features/merchants/membership.model.ts';
import { merchants } from '../../src/features/merchants/merchant.model.ts';
import { refundPayment } from '../../src/features/orders/order.jobs.ts';
import { orderCollection } from '../../src/features/orders/order.model.ts';
import { checkLowStock } from '../../src/features/stock/low-stock.jobs.ts';
import { stockCollection } from '../../src/features/stock/stock.model.ts';
import { asSystem } from '../../src/platform/database/scoped.ts';
import { mails } from '../../src/platform/mail/mail.store.ts';
import { ingestAnalytics } from '../../src/platform/queue/analytics.jobs.ts';
import { requestJob } from '../../src/platform/queue/job.ts';
import type { AnalyticsEvent } from '../../src/platform/queue/outlets.ts';
import { Id, newId } from '../../src/shared/ids.ts';
import { HOUR_MS } from '../../src/shared/time.ts';
import { eventually, uniqueName } from '../environment/index.ts';
import { newStore, sell } from '../reports.ts';
import { startTwilioServer, type TwilioServer } from '../twilio-server.ts';
import { rowOfChance } from './chance.ts';
import { inRounds } from './rounds.ts';
import { killWhileWorking, withWork } from './work.ts';

jest.setTimeout(400_000);

const JOBS = 2_000;
const AT_ONCE = 50;

const chance = rowOfChance();
const work = withWork(() => 'smtp://127.0.0.1:1');
const system = asSystem('test');

let twilio: TwilioServer;
beforeAll(async () => {
  twilio = await startTwilioServer();
  await eventually(async () => (await work.left('audit')) >= 0);
});
afterAll(() => twilio.close());

/** What was asked for is in the queue, every piece of it. */
async function relayAll(): Promise<void> {
  while ((await work.container.relay().relayBatch()) > 0);
}

const numbers = Array.from({ length: JOBS }, (_each, index) => index);
const chunks = Array.from({ length: JOBS / AT_ONCE }, (_each, index) =>
  numbers.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
);

inRounds(
  'F1: workers killed at random amid 2,000 runs of maintenance: each is done, and what was wrong is put right once',
  600_000,
  async () => {
    const { primary } = work.database;
    const shops = Array.from({ length: 50 }, newId);
    const [merchantId = newId()] = shops;
    await merchants.on(primary).create(
      shops.map((_id) => ({ ...newStore(_id), ownerCount: 7 })),
      { ...system, ordered: true },
    );
    const joinedAt = new Date();
    const owners = shops.map((id) => ({
      _id: newId(),
      merchantId: id,
      userId: newId(),
      role: 'owner' as const,
      joinedAt,
    }));
    await memberships.on(primary).create(owners, { ...system, ordered: true });
    const placed = shops.map(() => ({ occurredAt: new Date(Date.now() - (3 + chance() * 40) * HOUR_MS), value: 100 }));
    await sell(
      work.database,
      Id.encode(merchantId),
      placed.map(({ occurredAt, value }) => [occurredAt.toISOString(), value, 'pending']),
    );
    const done = async () => (await queueOf('maintenance')?.getCompletedCount()) ?? 0;
    const [tag, before] = [uniqueName('run'), await done()];
    const tasks = Object.keys(TASK_TIMES);
    await work.container.queue().enqueue(
      numbers.map((n) => ({
        ...requestJob(runTask, { task: tasks[n % tasks.length] ?? '' }),
        id: `${tag}-${String(n)}`,
      })),
    );
    const kills = await killWhileWorking(work, 'maintenance', { everyMs: 4_000 });
    expect((await done()) - before).toBe(JOBS);
    const kept = await merchants
      .on(primary)
      .find({ _id: { $in: shops } }, { ownerCount: 1 }, system)
      .lean();
    expect(kept.map(({ ownerCount }) => ownerCount)).toEqual(shops.map(() => 1));
    expect(await countedOf(merchantId)).toEqual(recount(placed));
    expect(kills.leftBehind).toBeGreaterThan(0);
  },
);

inRounds('F1: workers killed at random amid 2,000 refunds: each order is refunded once', 600_000, async () => {
  const merchantId = newId();
  const at = new Date().toISOString();
  await sell(
    work.database,
    Id.encode(merchantId),
    numbers.map(() => [at, 100, 'cancelled']),
  );
  const orders = orderCollection.on(work.database.primary);
  const payment = { provider: 'test', reference: 'test_1', state: 'refund-due' } as const;
  await orders.updateMany({ merchantId }, { $set: { payment } }, system);
  const due = await orders.find({ merchantId }, { _id: 1 }, system).lean();
  await work.container.queue().enqueue(due.map(({ _id }) => requestJob(refundPayment, { merchantId, orderId: _id })));
  const kills = await killWhileWorking(work, 'payments', { everyMs: 500 });
  const paid = await orders.find({ merchantId }, { payment: 1, version: 1 }, system).lean();
  expect(paid).toHaveLength(JOBS);
  // Noted once: each note counts the version up.
  expect(paid.filter((order) => order.payment?.state !== 'refunded' || order.version !== 2)).toEqual([]);
  expect(kills.leftBehind).toBeGreaterThan(0);
});

inRounds(
  'F1: workers killed at random amid 2,000 looks at stock: its owner is told of each level that is low once',
  600_000,
  async () => {
    const { primary } = work.database;
    const [merchantId, locationId, userId] = [newId(), newId(), newId()];
    await merchants.on(primary).create([newStore(merchantId)], system);
    const email = `owner@${Id.encode(merchantId)}.example`;
    await users.on(primary).create([accountOf(userId, email)], system);
    const owner = { _id: newId(), merchantId, userId, role: 'owner' as const, joinedAt: new Date() };
    await memberships.on(primary).create([owner], system);
    const skus = numbers.map((n) => `mug-${String(n)}`);
    const low = { merchantId, locationId, available: 1, lowStockAt: 5, version: 1 };
    const levels = skus.map((sku) => ({ insertOne: { document: { _id: newId(), sku, ...low } } }));
    await stockCollection.on(primary).bulkWrite(levels, system);
    // Each looks at what its neighbour looks at as well.
    const looks = skus.map((sku, n) => ({ eventId: newId(), merchantId, skus: [sku, skus[n + 1] ?? sku] }));
    await work.container.queue().enqueue(looks.map((look) => requestJob(checkLowStock, look)));
    const kills = await killWhileWorking(work, 'stock', { everyMs: 1_500 });
    const told = await mails.on(primary).find({ to: email }, { body: 1 }, system).lean();
    const named = told.flatMap(({ body }) => body?.match(/mug-\d+/g) ?? []);
    expect(named.toSorted()).toEqual(skus.toSorted());
    expect(kills.leftBehind).toBeGreaterThan(0);
  },
);

const accountOf = (_id: Id, email: string): User => ({
  ...{ _id, email, name: 'Ada', passwordHash: 'none', role: 'user', emailVerifiedAt: null, locale: null },
  ...{ phone: null, orderTextsSince: null, createdAt: new Date() },
});

const queueOf = (kind: string) =>
  work.container
    .queue()
    .all()
    .find(({ name }) => name === kind);

inRounds(
  'F1: workers killed at random amid 2,000 entries of the audit log: chains without gaps, and verified',
  600_000,
  async () => {
    const owners = [newId(), newId(), newId()];
    const transact = work.container.transact();
    for (const chunk of chunks)
      await transact(system, async (access) => {
        for (const n of chunk) await writeEntry(ownerOf(owners, n), { context: system, access });
      });
    await relayAll();
    const kills = await killWhileWorking(work, 'audit', { everyMs: 500 });
    const chains = new Map<string, number>();
    for await (const { chain, entries, fault } of work.container.auditVerifier().verifyAll()) {
      expect(fault).toBeUndefined();
      chains.set(chain, entries);
    }
    const found = owners.map((id) => chains.get(`merchant:${id.toHexString()}`) ?? 0);
    expect(found).toEqual(owners.map((id) => numbers.filter((n) => ownerOf(owners, n) === id).length));
    expect(kills.leftBehind).toBeGreaterThan(0);
  },
);

const ownerOf = (owners: readonly Id[], n: number): Id => owners[n % owners.length] ?? newId();

type Within = Parameters<ReturnType<typeof work.container.queue>['audit']>[1];

async function writeEntry(merchantId: Id, within: Within): Promise<void> {
  const actor = { kind: 'user', id: newId() } as const;
  const record = { action: 'product.changed', actor, scope: { kind: 'merchant', merchantId }, result: 'done' } as const;
  await work.container.queue().audit(record, within);
}

inRounds(
  'F1: workers killed at random amid 2,000 batches of events: rollups equal a plain recount',
  600_000,
  async () => {
    const merchantId = newId();
    await merchants.on(work.database.primary).create([newStore(merchantId)], system);
    const batches = numbers.map(() => [anEvent(merchantId), anEvent(merchantId)]);
    const queue = work.container.queue();
    for (const chunk of chunks)
      await queue.enqueue(
        chunk.map((n) => {
          // Every tenth brings what another one has brought as well.
          const again = n % 10 === 9 ? (batches[n - 1] ?? []) : [];
          return requestJob(ingestAnalytics, { events: [...(batches[n] ?? []), ...again] });
        }),
      );
    const kills = await killWhileWorking(work, 'analytics', { everyMs: 4_000 });
    await work.container.rollups().roll();
    const { primary } = work.database;
    const kept = await trackedEvents
      .on(primary)
      .find({ merchantId, hour: { $gt: new Date(0) } }, null, system)
      .lean();
    expect(kept).toHaveLength(2 * JOBS);
    expect(await countedOf(merchantId)).toEqual(recount(batches.flat()));
    expect(kills.leftBehind).toBeGreaterThan(0);
  },
);

/** What the rollups of a store say of its orders, hour by hour. */
async function countedOf(merchantId: Id) {
  const whole = { merchantId, unit: 'hour' as const, subjectId: null, type: 'order.placed' };
  const rows = await rollups.on(work.database.primary).find(whole, null, system).lean();
  return Object.fromEntries(rows.map(({ slot, count, value }) => [slot, { count, value }]));
}

/** As plain as it can be: hour by hour, one event after the other. */
function recount(
  events: readonly Pick<AnalyticsEvent, 'occurredAt' | 'value'>[],
): Record<string, { count: number; value: number }> {
  const sums: Record<string, { count: number; value: number }> = {};
  for (const { occurredAt, value = 0 } of events) {
    const sum = (sums[`${occurredAt.toISOString().slice(0, 13)}:00Z`] ??= { count: 0, value: 0 });
    sum.count += 1;
    sum.value += value;
  }
  return sums;
}

function anEvent(merchantId: Id): AnalyticsEvent {
  const occurredAt = new Date(Date.now() - Math.floor(chance() * 48 * 3_600_000));
  return { id: newId(), type: 'order.placed', merchantId, value: Math.floor(chance() * 1_000), occurredAt };
}

inRounds(
  'F1: workers killed at random amid 2,000 text messages: each is taken once by a server that speaks as Twilio',
  600_000,
  async () => {
    const before = twilio.taken.length;
    const queue = work.container.queue();
    const first = 20_000_000 + Math.floor(chance() * 10_000_000);
    const transact = work.container.transact();
    for (const chunk of chunks)
      await transact(system, async (access) => {
        for (const n of chunk)
          await queue.sendSMS(
            { to: `+49151${String(first + n)}`, text: `Code ${String(n)}` },
            { context: system, access },
          );
      });
    await relayAll();
    const extra = {
      SMS_PROVIDER: 'twilio',
      TWILIO_BASE_URL: twilio.url,
      TWILIO_ACCOUNT_SID: 'AC0',
      TWILIO_AUTH_TOKEN: 'secret',
      TWILIO_FROM: '+4930901820',
      SMS_PER_SECOND: '1000',
      SMS_PER_PLATFORM_DAY: '10000000',
    };
    const kills = await killWhileWorking(work, 'sms', { everyMs: 1_500, extra });
    // It lists what it has taken at once: whose answer was lost with its worker is found there, and not sent again.
    const taken = twilio.taken.slice(before).map(({ to }) => to);
    expect(new Set(taken).size).toBe(JOBS);
    expect(taken).toHaveLength(JOBS);
    expect(kills.leftBehind).toBeGreaterThan(0);
  },
);
