import { afterEach, expect, test } from '@jest/globals';
import { withReports } from '../../../tests/reports.ts';
import { bodyOf, type Caller } from '../../../tests/shop.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { mails } from '../../platform/mail/mail.store.ts';
import { PermanentFailure } from '../../platform/queue/job.ts';
import { Id } from '../../shared/ids.ts';
import { DAY_MS, MINUTE_MS } from '../../shared/time.ts';
import { reportCollection } from './report.model.ts';
import type { ReportView } from './report.schema.ts';

const suite = withReports();
afterEach(() => {
  suite.app.clock.now = new Date();
});

const ask = async (store: Caller, day = '2026-03-01') =>
  (await bodyOf(
    store
      .post('/api/reports', {
        kind: 'sales',
        format: 'csv',
        from: day,
        until: '2026-04-01',
        email: 'ann@again.example',
      })
      .expect(202),
  )) as ReportView;
const read = async (store: Caller, { id }: ReportView) =>
  (await bodyOf(store.get(`/api/reports/${id}`).expect(200))) as ReportView;
const build = (store: Caller, { id }: ReportView) =>
  suite.app.run('report.build', { merchantId: store.id, reportId: id });
const set = (report: ReportView, change: object) =>
  reportCollection
    .on(suite.database.primary)
    .updateOne({ _id: Id.decode(report.id) }, { $set: change }, asSystem('test'));

async function withoutMails(error: Error, work: () => Promise<void>): Promise<void> {
  const { queue } = suite.app;
  const sendEmail = queue.sendEmail.bind(queue);
  Object.assign(queue, { sendEmail: () => Promise.reject(error) });
  try {
    await work();
  } finally {
    Object.assign(queue, { sendEmail });
  }
}

test('a report that failed is made, and told of once, when the cause is mended and its dead letter replayed', async () => {
  const store = await suite.store();
  const report = await ask(store);
  await withoutMails(new Error('no mails today'), async () => {
    for (let attempt = 1; attempt <= 2; attempt += 1) await expect(build(store, report)).rejects.toThrow('no mails');
    await expect(build(store, report)).rejects.toBeInstanceOf(PermanentFailure);
    expect(await read(store, report)).toMatchObject({ state: 'failed', failure: 'failed' });
    // A replay has all its attempts again.
    await expect(build(store, report)).rejects.toThrow('no mails');
    expect(await read(store, report)).toMatchObject({ state: 'queued', failure: null, finishedAt: null });
  });
  await build(store, report);
  await build(store, report);
  const ready = await read(store, report);
  expect(ready).toMatchObject({ state: 'ready', failure: null });
  expect(ready.download).not.toBeNull();
  const letters = mails.on(suite.database.primary).countDocuments({ to: 'ann@again.example' }, asSystem('test'));
  expect(await letters).toBe(1);
});

test('a report whose worker was away for longer than others wait for it is made when its job comes after all', async () => {
  const store = await suite.store();
  const report = await ask(store);
  await set(report, { state: 'running', builder: 'killed' });
  suite.app.clock.now = new Date(Date.now() + 61 * MINUTE_MS);
  await suite.app.run('report.sweep', {});
  expect(await read(store, report)).toMatchObject({ state: 'failed', failure: 'abandoned' });
  await build(store, report);
  expect(await read(store, report)).toMatchObject({ state: 'ready' });
});

test('a report that no further attempt would mend is not begun again', async () => {
  const store = await suite.store();
  const report = await ask(store);
  await set(report, { state: 'failed', failure: 'too-many-rows', slot: null, inFlight: null, finishedAt: new Date() });
  await build(store, report);
  expect(await read(store, report)).toMatchObject({ state: 'failed', failure: 'too-many-rows', download: null });
});

test('a database that is away fails no report, however often', async () => {
  const store = await suite.store();
  const report = await ask(store);
  const away = Object.assign(new Error('cleared'), { name: 'MongoPoolClearedError' });
  await withoutMails(away, async () => {
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      await expect(build(store, report)).rejects.toBe(away);
      expect(await read(store, report)).toMatchObject({ state: 'queued' });
    }
  });
  await build(store, report);
  expect(await read(store, report)).toMatchObject({ state: 'ready' });
});

test('a report that waits for a day without its job is given up, and who asks for the same has one made', async () => {
  const store = await suite.store();
  const [lost, fresh] = [await ask(store), await ask(store, '2026-03-02')];
  suite.app.clock.now = new Date(Date.now() + DAY_MS + MINUTE_MS);
  await set(fresh, { beatAt: suite.app.clock.now });
  await suite.app.run('report.sweep', {});
  expect(await read(store, lost)).toMatchObject({ state: 'failed', failure: 'abandoned' });
  expect(await read(store, fresh)).toMatchObject({ state: 'queued' });
  expect((await ask(store)).id).not.toBe(lost.id);
});
