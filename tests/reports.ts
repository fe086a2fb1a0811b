import { afterAll, beforeAll } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestHandler } from 'express';
import type { RequestListener } from 'node:http';
import request from 'supertest';
import { createApp } from '../src/app.ts';
import { loadConfig } from '../src/config/index.ts';
import { collections } from '../src/container/collections.ts';
import { analyticsParts } from '../src/container/analytics.ts';
import { catalogParts } from '../src/container/catalog.ts';
import { identityParts } from '../src/container/identity.ts';
import { merchantParts } from '../src/container/merchants.ts';
import { orderParts } from '../src/container/orders.ts';
import { Parts } from '../src/container/parts.ts';
import { platformParts } from '../src/container/platform.ts';
import { reportParts } from '../src/container/reports.ts';
import { stockParts } from '../src/container/stock.ts';
import { analyticsFeature } from '../src/features/analytics/http.ts';
import type { Merchant } from '../src/features/merchants/merchant.model.ts';
import { merchants } from '../src/features/merchants/merchant.model.ts';
import type { MerchantOrder } from '../src/features/orders/order.model.ts';
import { orderCollection } from '../src/features/orders/order.model.ts';
import { orderNumber } from '../src/features/orders/order.number.ts';
import { reportFeature } from '../src/features/reports/http.ts';
import { reportJobs } from '../src/features/reports/jobs.ts';
import { uncached } from '../src/platform/cache/uncached.ts';
import { databaseProblems } from '../src/platform/database/failures.ts';
import { asSystem } from '../src/platform/database/scoped.ts';
import { mongoTransact } from '../src/platform/database/transaction.ts';
import type { Feature } from '../src/platform/http/endpoint.ts';
import { fileDownloads } from '../src/platform/http/file-downloads.ts';
import { MailStore, mails } from '../src/platform/mail/mail.store.ts';
import { LocalLimiter } from '../src/platform/limits/local.ts';
import { HealthRegistry } from '../src/platform/observability/health.ts';
import { eventAppender, outbox } from '../src/platform/outbox/event.store.ts';
import { QueueService } from '../src/platform/queue/queue.service.ts';
import { Id, newId } from '../src/shared/ids.ts';
import { auditedIn } from './audited.ts';
import { silent, withDatabase, type TestDatabase } from './environment/index.ts';
import { noOutlets } from './outlets.ts';
import { Caller, identityOf } from './shop.ts';

export type ReportApp = ReturnType<typeof appOver>;

const NOWHERE = 'redis://127.0.0.1:1';

/**
 * Reports as they are wired in production, over a database and a directory of the suite's own, with a clock to set.
 * @param queueUrl where the Redis of the queues is, for who opens `app.queue`
 */
export function withReports(queueUrl = () => NOWHERE) {
  const reason = 'only tests ask for the mails of somebody, and for all events of a type';
  const database = withDatabase({
    collections,
    unindexed: [
      { collection: 'mails', operation: 'aggregate', reason },
      { collection: 'outbox', operation: 'find', reason },
    ],
  });
  let made: { readonly app: ReportApp; readonly directory: string } | undefined;
  const opened = () => {
    if (made === undefined) throw new Error('It is there from beforeAll on');
    return made;
  };
  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'files-'));
    made = { app: appOver(database, directory, queueUrl()), directory };
  });
  afterAll(async () => {
    await rm(opened().directory, { recursive: true, force: true });
  });
  return {
    database,
    get app() {
      return opened().app;
    },
    get directory() {
      return opened().directory;
    },
    /** A store that exists, as whoever manages it. */
    async store(changes: Partial<Merchant> = {}): Promise<Caller> {
      const caller = new Caller(opened().app.http, 'merchant');
      await merchants
        .on(database.primary)
        .create([{ ...newStore(Id.decode(caller.id)), ...changes }], asSystem('test'));
      return caller;
    },
    anybody: () => request(opened().app.http),
  };
}

