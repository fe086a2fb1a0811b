import { expect, test } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sell, withReports, type Sale } from '../../../tests/reports.ts';
import { bodyOf, type Caller } from '../../../tests/shop.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { mails } from '../../platform/mail/mail.store.ts';
import { outbox } from '../../platform/outbox/event.store.ts';
import { PutOff, PermanentFailure } from '../../platform/queue/job.ts';
import { Id } from '../../shared/ids.ts';
import { DAY_MS } from '../../shared/time.ts';
import type { ReportView } from './report.schema.ts';

const suite = withReports();

const MARCH = { from: '2026-03-01', until: '2026-04-01' };
const SALES: readonly Sale[] = [
  ['2026-03-02T10:00:00Z', 501, 'delivered'],
  ['2026-03-02T11:00:00Z', 9_000, 'cancelled'],
  // In Berlin this is April already.
  ['2026-03-31T22:30:00Z', 1_000, 'paid'],
  ['2026-03-04T22:59:59Z', 2_000, 'shipped'],
];

const ask = async (store: Caller, body: object, status = 202) =>
  (await bodyOf(store.post('/api/reports', body).expect(status))) as ReportView;
const read = async (store: Caller, { id }: ReportView) =>
  (await bodyOf(store.get(`/api/reports/${id}`).expect(200))) as ReportView;
const build = (store: Caller, { id }: ReportView, stopping?: AbortSignal) =>
  suite.app.run('report.build', { merchantId: store.id, reportId: id }, stopping);

async function download({ download: link }: ReportView) {
  const { pathname, search } = new URL(link?.url ?? '');
  return suite
    .anybody()
    .get(pathname + search)
    .buffer(true)
    .parse((answer, done) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        done(null, Buffer.concat(chunks));
      });
    });
}

const mailsTo = (to: string) => mails.on(suite.database.primary).countDocuments({ to }, asSystem('test'));

test('a report is queued, made, told of by one mail and fetched by a link that is over after a while', async () => {
  const store = await suite.store();
  await sell(suite.database, store.id, SALES);
  const asked = await ask(store, { kind: 'sales', format: 'csv', ...MARCH, email: 'ann@reports.example' });
  expect(asked).toMatchObject({ state: 'queued', progress: 0, download: null });
  expect(asked.allowedTransitions).toContain('cancelled');
  await build(store, asked);
  const ready = await read(store, asked);
  expect(ready).toMatchObject({ state: 'ready', progress: 100, rows: 31, failure: null });
  const answer = await download(ready);
  expect(answer.status).toBe(200);
  expect(answer.headers).toMatchObject({
    'content-type': 'text/csv; charset=utf-8',
    'content-length': String(ready.bytes),
    'cache-control': 'no-store, no-transform',
    'content-disposition': 'attachment; filename=sales-2026-03-01.csv',
  });
  expect((answer.body as Buffer).toString()).toContain('2026-03-02,1,5.01,5.01\r\n');
  expect(await mailsTo('ann@reports.example')).toBe(1);

  suite.app.clock.now = new Date(Date.now() + 16 * 60_000);
  expect((await download(ready)).status).toBe(404);
  expect((await download(await read(store, ready))).status).toBe(200);
  suite.app.clock.now = new Date();
});

test('the sums of a sales report are those of the analytics endpoint for the same days', async () => {
  const store = await suite.store();
  await sell(suite.database, store.id, SALES);
  const report = await ask(store, { kind: 'sales', format: 'csv', ...MARCH });
  await build(store, report);
  const lines = ((await download(await read(store, report))).body as Buffer).toString().trim().split('\r\n').slice(1);
  const cents = lines.map((line) => Math.round(Number(line.split(',')[2]) * 100));
  const { total } = (await bodyOf(
    store.get(`/api/merchant/analytics/sales?from=${MARCH.from}&until=${MARCH.until}`).expect(200),
  )) as { total: { orders: number; revenue: { amount: number } } };
  expect(cents.reduce((sum, amount) => sum + amount, 0)).toBe(total.revenue.amount);
  expect(lines.reduce((sum, line) => sum + Number(line.split(',')[1]), 0)).toBe(total.orders);
});

test.each(['sales', 'orders', 'inventory', 'products'])(
  'a report of the kind %s is made in each format',
  async (kind) => {
    const store = await suite.store();
    await sell(suite.database, store.id, SALES);
    const beginnings = { pdf: '%PDF', xlsx: 'PK', csv: '\ufeff' };
    for (const [format, beginning] of Object.entries(beginnings)) {
      const report = await ask(store, { kind, format, ...MARCH });
      await build(store, report);
      const { body } = (await download(await read(store, report))) as { body: Buffer };
      expect(body.toString().startsWith(beginning)).toBe(true);
    }
  },
);

