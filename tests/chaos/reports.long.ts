import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { merchants } from '../../src/features/merchants/merchant.model.ts';
import { reportCollection, type Report } from '../../src/features/reports/report.model.ts';
import { asSystem } from '../../src/platform/database/scoped.ts';
import { mails } from '../../src/platform/mail/mail.store.ts';
import { Id, newId } from '../../src/shared/ids.ts';
import type { Child } from '../child.ts';
import { eventually } from '../environment/index.ts';
import { newStore, sell } from '../reports.ts';
import { startMailServer, type MailServer } from './mail-server.ts';
import { inRounds } from './rounds.ts';
import { killWhileWorking, withWork } from './work.ts';

jest.setTimeout(300_000);

const ORDERS = 5_000;
const BATCH = 500;
const YEAR = { from: new Date('2025-01-01T00:00:00Z'), to: new Date('2026-01-01T00:00:00Z') };
const LOG = { LOG_LEVEL: 'info', SHUTDOWN_SECONDS: '10' };

let server: MailServer;
let directory: string;
beforeAll(async () => {
  server = await startMailServer(() => 250);
  directory = await mkdtemp(join(tmpdir(), 'chaos-files-'));
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

const work = withWork(() => server.url);
const running = new Set<Child>();
function start(kind: 'email' | 'reports', files = directory): Child {
  const worker = work.run('workers/main.ts', [kind], { ...LOG, FILES_DIR: files });
  running.add(worker);
  return worker;
}
// Else the next test's report would be made by what is left of this one.
afterEach(async () => {
  for (const worker of running) worker.kill('SIGKILL');
  await Promise.all(Array.from(running, ({ ended }) => ended));
  running.clear();
});

/** A store whose year is long enough for its report to be interrupted. */
async function bigStore(): Promise<Id> {
  const merchantId = newId();
  await merchants.on(work.database.primary).create([newStore(merchantId)], asSystem('test'));
  const step = (YEAR.to.getTime() - YEAR.from.getTime()) / ORDERS;
  for (let first = 0; first < ORDERS; first += BATCH) {
    const sales = Array.from({ length: BATCH }, (_each, index) => {
      const placedAt = new Date(YEAR.from.getTime() + (first + index) * step);
      return [placedAt.toISOString(), 1_000 + index, 'delivered'] as const;
    });
    await sell(work.database, Id.encode(merchantId), sales);
  }
  return merchantId;
}

/** All mails that were taken, however often each. */
const sent = (): number => Array.from(server.taken.values()).reduce((sum, times) => sum + times, 0);
let sentBefore = 0;

function order(merchantId: Id): Promise<Id> {
  sentBefore = sent();
  work.container.relay().start();
  const wanted = { merchantId, reportType: 'orders', format: 'pdf', dateRange: YEAR } as const;
  return work.container.queue().generateReport({ ...wanted, email: 'ann@example.test' });
}

const find = async (_id: Id): Promise<Report> => {
  const reports = reportCollection.on(work.database.primary);
  const found = await reports.findOne({ _id }, null, asSystem('test')).lean<Report>();
  if (found === null) throw new Error('There is no such report');
  return found;
};
const until = (_id: Id, is: (report: Report) => boolean) =>
  eventually(async () => {
    const report = await find(_id);
    return is(report) && report;
  }, 120_000);
const isHalfWay = ({ state, progress }: Report): boolean => state === 'running' && progress > 0;

/** One whole file and one mail, whatever happened on the way. */
async function expectOnce(merchantId: Id, reportId: Id): Promise<void> {
  const mailer = start('email');
  await eventually(() => sent() > sentBefore, 60_000);
  mailer.kill('SIGTERM');
  await mailer.ended;
  expect(sent()).toBe(sentBefore + 1);
  const place = join(directory, 'reports', Id.encode(merchantId));
  expect(await readdir(place)).toEqual([`${Id.encode(reportId)}.pdf`]);
  const pdf = await readFile(join(place, `${Id.encode(reportId)}.pdf`), 'latin1');
  expect([pdf.slice(0, 5), pdf.trimEnd().slice(-5)]).toEqual(['%PDF-', '%%EOF']);
}

test('a worker killed amid a report: another makes it anew, one file, one mail', async () => {
  const merchantId = await bigStore();
  const worker = start('reports');
  const reportId = await order(merchantId);
  await until(reportId, isHalfWay);
  worker.kill('SIGKILL');
  await worker.ended;
  start('reports');
  expect(await until(reportId, ({ state }) => state === 'ready')).toMatchObject({ rows: ORDERS, attempts: 2 });
  await expectOnce(merchantId, reportId);
});

test('a worker told to stop amid a report: it is given back in time, another makes it, one file, one mail', async () => {
  const merchantId = await bigStore();
  const worker = start('reports');
  const reportId = await order(merchantId);
  await until(reportId, isHalfWay);
  const stoppedAt = performance.now();
  worker.kill('SIGTERM');
  expect(await worker.ended).toMatchObject({ code: 0 });
  expect(performance.now() - stoppedAt).toBeLessThan(17_000);
  start('reports');
  // Given back it is as if it had not been tried; or it was ready before its time was over.
  expect(await until(reportId, ({ state }) => state === 'ready')).toMatchObject({ rows: ORDERS, attempts: 1 });
  await expectOnce(merchantId, reportId);
});

test('a report cancelled while it is made: its worker gives it up, leaves nothing behind and makes the next', async () => {
  const merchantId = await bigStore();
  start('reports');
  const reportId = await order(merchantId);
  await until(reportId, isHalfWay);
  const scope = { kind: 'merchant', merchantId } as const;
  await work.container.reportStore().cancel(reportId, new Date(), { scope });
  const next = await order(merchantId);
  await until(next, ({ state }) => state === 'ready');
  await expectOnce(merchantId, next);
  expect(await find(reportId)).toMatchObject({ state: 'cancelled', rows: null });
});

test('a store of files that is full: the report fails and says why, and there is no half file', async () => {
  const merchantId = await bigStore();
  const full = await mkdtemp(join(tmpdir(), 'chaos-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', full]);
  try {
    const worker = start('reports', full);
    const reportId = await order(merchantId);
    const failed = await until(reportId, ({ state }) => state === 'failed');
    expect(failed).toMatchObject({ failure: 'store-failed', attempts: 3, bytes: null });
    expect(worker.log()).toContain('ENOSPC');
    expect((await readdir(full, { recursive: true })).filter((name) => /\.(part|pdf)$/.test(name))).toEqual([]);
    worker.kill('SIGKILL');
    await worker.ended;
  } finally {
    execFileSync('umount', [full]);
    await rm(full, { recursive: true });
  }
});

const REPORTS = 2_000;
/** A store has no more unfinished ones at a time. */
const PER_STORE = 5;

// With servers of their own: nobody sends their mails.
describe('many reports', () => {
  const work = withWork(() => server.url);

  inRounds(
    'F1: workers killed at random amid 2,000 reports: each is made once, with one file and one mail',
    1_500_000,
    async () => {
      const { primary } = work.database;
      const stores = Array.from({ length: REPORTS / PER_STORE }, newId);
      const rows = stores.map((_id) => ({ insertOne: { document: newStore(_id) } }));
      await merchants.on(primary).bulkWrite(rows, asSystem('test'));
      const queue = work.container.queue();
      const wanted: string[] = [];
      for (const merchantId of stores)
        for (let day = 1; day <= PER_STORE; day += 1) {
          const dateRange = { from: new Date(Date.UTC(2025, 0, day)), to: new Date(Date.UTC(2025, 0, day + 1)) };
          const asked = { merchantId, reportType: 'orders', format: 'csv', dateRange } as const;
          const email = `${Id.encode(merchantId)}-${String(day)}@example.test`;
          wanted.push(`${email} ${Id.encode(await queue.generateReport({ ...asked, email }))}`);
        }
      const extra = { ...LOG, FILES_DIR: directory };
      const kills = await killWhileWorking(work, 'reports', { everyMs: 4_000, extra, withinMs: 600_000 });
      const reports = await reportCollection
        .on(primary)
        .find({ merchantId: { $in: stores } }, null, asSystem('test'))
        .lean();
      expect(reports.filter(({ state }) => state !== 'ready')).toEqual([]);
      expect(reports.map(({ _id, emails }) => `${emails.join()} ${Id.encode(_id)}`).toSorted()).toEqual(
        wanted.toSorted(),
      );
      const files = await Promise.all(stores.map((id) => readdir(join(directory, 'reports', Id.encode(id)))));
      expect(files.flat().toSorted()).toEqual(reports.map(({ _id }) => `${Id.encode(_id)}.csv`).toSorted());
      const told = await mails
        .on(primary)
        .find({ to: { $in: reports.flatMap(({ emails }) => emails) } }, { to: 1 }, asSystem('test'))
        .lean();
      expect(told.map(({ to }) => to).toSorted()).toEqual(reports.flatMap(({ emails }) => emails).toSorted());
      expect(kills.leftBehind).toBeGreaterThan(0);
    },
  );
});
