import { expect, test } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { withReports } from '../../../tests/reports.ts';
import { bodyOf, type Caller } from '../../../tests/shop.ts';
import { traced } from '../../../tests/traced.ts';
import { loadConfig } from '../../config/index.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { callbackEndpoints } from '../../platform/http/callbacks.ts';
import { problemHandler } from '../../platform/http/problem-handler.ts';
import { mails, type StoredMail } from '../../platform/mail/mail.store.ts';
import { LinkTokens } from '../../platform/security/links.ts';
import { Id } from '../../shared/ids.ts';
import { auditEntries, type AuditEntry } from '../audit/audit.model.ts';
import type { ReportView, ScheduleView } from './report.schema.ts';
import { reportSubscriptionCallback } from './subscription.page.ts';

const suite = withReports();
const links = new LinkTokens(loadConfig({ NODE_ENV: 'test' }).tokens);
const PUBLIC_URL = 'https://shop.example';
const [ann, joe, eve] = ['ann@subscribed.example', 'joe@subscribed.example', 'eve@subscribed.example'];

async function schedule(store: Caller, emails: readonly string[], every = 'day'): Promise<string> {
  suite.app.clock.now = new Date('2026-03-26T12:00:00Z');
  const wanted = { kind: 'sales', format: 'csv', every, emails };
  const { id } = (await bodyOf(store.post('/api/report-schedules', wanted).expect(201))) as ScheduleView;
  return `/api/report-schedules/${id}`;
}

/** A day's report, as its schedule and, when she asks, Eve get it. @returns the schedule's path */
async function reportOfADay(store: Caller, emails: readonly string[]): Promise<string> {
  const path = await schedule(store, emails);
  suite.app.clock.now = new Date('2026-03-27T06:00:00Z');
  await suite.app.run('report.sweep', {});
  const day = { kind: 'sales', format: 'csv', from: '2026-03-26', until: '2026-03-27', email: eve };
  const asked = (await bodyOf(store.post('/api/reports', day).expect(202))) as ReportView;
  await suite.app.run('report.build', { merchantId: store.id, reportId: asked.id });
  return path;
}

async function mailTo(store: Caller, address: string): Promise<StoredMail | undefined> {
  const all = { _id: { $gt: Id.decode('0'.repeat(24)) } };
  const found = await mails.on(suite.database.primary).find(all, null, asSystem('test')).lean<StoredMail[]>();
  return found.find(
    ({ to, scope }) => to === address && 'merchantId' in scope && Id.encode(scope.merchantId) === store.id,
  );
}

function callbacks() {
  const app = express();
  const callback = reportSubscriptionCallback(suite.app.reportSubscribers());
  app.use('/callbacks', callbackEndpoints([callback], PUBLIC_URL));
  app.use(problemHandler(() => undefined));
  return request(traced(app));
}
const pathOf = (mail: StoredMail | undefined) => (mail?.unsubscribeUrl ?? '').slice(PUBLIC_URL.length);
const oneClick = (path: string) => callbacks().post(path).type('form').send({ 'List-Unsubscribe': 'One-Click' });

test('the mail of a scheduled report carries the link that ends it for its reader alone, as often as it is pressed', async () => {
  const store = await suite.store();
  const daily = await reportOfADay(store, [ann, joe]);
  const mail = await mailTo(store, ann);
  expect(mail?.unsubscribeUrl).toMatch(/^https:\/\/shop\.example\/callbacks\/report-subscriptions\?token=[\w.-]+$/);
  for (const form of [mail?.body, mail?.html]) expect(form).toContain(mail?.unsubscribeUrl);
  expect(mail?.unsubscribeUrl).not.toBe((await mailTo(store, joe))?.unsubscribeUrl);
  expect((await mailTo(store, eve))?.unsubscribeUrl).toBeNull();

  const page = await callbacks().get(pathOf(mail)).set('Accept-Language', 'de').expect(200);
  expect(page.text).toContain('Keine mehr senden');
  expect(await bodyOf(store.get(daily))).toMatchObject({ emails: [ann, joe] });
  await oneClick(pathOf(mail)).expect(200);
  await oneClick(pathOf(mail)).expect(200);
  expect(await bodyOf(store.get(daily))).toMatchObject({ emails: [joe], isPaused: false });
});