test('who asks for what is being made already joins; another format, range or store is another report', async () => {
  const [store, other] = [await suite.store(), await suite.store()];
  const wanted = { kind: 'orders', format: 'pdf', ...MARCH };
  const first = await ask(store, { ...wanted, email: 'joe@reports.example' });
  const all = await Promise.all(
    Array.from({ length: 8 }, () => ask(store, { ...wanted, email: 'joe@reports.example' })),
  );
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  const others = [
    await ask(store, { ...wanted, format: 'csv' }),
    await ask(store, { ...wanted, until: '2026-03-31' }),
    await ask(other, wanted),
  ];
  expect(new Set([...others, ...all].map(({ id }) => id)).size).toBe(4);
  const events = await outbox
    .on(suite.database.primary)
    .find({ type: 'report.requested' }, null, asSystem('test'))
    .lean();
  expect(events.filter(({ aggregateId }) => Id.encode(aggregateId) === first.id)).toHaveLength(1);
  await build(store, first);
  expect(await mailsTo('joe@reports.example')).toBe(1);
  expect((await ask(store, wanted)).id).not.toBe(first.id);
});

test('of twenty reports asked for at the same moment a store gets five, the rest 429; another store is not touched', async () => {
  const [store, other] = [await suite.store(), await suite.store()];
  const answerTo = async (from: string): Promise<number> => {
    const { status } = await store.post('/api/reports', { kind: 'sales', from, until: '2026-04-01' });
    // On a busy machine some find the store too contended for too long, and are to come again.
    return status === 503 ? answerTo(from) : status;
  };
  const days = Array.from({ length: 20 }, (_, day) => `2026-03-${String(day + 1).padStart(2, '0')}`);
  const statuses = await Promise.all(days.map(answerTo));
  expect(statuses.filter((status) => status === 202)).toHaveLength(5);
  expect(statuses.filter((status) => status === 429)).toHaveLength(15);
  await ask(other, { kind: 'sales', ...MARCH });
});

test('a job that runs twice, one after the other or at once, leaves one file and one mail', async () => {
  const store = await suite.store();
  await sell(suite.database, store.id, SALES);
  const report = await ask(store, { kind: 'orders', format: 'pdf', ...MARCH, email: 'bea@reports.example' });
  await Promise.all([build(store, report), build(store, report)]);
  await build(store, report);
  expect(await mailsTo('bea@reports.example')).toBe(1);
  expect(await readdir(join(suite.directory, 'reports', store.id))).toEqual([`${report.id}.pdf`]);
  expect((await download(await read(store, report))).status).toBe(200);
});

test('a cancelled report is not made, tells nobody and frees its place; a finished one is not cancelled', async () => {
  const store = await suite.store();
  const report = await ask(store, { kind: 'orders', format: 'csv', ...MARCH, email: 'eve@reports.example' });
  const cancelled = await bodyOf(store.post(`/api/reports/${report.id}/cancel`).expect(200));
  expect(cancelled).toMatchObject({ state: 'cancelled', allowedTransitions: [] });
  await build(store, report);
  expect(await read(store, report)).toMatchObject({ state: 'cancelled', download: null });
  expect(await mailsTo('eve@reports.example')).toBe(0);
  expect(existsSync(join(suite.directory, 'reports', store.id))).toBe(false);
  await store.post(`/api/reports/${report.id}/cancel`).expect(409);
});

test('a report cancelled while its file is being stored leaves no file and no mail, and frees its place', async () => {
  const store = await suite.store();
  const report = await ask(store, { kind: 'sales', format: 'csv', ...MARCH, email: 'kim@reports.example' });
  const files = suite.app.fileStore();
  const put = files.put.bind(files);
  Object.assign(files, {
    put: async (...given: Parameters<typeof put>) => {
      expect(await read(store, report)).toMatchObject({ state: 'running' });
      const bytes = await put(...given);
      await store.post(`/api/reports/${report.id}/cancel`).expect(200);
      return bytes;
    },
  });
  try {
    await build(store, report);
  } finally {
    Object.assign(files, { put });
  }
  expect(await read(store, report)).toMatchObject({ state: 'cancelled', download: null });
  expect(await mailsTo('kim@reports.example')).toBe(0);
  expect(await readdir(join(suite.directory, 'reports', store.id))).toEqual([]);
  expect((await ask(store, { kind: 'sales', format: 'csv', ...MARCH })).id).not.toBe(report.id);
});

