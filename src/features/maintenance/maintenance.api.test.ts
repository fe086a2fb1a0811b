import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { silent, variablesFor, withDatabase, withRedis } from '../../../tests/environment/index.ts';
import { loadConfig } from '../../config/index.ts';
import { createContainer, type Container } from '../../container.ts';
import { collections } from '../../container/collections.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { PermanentFailure, PutOff } from '../../platform/queue/job.ts';
import { Id, newId } from '../../shared/ids.ts';
import { DAY_MS } from '../../shared/time.ts';
import type { Findings } from '../../shared/walk.ts';
import { sessions } from '../identity/session.model.ts';
import { memberships } from '../merchants/membership.model.ts';
import { merchants, type Merchant } from '../merchants/merchant.model.ts';
import { orderCollection, type MerchantOrder } from '../orders/order.model.ts';
import { rollups, trends } from '../analytics/analytics.model.ts';
import { textMessageCounts } from '../sms/sms.model.ts';
import { maintenanceJobs, type MaintenanceDeps } from './jobs.ts';
import { TASK_TIMES } from './maintenance.jobs.ts';
import { MaintenanceReads } from './maintenance.reads.ts';
import { maintenanceRuns } from './maintenance.model.ts';
import { walkPlaces } from './walk-place.model.ts';
import { WalkPlaceStore } from './walk-place.store.ts';

const database = withDatabase({ collections });
const redis = withRedis();
const system = asSystem('test');

let container: Container;

beforeAll(async () => {
  container = createContainer(loadConfig(variablesFor(database, redis)), 'test');
  await container.database().connect();
});
afterAll(() => container.close());

/** Runs a task as the worker does. @returns what its last run shows */
async function run(task: string, signal = new AbortController().signal, walks?: MaintenanceDeps['walks']) {
  const [handler] = maintenanceJobs({ ...container.maintenance(), ...(walks && { walks }), logger: silent });
  await handler?.handle({ task }, signal);
  return lastFindings(task);
}

async function lastFindings(task: string) {
  return (await maintenanceRuns.on(database.primary).findOne({ _id: task }, null, system).lean())?.findings;
}

const at = new Date(Date.now() - 3 * DAY_MS);
const storeOf = (_id: Id, ownerCount: number): Merchant => ({
  _id,
  slug: _id.toHexString(),
  name: 'Mugs',
  description: '',
  currency: 'EUR',
  currencyIsFixed: false,
  timeZone: 'Europe/Berlin',
  locale: 'en',
  branding: { logoUrl: null, accentColor: null },
  ownerCount,
  version: 1,
  createdAt: at,
});

async function store(ownerCount: number, owners: number) {
  const _id = newId();
  await merchants.on(database.primary).create([storeOf(_id, ownerCount)], system);
  const members = Array.from({ length: owners }, () => ({
    _id: newId(),
    merchantId: _id,
    userId: newId(),
    role: 'owner' as const,
    joinedAt: at,
  }));
  await memberships.on(database.primary).create(members, system);
  return _id;
}

test('an owner count that has drifted is put right and told, once', async () => {
  const [right, wrong] = [await store(2, 2), await store(5, 1)];
  const findings = await run('owner-counts');
  expect(findings).toMatchObject({ drifted: 1 });
  const counts = await merchants
    .on(database.primary)
    .find({ _id: { $in: [right, wrong] } }, { ownerCount: 1 }, system)
    .sort({ _id: 1 })
    .lean();
  expect(counts.map(({ ownerCount }) => ownerCount)).toEqual([2, 1]);
  expect(await run('owner-counts')).toMatchObject({ drifted: 0 });
});

/** A run whose time is over when it first says how far it is. */
function untilFirstPlace(): { signal: AbortSignal; walks: MaintenanceDeps['walks'] } {
  const stopping = new AbortController();
  const places = new WalkPlaceStore({ places: walkPlaces.on(database.primary), now: () => new Date() });
  const walks: MaintenanceDeps['walks'] = {
    async walkOf(task) {
      const walk = await places.walkOf(task);
      const passed = async (id: Id, found: Findings) => {
        await walk.passed(id, found);
        stopping.abort();
      };
      return { after: walk.after, found: walk.found, passed };
    },
    ended: (task) => places.ended(task),
  };
  return { signal: stopping.signal, walks };
}

test('a walk through all stores that is cut off goes on where it was, once, and begins anew after its end', async () => {
  const rows = Array.from({ length: 201 }, () => ({ insertOne: { document: storeOf(newId(), 1) } }));
  await merchants.on(database.primary).bulkWrite(rows, system);
  const behindAll = { _id: { $gt: Id.decode('0'.repeat(24)) } };
  const all = (await merchants.on(database.primary).find(behindAll, { _id: 1 }, system).lean()).length;
  const { signal, walks } = untilFirstPlace();
  await expect(run('owner-counts', signal, walks)).rejects.toThrow(PutOff);
  expect(await lastFindings('owner-counts')).toMatchObject({ stores: 200 });
  // Of both runs together: none was looked at twice.
  expect(await run('owner-counts')).toMatchObject({ stores: all });
  expect(await run('owner-counts')).toMatchObject({ stores: all });
  expect(await walkPlaces.on(database.primary).exists({ _id: 'owner-counts' }).setOptions(system)).toBeNull();
});