test('of two schedules that bring the same report, its link ends both for its reader, and no schedule of another period', async () => {
  const store = await suite.store();
  const daily = await reportOfADay(store, [ann, joe]);
  const [twin, weekly] = [await schedule(store, [ann]), await schedule(store, [ann], 'week')];
  await oneClick(pathOf(await mailTo(store, ann))).expect(200);
  expect(await bodyOf(store.get(daily))).toMatchObject({ emails: [joe], isPaused: false });
  expect(await bodyOf(store.get(twin))).toMatchObject({ emails: [], isPaused: true });
  expect(await bodyOf(store.get(weekly))).toMatchObject({ emails: [ann] });
});

test.each([0, 1])(
  'of two schedules that bring the same report, its link ends the one that is left (%s)',
  async (left) => {
    const store = await suite.store();
    const twins = [await schedule(store, [ann, joe]), await reportOfADay(store, [ann, joe])] as const;
    const mail = await mailTo(store, ann);
    await store.delete(twins[left === 0 ? 1 : 0]).expect(204);
    await oneClick(pathOf(mail)).expect(200);
    expect(await bodyOf(store.get(twins[left] ?? ''))).toMatchObject({ emails: [joe] });
  },
);

test('a link that names a schedule, as of older mails, ends it, and says nothing of ending one that is gone', async () => {
  const store = await suite.store();
  const path = await schedule(store, [ann, joe]);
  const scheduleId = Id.decode(path.split('/').at(-1) ?? '');
  const link = `/callbacks/report-subscriptions?token=${links.issueFor('end-report-subscription', scheduleId, ann)}`;
  await oneClick(link).expect(200);
  expect(await bodyOf(store.get(path))).toMatchObject({ emails: [joe] });
  await store.delete(path).expect(204);
  await oneClick(link).expect(422);
});

test('a schedule that has nobody left is paused, and the log of the store tells of it once', async () => {
  const store = await suite.store();
  const daily = await reportOfADay(store, [ann]);
  const path = pathOf(await mailTo(store, ann));
  await Promise.all([oneClick(path), oneClick(path)]);
  expect(await bodyOf(store.get(daily))).toMatchObject({ emails: [], isPaused: true });
  const entries = await auditEntries
    .on(suite.database.primary)
    .find({ action: 'report-schedule.changed' }, null, { scope: { kind: 'merchant', merchantId: Id.decode(store.id) } })
    .lean<AuditEntry[]>();
  expect(entries).toMatchObject([{ actor: { kind: 'anonymous' }, after: { emails: [], isPaused: true } }]);
});

test('who asks for a report is in the audit log, with what was asked for', async () => {
  const store = await suite.store();
  const wanted = { kind: 'orders', format: 'xlsx', from: '2026-01-01', until: '2026-02-01', email: ann };
  const { id } = (await bodyOf(store.post('/api/reports', wanted).expect(202))) as ReportView;
  const entries = await auditEntries
    .on(suite.database.primary)
    .find({ action: 'report.requested' }, null, { scope: { kind: 'merchant', merchantId: Id.decode(store.id) } })
    .lean<AuditEntry[]>();
  const { email, ...told } = wanted;
  expect(email).toBe(ann);
  expect(entries).toMatchObject([
    {
      actor: { kind: 'user' },
      target: { kind: 'report', id },
      after: { ...told, emails: ['a***@subscribed.example'] },
    },
  ]);
});

test('a link that was not made here, and one of somebody else with another address, are refused', async () => {
  const store = await suite.store();
  await reportOfADay(store, [ann, joe]);
  const [signed = ''] = pathOf(await mailTo(store, ann)).split('.');
  const another = `${signed}.${Buffer.from(joe).toString('base64url')}`;
  for (const path of ['/callbacks/report-subscriptions?token=AAAA', '/callbacks/report-subscriptions', another])
    await oneClick(path).expect(422);
});