test('a worker that stops gives the report back, as if it had not been tried', async () => {
  const store = await suite.store();
  const report = await ask(store, { kind: 'sales', format: 'pdf', ...MARCH });
  await expect(build(store, report, AbortSignal.abort())).rejects.toBeInstanceOf(PutOff);
  expect(await read(store, report)).toMatchObject({ state: 'queued', progress: 0 });
  const { signal: stopping } = new AbortController();
  await build(store, report, stopping);
  expect(await read(store, report)).toMatchObject({ state: 'ready' });
  // The worker outlives its reports.
  expect(getEventListeners(stopping, 'abort')).toEqual([]);
});

test('a store of files that takes none fails the report after three attempts and leaves no half file', async () => {
  const store = await suite.store();
  const report = await ask(store, { kind: 'sales', format: 'csv', ...MARCH });
  const put = suite.app.fileStore().put.bind(suite.app.fileStore());
  Object.assign(suite.app.fileStore(), { put: (name: string) => put(name, '/nowhere/at/all') });
  try {
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      await expect(build(store, report)).rejects.toMatchObject({ name: 'StoreFailure', code: 'ENOENT' });
      expect(await read(store, report)).toMatchObject({ state: 'queued' });
    }
    await expect(build(store, report)).rejects.toBeInstanceOf(PermanentFailure);
  } finally {
    Object.assign(suite.app.fileStore(), { put });
  }
  expect(await read(store, report)).toMatchObject({ state: 'failed', failure: 'store-failed', download: null });
  expect((await readdir(suite.directory)).filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('the file is removed when its days are over, and the report says so', async () => {
  const store = await suite.store();
  const report = await ask(store, { kind: 'sales', format: 'csv', ...MARCH });
  await build(store, report);
  suite.app.clock.now = new Date(Date.now() + 8 * DAY_MS);
  await suite.app.run('report.sweep', {});
  expect(await read(store, report)).toMatchObject({ state: 'expired', download: null });
  expect(await readdir(join(suite.directory, 'reports', store.id))).toEqual([]);
  suite.app.clock.now = new Date();
});

test('generateReport of the queue service asks for the days on which its moments fall, and shares what is asked by others', async () => {
  const store = await suite.store();
  const dateRange = { from: new Date('2026-02-28T23:00:00Z'), to: new Date('2026-03-31T22:00:00Z') };
  const merchantId = Id.decode(store.id);
  const id = await suite.app.queue.generateReport({ merchantId, reportType: 'sales', format: 'pdf', dateRange });
  expect(await bodyOf(store.get(`/api/reports/${Id.encode(id)}`))).toMatchObject(MARCH);
  expect((await ask(store, { kind: 'sales', ...MARCH })).id).toBe(Id.encode(id));
  const unknown = suite.app.queue.generateReport({ merchantId, reportType: 'horoscope', format: 'pdf', dateRange });
  await expect(unknown).rejects.toMatchObject({ kind: { code: 'invalid-request' } });
});

test('one report is told to twenty addresses at most', async () => {
  const store = await suite.store();
  const wanted = { kind: 'orders', format: 'csv', ...MARCH };
  const addressOf = (number: number) => `reader-${String(number)}@reports.example`;
  for (let number = 0; number < 20; number += 1) await ask(store, { ...wanted, email: addressOf(number) });
  const refused = store.post('/api/reports', { ...wanted, email: addressOf(20) }).expect(429);
  expect(await bodyOf(refused)).toMatchObject({ code: 'too-many-reports' });
  await ask(store, { ...wanted, email: addressOf(0) });
});

test('a range that is too long or turned round is refused by name', async () => {
  const store = await suite.store();
  for (const range of [
    { from: '2024-01-01', until: '2026-01-01' },
    { from: '2026-03-02', until: '2026-03-02' },
  ]) {
    const body = await bodyOf(store.post('/api/reports', { kind: 'sales', ...range }).expect(422));
    expect(body).toMatchObject({ code: 'invalid-request', errors: [{ path: 'body.from' }] });
  }
});

test("another store's report, and a link that nobody made, are not found", async () => {
  const [store, other] = [await suite.store(), await suite.store()];
  const report = await ask(store, { kind: 'sales', format: 'csv', ...MARCH });
  await build(store, report);
  await other.get(`/api/reports/${report.id}`).expect(404);
  await other.post(`/api/reports/${report.id}/cancel`).expect(404);
  expect(await bodyOf(other.get('/api/reports').expect(200))).toMatchObject({ data: [] });
  expect(await bodyOf(store.get('/api/reports').expect(200))).toMatchObject({ data: [{ id: report.id }] });
  const { search } = new URL((await read(store, report)).download?.url ?? '');
  for (const query of [`${search.slice(0, -2)}AA`, '', '?token=', '?token=a.b', search.replace('.', 'x.')])
    await suite.anybody().get(`/files${query}`).expect(404);
});