test('what the database did not remove in time is removed, and what is not over stays', async () => {
  const session = (expiresAt: Date) => ({
    _id: newId(),
    userId: newId(),
    tokenDigest: newId().toHexString(),
    startedAt: new Date(0),
    refreshedAt: new Date(0),
    expiresAt,
    endedAt: null,
  });
  const [old, good] = [session(new Date(Date.now() - 86_400_000)), session(new Date(Date.now() + 86_400_000))];
  await sessions.on(database.primary).create([old, good], system);
  await run('expired');
  const left = await sessions
    .on(database.primary)
    .find({ _id: { $in: [old._id, good._id] } }, { _id: 1 }, system)
    .lean();
  expect(left.map(({ _id }) => _id.toHexString())).toEqual([good._id.toHexString()]);
});

test('whatever is declared to expire is looked after', async () => {
  const expiring = collections.filter(({ indexes }) => indexes.some((index) => index.expireAfterSeconds !== undefined));
  expect(await run('expired')).toMatchObject({ collections: expiring.length });
  const count = { _id: 'an hour of long ago', count: 1, expiresAt: new Date(Date.now() - 86_400_000) };
  await textMessageCounts.on(database.primary).create([count], system);
  expect(await run('expired')).toMatchObject({ overdue: 1 });
});

const eur = (amount: number) => ({ amount, currency: 'EUR' });

function orderOf(merchantId: Id, placedAt: Date): MerchantOrder {
  const _id = newId();
  return {
    _id,
    number: _id.toHexString(),
    merchantId,
    customerId: newId(),
    locationId: newId(),
    state: 'pending',
    version: 1,
    lines: [{ productId: newId(), sku: 'mug', title: 'Mug', quantity: 2, unitPrice: eur(500) }],
    items: 2,
    total: eur(1_000),
    payment: null,
    placedAt,
    updatedAt: placedAt,
  };
}

test('orders that were not counted are, once, and rows that were spoilt are put right', async () => {
  const merchantId = await store(1, 1);
  // On a day that is over everywhere, and not longer ago than orders are looked at.
  const order = orderOf(merchantId, new Date(Date.now() - 45 * 3_600_000));
  await orderCollection.on(database.primary).create([order], system);
  expect(await run('order-counts')).toEqual({ orders: 1, missing: 2 });
  expect(await run('order-counts')).toEqual({ orders: 1, missing: 0 });
  const change = (fields: Partial<MerchantOrder>) =>
    orderCollection.on(database.primary).updateOne({ _id: order._id }, { $set: fields }, system);
  await change({ state: 'cancelled', updatedAt: new Date() });
  // The job that counts it may still wait.
  expect(await run('order-counts')).toEqual({ orders: 1, missing: 0 });
  await change({ updatedAt: new Date(Date.now() - 2 * 3_600_000) });
  expect(await run('order-counts')).toEqual({ orders: 1, missing: 1 });
  expect(await run('order-counts')).toEqual({ orders: 1, missing: 0 });
  const rows = rollups.on(database.primary);
  const whole = { merchantId, unit: 'day' as const, subjectId: null, type: 'order.placed' };
  await rows.updateMany(whole, { $set: { count: 7 } }, system);
  expect(await run('rollup-drift')).toMatchObject({ drifted: 1 });
  expect(await rows.findOne(whole, { count: 1, value: 1 }, system).lean()).toMatchObject({ count: 1, value: 1_000 });
  expect(await run('rollup-drift')).toMatchObject({ drifted: 0 });
  const trending = { merchantId };
  const { score } = (await trends.on(database.primary).findOne(trending, { score: 1 }, system).lean()) ?? {};
  expect(score).toBeGreaterThan(0);
  await trends.on(database.primary).updateOne(trending, { $set: { score: 99 } }, system);
  expect(await run('trends')).toMatchObject({ stores: 1 });
  expect(await trends.on(database.primary).findOne(trending, { score: 1 }, system).lean()).toMatchObject({ score });
});

test('a look at orders that is cut off goes on where it was, and counts each', async () => {
  const merchantId = await store(1, 1);
  const placed = orderCollection.on(database.primary);
  const orders = Array.from({ length: 101 }, () => orderOf(merchantId, new Date(Date.now() - 3 * 3_600_000)));
  await placed.bulkWrite(
    orders.map((document) => ({ insertOne: { document } })),
    system,
  );
  const all = await placed.countDocuments({ placedAt: { $gt: new Date(0) } }, system);
  const { signal, walks } = untilFirstPlace();
  await expect(run('order-counts', signal, walks)).rejects.toThrow(PutOff);
  expect(await lastFindings('order-counts')).toMatchObject({ orders: 100 });
  expect(await run('order-counts')).toEqual({ orders: all, missing: 2 * 101 });
  expect(await run('order-counts')).toEqual({ orders: all, missing: 0 });
});

test('every task runs on an empty house, and one that nobody knows is not tried again', async () => {
  for (const task of Object.keys(TASK_TIMES)) expect([task, await run(task)]).toEqual([task, expect.any(Object)]);
  const { data } = await new MaintenanceReads(maintenanceRuns.on(database.primary)).findAll(system);
  expect(data.map(({ task, lastRun }) => [task, lastRun?.result])).toEqual(
    Object.keys(TASK_TIMES).map((task) => [task, 'done']),
  );
  await expect(run('tea')).rejects.toThrow(PermanentFailure);
}, 60_000);
