import { productCollection } from '../features/catalog/product.model.ts';
import { ProductExports } from '../features/catalog/product.exports.ts';
import { orderCollection } from '../features/orders/order.model.ts';
import { OrderExports } from '../features/orders/order.exports.ts';
import { ReportBuilder } from '../features/reports/build-report.ts';
import type { Sources } from '../features/reports/kinds/kind.ts';
import { reportCollection } from '../features/reports/report.model.ts';
import { ReportReads } from '../features/reports/report.reads.ts';
import { ReportService } from '../features/reports/report.service.ts';
import { ReportStore } from '../features/reports/report.store.ts';
import { ReportSubscribers } from '../features/reports/report.subscribers.ts';
import { scheduleCollection } from '../features/reports/schedule.model.ts';
import { ScheduleService } from '../features/reports/schedule.service.ts';
import { ScheduleReads, ScheduleStore } from '../features/reports/schedule.store.ts';
import { StockExports } from '../features/stock/stock.exports.ts';
import { locationCollection, stockCollection } from '../features/stock/stock.model.ts';
import { DiskStore } from '../platform/files/disk-store.ts';
import { FileLinks } from '../platform/files/file-links.ts';
import type { FileStore } from '../platform/files/file-store.ts';
import type { identityParts } from './identity.ts';
import type { merchantParts } from './merchants.ts';
import type { orderParts } from './orders.ts';
import type { Part, Parts } from './parts.ts';
import type { Platform } from './platform.ts';

type Needed = Pick<ReturnType<typeof identityParts>, 'userReads'> &
  Pick<ReturnType<typeof merchantParts>, 'merchantReads'> &
  Pick<ReturnType<typeof orderParts>, 'sales'>;

/** Reports, the files that they become, and the links to these. */
export function reportParts(parts: Parts, platform: Platform, { userReads, merchantReads, sales }: Needed) {
  const { config, database, now, transact, appendEvent, cursors, queue } = platform;
  const reports = () => reportCollection.on(database().primary);
  const fileStore = parts.part((): FileStore => new DiskStore(config.files.directory));
  const fileLinks = parts.part(() => new FileLinks({ ...config.tokens, now }));
  const reportReads = parts.part(() => new ReportReads(reports(), cursors()));
  const reportStore = parts.part(() => new ReportStore(reports()));
  const linking = () => ({ links: fileLinks(), publicUrl: config.http.publicUrl });
  const service = parts.part(
    () =>
      new ReportService({
        ...linking(),
        transact: transact(),
        appendEvent: appendEvent(),
        stores: merchantReads(),
        store: reportStore(),
        reads: reportReads(),
        queue: queue(),
        now,
      }),
  );
  const scheduled = scheduleParts(parts, platform, merchantReads, service);
  return {
    ...scheduled,
    fileStore,
    fileLinks,
    reportReads,
    reportStore,
    reports: service,
    reportBuilder: parts.part(
      () =>
        new ReportBuilder({
          ...linking(),
          transact: transact(),
          store: reportStore(),
          reads: reportReads(),
          stores: merchantReads(),
          sources: sourcesOf(platform, { userReads, sales }),
          files: fileStore(),
          scratch: config.files.scratch,
          queue: queue(),
          subscribers: scheduled.reportSubscribers(),
          retentionMs: config.files.reportsKeptMs,
          now,
        }),
    ),
  };
}

/** Reports that a store gets by itself, and who gets them. */
function scheduleParts(
  parts: Parts,
  { config, database, now, transact, appendEvent, cursors, links }: Platform,
  merchantReads: Needed['merchantReads'],
  reports: Part<ReportService>,
) {
  const schedules = () => scheduleCollection.on(database().primary);
  const changing = () => ({
    transact: transact(),
    appendEvent: appendEvent(),
    store: new ScheduleStore(schedules()),
    reads: new ScheduleReads(schedules(), cursors()),
  });
  const linking = () => ({ links: links(), publicUrl: config.http.publicUrl });
  return {
    reportSchedules: parts.part(
      () => new ScheduleService({ ...changing(), stores: merchantReads(), reports: reports(), now }),
    ),
    reportSubscribers: parts.part(() => new ReportSubscribers({ ...changing(), ...linking() })),
  };
}

/** Rows come by the client for reports, which opens when a report is made. */
function sourcesOf({ database }: Pick<Platform, 'database'>, needed: Pick<Needed, 'sales' | 'userReads'>): Sources {
  const analytics = () => database().analytics();
  return {
    sales: needed.sales(),
    orders: new OrderExports(async () => orderCollection.on(await analytics())),
    customers: needed.userReads(),
    stock: new StockExports({
      levels: async () => stockCollection.on(await analytics()),
      locations: async () => locationCollection.on(await analytics()),
    }),
    products: new ProductExports(async () => productCollection.on(await analytics())),
  };
}
