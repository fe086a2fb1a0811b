import { expect, test } from '@jest/globals';
import { withReports } from '../../../tests/reports.ts';
import { bodyOf, type Caller } from '../../../tests/shop.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { Id } from '../../shared/ids.ts';
import { DAY_MS } from '../../shared/time.ts';
import { auditEntries } from '../audit/audit.model.ts';
import { merchants } from '../merchants/merchant.model.ts';
import type { ReportView, ScheduleView } from './report.schema.ts';

const suite = withReports();

const create = async (store: Caller, every: string) =>
  (await bodyOf(
    store.post('/api/report-schedules', { kind: 'sales', every, emails: ['ann@schedules.example'] }).expect(201),
  )) as ScheduleView;
const reportsOf = async (store: Caller) =>
  ((await bodyOf(store.get('/api/reports').expect(200))) as { data: ReportView[] }).data;
const schedulesOf = async (store: Caller) =>
  ((await bodyOf(store.get('/api/report-schedules').expect(200))) as { data: ScheduleView[] }).data;
const sweep = () => suite.app.run('report.sweep', {});

test('a schedule asks for the report of each period once, in the days of its store, however many look at once', async () => {
  suite.app.clock.now = new Date('2026-03-27T12:00:00Z');
  const store = await suite.store();
  const schedule = await create(store, 'day');
  // In Berlin, the night before the clock is put forward.
  expect(schedule.nextAt).toBe('2026-03-27T23:00:00.000Z');
  await sweep();
  expect(await reportsOf(store)).toEqual([]);
  suite.app.clock.now = new Date('2026-03-27T23:00:00Z');
  await Promise.all([sweep(), sweep(), sweep()]);
  expect(await reportsOf(store)).toMatchObject([{ from: '2026-03-27', until: '2026-03-28', state: 'queued' }]);
  // Two days were missed.
  suite.app.clock.now = new Date('2026-03-30T06:00:00Z');
  await sweep();
  await sweep();
  expect((await reportsOf(store)).map(({ from }) => from).sort()).toEqual(['2026-03-27', '2026-03-28', '2026-03-29']);
});

test.each([
  ['week', '2026-03-29T22:00:00.000Z', { from: '2026-03-23', until: '2026-03-30' }],
  ['month', '2026-03-31T22:00:00.000Z', { from: '2026-03-01', until: '2026-04-01' }],
])('the report of a %s is made when that is over', async (every, nextAt, period) => {
  suite.app.clock.now = new Date('2026-03-27T12:00:00Z');
  const store = await suite.store();
  expect(await create(store, every)).toMatchObject({ nextAt });
  suite.app.clock.now = new Date(nextAt);
  await sweep();
  expect(await reportsOf(store)).toMatchObject([period]);
});

test('a store that has moved to a later zone gets the report of its day once that is over there', async () => {
  suite.app.clock.now = new Date('2026-03-27T12:00:00Z');
  const store = await suite.store();
  await create(store, 'day');
  const toHonolulu = { $set: { timeZone: 'Pacific/Honolulu' } };
  await merchants.on(suite.database.primary).updateOne({ _id: Id.decode(store.id) }, toHonolulu, asSystem('test'));
  // Over in Berlin, and half past noon in Honolulu.
  suite.app.clock.now = new Date('2026-03-27T23:30:00Z');
  await sweep();
  expect(await reportsOf(store)).toEqual([]);
  expect(await schedulesOf(store)).toMatchObject([{ nextAt: '2026-03-28T10:00:00.000Z' }]);
  suite.app.clock.now = new Date('2026-03-28T10:00:00Z');
  await sweep();
  expect(await reportsOf(store)).toMatchObject([{ from: '2026-03-27', until: '2026-03-28' }]);
});

test('a paused schedule asks for nothing, a woken one goes on from then, a deleted one is gone; none is seen by others', async () => {
  suite.app.clock.now = new Date('2026-03-27T12:00:00Z');
  const [store, other] = [await suite.store(), await suite.store()];
  const { id } = await create(store, 'day');
  const path = `/api/report-schedules/${id}`;
  await other.get(path).expect(404);
  await other.patch(path, { isPaused: true }).expect(404);
  await store.patch(path, { isPaused: true }).expect(200);
  suite.app.clock.now = new Date(suite.app.clock.now.getTime() + 5 * DAY_MS);
  await sweep();
  expect(await reportsOf(store)).toEqual([]);
  expect(await bodyOf(store.patch(path, { isPaused: false }).expect(200))).toMatchObject({
    isPaused: false,
    nextAt: '2026-04-01T22:00:00.000Z',
  });
  expect(await bodyOf(store.get('/api/report-schedules').expect(200))).toMatchObject({ data: [{ id }] });
});

test('who decides on a schedule is in the audit log, with what became of it', async () => {
  const store = await suite.store();
  const { id } = await create(store, 'week');
  const path = `/api/report-schedules/${id}`;
  await store.patch(path, { emails: ['joe@schedules.example'], isPaused: true }).expect(200);
  await store.delete(path).expect(204);
  await store.delete(path).expect(404);
  const entries = await auditEntries
    .on(suite.database.primary)
    .find({}, null, { scope: { kind: 'merchant', merchantId: Id.decode(store.id) } })
    .sort({ occurredAt: 1, _id: 1 })
    .lean();
  const created = { kind: 'sales', format: 'pdf', every: 'week', emails: ['a***@schedules.example'], isPaused: false };
  const changed = { emails: ['j***@schedules.example'], isPaused: true };
  expect(entries.map(({ action, before, after }) => ({ action, before, after }))).toEqual([
    { action: 'report-schedule.created', before: null, after: created },
    { action: 'report-schedule.changed', before: { emails: created.emails, isPaused: false }, after: changed },
    { action: 'report-schedule.removed', before: { ...created, ...changed }, after: null },
  ]);
  expect(new Set(entries.map(({ actor }) => actor.kind))).toEqual(new Set(['user']));
});

test('a store has twenty schedules at most', async () => {
  const store = await suite.store();
  for (let count = 0; count < 20; count += 1) await create(store, 'month');
  const body = { kind: 'sales', every: 'day', emails: ['ann@schedules.example'] };
  expect(await bodyOf(store.post('/api/report-schedules', body).expect(409))).toMatchObject({
    code: 'too-many-report-schedules',
  });
});

test('a schedule that fails keeps neither the others nor the rest of the sweep from their turn, and is told', async () => {
  suite.app.clock.now = new Date('2026-03-27T12:00:00Z');
  const [broken, store] = [await suite.store(), await suite.store()];
  await create(broken, 'day');
  await create(store, 'day');
  const { id } = (await bodyOf(store.post('/api/reports', { kind: 'sales', format: 'csv' }).expect(202))) as ReportView;
  await suite.app.run('report.build', { merchantId: store.id, reportId: id });
  // One that this machine no longer knows.
  const unknownZone = { $set: { timeZone: 'Mars/Olympus' } };
  await merchants.on(suite.database.primary).updateOne({ _id: Id.decode(broken.id) }, unknownZone, asSystem('test'));
  suite.app.clock.now = new Date('2026-05-01T00:00:00Z');
  await expect(sweep()).rejects.toBeInstanceOf(AggregateError);
  const [requested, first] = await reportsOf(store);
  expect(requested).toMatchObject({ from: '2026-03-27', state: 'queued' });
  expect(first).toMatchObject({ id, state: 'expired' });
  const [schedule] = await schedulesOf(broken);
  await broken.patch(`/api/report-schedules/${schedule?.id ?? ''}`, { isPaused: true }).expect(200);
  await sweep();
});
