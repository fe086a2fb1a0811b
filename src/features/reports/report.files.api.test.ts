import { expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withReports } from '../../../tests/reports.ts';
import { bodyOf, type Caller } from '../../../tests/shop.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { mails } from '../../platform/mail/mail.store.ts';
import { PermanentFailure } from '../../platform/queue/job.ts';
import { Id } from '../../shared/ids.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import { reportCollection } from './report.model.ts';
import type { ReportView } from './report.schema.ts';

const suite = withReports();

const ask = async (store: Caller, day: string) =>
  (await bodyOf(
    store.post('/api/reports', { kind: 'sales', format: 'csv', from: day, until: '2026-04-01', email: 'a@b.example' }),
  )) as ReportView;
const read = async (store: Caller, { id }: ReportView) =>
  (await bodyOf(store.get(`/api/reports/${id}`).expect(200))) as ReportView;
const fileOf = (store: Caller, { id }: ReportView) => join(suite.directory, 'reports', store.id, `${id}.csv`);

/** As by a worker that was killed before it could say that the report is ready. */
async function leaveFile(store: Caller, report: ReportView): Promise<string> {
  const file = fileOf(store, report);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, 'left');
  return file;
}

test('a report that has its file but cannot be finished fails after three attempts, and leaves no file', async () => {
  const store = await suite.store();
  const report = await ask(store, '2026-03-01');
  const { queue } = suite.app;
  const sendEmail = queue.sendEmail.bind(queue);
  Object.assign(queue, { sendEmail: () => Promise.reject(new Error('no mails today')) });
  const build = () => suite.app.run('report.build', { merchantId: store.id, reportId: report.id });
  try {
    for (let attempt = 1; attempt <= 2; attempt += 1) await expect(build()).rejects.toThrow('no mails today');
    expect(existsSync(fileOf(store, report))).toBe(true);
    await expect(build()).rejects.toBeInstanceOf(PermanentFailure);
  } finally {
    Object.assign(queue, { sendEmail });
  }
  expect(await read(store, report)).toMatchObject({ state: 'failed', failure: 'failed', download: null });
  expect(existsSync(fileOf(store, report))).toBe(false);
});

test('what killed workers have left of a cancelled and of an abandoned report is removed an hour later, once', async () => {
  const store = await suite.store();
  const reports = [await ask(store, '2026-03-02'), await ask(store, '2026-03-03'), await ask(store, '2026-03-04')];
  const [cancelled, abandoned, ready] = reports as [ReportView, ReportView, ReportView];
  await suite.app.run('report.build', { merchantId: store.id, reportId: ready.id });
  const left = [await leaveFile(store, cancelled), await leaveFile(store, abandoned)];
  await store.post(`/api/reports/${cancelled.id}/cancel`).expect(200);
  await reportCollection
    .on(suite.database.primary)
    .updateOne({ _id: Id.decode(abandoned.id) }, { $set: { state: 'running', builder: 'killed' } }, asSystem('test'));

  const files = suite.app.fileStore();
  const remove = files.remove.bind(files);
  const removed: string[] = [];
  Object.assign(files, { remove: (name: string) => (removed.push(name), remove(name)) });
  const sweepAfter = async (minutes: number) => {
    suite.app.clock.now = new Date(suite.app.clock.now.getTime() + minutes * MINUTE_MS);
    await suite.app.run('report.sweep', {});
    return [removed.filter((name) => name.includes(store.id)).length, ...left.map((file) => existsSync(file))];
  };
  try {
    // Whoever makes it may not have heard yet.
    expect(await sweepAfter(0)).toEqual([0, true, true]);
    expect(await sweepAfter(61)).toEqual([1, false, true]);
    expect(await read(store, abandoned)).toMatchObject({ state: 'failed', failure: 'abandoned' });
    expect(await sweepAfter(61)).toEqual([2, false, false]);
    expect(await sweepAfter(61)).toEqual([2, false, false]);
  } finally {
    Object.assign(files, { remove });
    suite.app.clock.now = new Date();
  }
  expect(await read(store, cancelled)).toMatchObject({ state: 'cancelled', expiresAt: null });
  expect(await read(store, ready)).toMatchObject({ state: 'ready', expiresAt: expect.any(String) });
  expect(existsSync(fileOf(store, ready))).toBe(true);
});

test('a report of how things are now is named after the moment it was made, in its mail and its file', async () => {
  suite.app.clock.now = new Date('2026-03-10T23:30:00Z');
  const store = await suite.store();
  const body = { kind: 'inventory', format: 'csv', email: 'ann@stock.example' };
  const report = (await bodyOf(store.post('/api/reports', body).expect(202))) as ReportView;
  await suite.app.run('report.build', { merchantId: store.id, reportId: report.id });
  const { download } = await read(store, report);
  const { pathname, search } = new URL(download?.url ?? '');
  const { headers } = await suite
    .anybody()
    .get(pathname + search)
    .expect(200);
  suite.app.clock.now = new Date();
  expect(headers['content-disposition']).toBe('attachment; filename=inventory-2026-03-10T2330Z.csv');
  const toAnn = [{ $match: { to: body.email } }];
  const found = await mails.on(suite.database.primary).aggregate<{ subject: string }>(toAnn, asSystem('test'));
  // In Berlin.
  expect(found.map(({ subject }) => subject)).toEqual(['Inventory of Mugs & More, as of 11 March 2026']);
});