function appOver({ database, primary }: TestDatabase, directory: string, url: string) {
  const clock = { now: new Date() };
  const now = () => clock.now;
  const parts = new Parts();
  const transact = mongoTransact(primary, () => Promise.resolve());
  const events = { events: outbox.on(primary), committed: () => undefined, record: auditedIn(primary, now) };
  const appendEvent = eventAppender({ ...events, now });
  const config = loadConfig({ NODE_ENV: 'test', FILES_DIR: directory, PUBLIC_URL: 'https://shop.example' });
  const platform = {
    ...platformParts(parts, config, 'test', () => noOutlets),
    // Of its own: a clock that is put forward would clear away what other suites are making.
    config: { ...config, files: { ...config.files, scratch: directory } },
    database: () => database,
    cache: () => uncached,
    transact: () => transact,
    appendEvent: () => appendEvent,
    now,
  };
  // Not opened: what is asked for goes to the outbox.
  const queue = new QueueService({
    redis: { url },
    prefix: 'unused',
    queues: {},
    transact,
    appendEvent,
    mails: new MailStore({ mails: mails.on(primary), now }),
    outlets: { ...noOutlets, generateReport: (report, within) => reports.reports().generate(report, within) },
    now,
  });
  const identity = identityParts(parts, platform);
  const stores = merchantParts(parts, platform, identity);
  const needed = { ...identity, ...stores, ...catalogParts(parts, platform, stores), ...stockParts(parts, platform) };
  const orders = orderParts(parts, platform, needed);
  const analytics = analyticsParts(parts, platform, needed);
  const reports = reportParts(parts, { ...platform, queue: () => queue }, { ...needed, ...orders });
  const { reportBuilder, reportSchedules, reportStore, reportReads, fileStore, fileLinks } = reports;
  const jobs = reportJobs({
    builder: reportBuilder(),
    schedules: reportSchedules(),
    store: reportStore(),
    reads: reportReads(),
    files: fileStore(),
    now,
  });
  const http = httpOver(
    [
      reportFeature({ reports: reports.reports(), schedules: reportSchedules() }),
      analyticsFeature({ sales: orders.sales(), traffic: analytics.traffic() }),
    ],
    fileDownloads({ links: fileLinks(), store: fileStore() }),
  );
  return {
    ...reports,
    http,
    clock,
    queue,
    /** Does a job as a worker does. */
    async run(name: string, payload: object, stopping?: AbortSignal): Promise<void> {
      const handler = jobs.find(({ contract }) => contract.name === name);
      await handler?.handle(handler.contract.payload.parse(payload), AbortSignal.timeout(60_000), stopping);
    },
  };
}

function httpOver(features: readonly Feature[], downloads: RequestHandler): RequestListener {
  return createApp(features, {
    edge: {
      authorize: (authorization, { scope }) => Promise.resolve(identityOf(authorization, scope)),
      once: async (_context, _operationId, _input, act) => ({ result: await act(), replayed: false }),
      cache: uncached,
      limits: { limiter: new LocalLimiter(1), perAddress: 1e6, perTenant: 1e6, perUser: 1e6, perKey: 1e6 },
      strict: true,
    },
    health: new HealthRegistry(),
    logger: silent,
    http: { trustProxy: false, corsOrigins: [], slowRequestMs: 60_000 },
    problemPages: new URL('../docs/problems', import.meta.url).pathname,
    translations: [databaseProblems],
    operations: [downloads],
  });
}

/** A store as it lies in the database. */
export const newStore = (_id: Merchant['_id']): Merchant => ({
  _id,
  slug: `store-${Id.encode(_id)}`,
  name: 'Mugs & More',
  description: '',
  currency: 'EUR',
  currencyIsFixed: true,
  timeZone: 'Europe/Berlin',
  locale: 'en',
  branding: { logoUrl: null, accentColor: '#b45309' },
  ownerCount: 1,
  version: 1,
  createdAt: new Date('2026-01-01'),
});

export type Sale = readonly [placedAt: string, amount: number, state: MerchantOrder['state']];

/** Orders that lie in the database, each of one piece. */
export async function sell({ primary }: TestDatabase, merchantId: string, sales: readonly Sale[]): Promise<void> {
  const rows = sales.map(([at, amount, state]): MerchantOrder => {
    const price = { amount, currency: 'EUR' };
    return {
      _id: newId(),
      number: orderNumber(),
      merchantId: Id.decode(merchantId),
      customerId: newId(),
      locationId: newId(),
      state,
      version: 1,
      lines: [{ productId: newId(), sku: 'mug', title: '=Mug', quantity: 1, unitPrice: price }],
      items: 1,
      total: price,
      payment: null,
      placedAt: new Date(at),
      updatedAt: new Date(at),
    };
  });
  const inserts = rows.map((document) => ({ insertOne: { document } }));
  await orderCollection.on(primary).bulkWrite(inserts, asSystem('test'));
}
