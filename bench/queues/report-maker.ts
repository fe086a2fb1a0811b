import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseSettings } from '../../src/config/database.ts';
import { SalesService } from '../../src/features/analytics/sales.service.ts';
import { startOfDay } from '../../src/features/analytics/index.ts';
import { OrderExports } from '../../src/features/orders/order.exports.ts';
import { orderCollection, type MerchantOrder } from '../../src/features/orders/order.model.ts';
import { SalesReads } from '../../src/features/orders/sales.reads.ts';
import { isKindName, kinds, type KindName } from '../../src/features/reports/kinds/index.ts';
import type { Sources } from '../../src/features/reports/kinds/kind.ts';
import { render } from '../../src/features/reports/render/render.ts';
import { spool } from '../../src/features/reports/spool.ts';
import { Database } from '../../src/platform/database/connection.ts';
import { changeIndexes, planIndexes } from '../../src/platform/database/indexes.ts';
import type { ReportFormat } from '../../src/platform/queue/outlets.ts';
import { newId, type Id } from '../../src/shared/ids.ts';
import { DAY_MS } from '../../src/shared/time.ts';

/** Makes one report of a year, and says on standard output what that took: `report-maker.ts <uri> <kind> <format> <orders>`. */
export interface Made {
  readonly ms: number;
  /** The highest RSS over that from before it. */
  readonly addedMb: number;
  readonly peakMb: number;
}

const BATCH = 1_000;
const STORE = { currency: 'EUR', timeZone: 'Europe/Berlin' };
const [FROM, UNTIL] = ['2025-01-01', '2026-01-01'];
const MEGABYTE = 1_048_576;

const [, , uri = '', asked = '', format = '', count = ''] = process.argv;
if (!isKindName(asked)) throw new RangeError(`No kind of report: ${asked}`);
const settings = databaseSettings({ uri, name: `bench_reports_${count}`, maxPoolSize: 100, minPoolSize: 0 });
const database = new Database(settings, { logger: { info: () => undefined, warn: () => undefined } });
await database.connect();
const merchantId = await storeOf(Number(count));
const sources = sourcesOf();
// Connected, as a worker is that has made one before.
await database.analytics();
process.stdout.write(JSON.stringify(await measure(asked, format as ReportFormat)));
await database.close();

async function measure(name: KindName, wanted: ReportFormat): Promise<Made> {
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 5);
  const begun = performance.now();
  await make(name, wanted);
  clearInterval(timer);
  return { ms: performance.now() - begun, addedMb: (peak - before) / MEGABYTE, peakMb: peak / MEGABYTE };
}

async function make(name: KindName, wanted: ReportFormat): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-reports-'));
  const [rowsFile, targetFile] = [join(directory, 'rows'), join(directory, `report.${wanted}`)];
  const kind = kinds[name];
  const { columns, title } = kind;
  const { timeZone } = STORE;
  const days = { from: FROM, until: UNTIL, begin: startOfDay(FROM, timeZone), end: startOfDay(UNTIL, timeZone) };
  const { signal } = new AbortController();
  const about = { access: { scope: { kind: 'merchant', merchantId } } as const, ...days, timeZone, maxRows: 1e6 };
  const digest = await spool({
    ...{ kind, sources, about, signal },
    file: rowsFile,
    passed: () => undefined,
  });
  const document = {
    ...{ title, period: '2025', storeName: 'Bench', accentColor: null, ...STORE, madeAt: Date.now() },
    columns: columns.map(({ label, type, width }) => ({ label, type, width })),
    ...{ rows: digest.rows, totals: digest.totalCells, figures: digest.figures, charts: digest.charts },
  };
  await render({ document, format: wanted, rowsFile, targetFile }, () => undefined, signal);
  await rm(directory, { recursive: true });
}

/** A store with so many orders: the one that an earlier run has made, where there is one. */
async function storeOf(orders: number): Promise<Id> {
  const { db } = database.primary;
  if (db === undefined) throw new Error('Not connected');
  await changeIndexes(db, (await planIndexes(db, [orderCollection])).changes);
  const rows = db.collection<MerchantOrder>('merchant_orders');
  const last = await rows.findOne({ number: 'the last' });
  if (last !== null) return last.merchantId;
  const owner = newId();
  for (let from = 0; from < orders; from += BATCH) {
    await rows.insertMany(
      Array.from({ length: Math.min(BATCH, orders - from) }, (_, index) => orderOf(owner, from + index, orders)),
    );
  }
  return owner;
}

function sourcesOf(): Sources {
  const connect = async () => orderCollection.on(await database.analytics());
  const nothing = (): never => {
    throw new Error('Not measured');
  };
  const stores = { findStore: () => Promise.resolve(STORE) };
  return {
    sales: new SalesService({ reads: new SalesReads(connect), stores, now: () => new Date() }),
    orders: new OrderExports(connect),
    customers: { findCards: () => Promise.resolve(new Map()) },
    stock: { countLevels: nothing, findLocations: nothing, streamLevels: nothing },
    products: { findOfSkus: nothing, streamAll: nothing },
  };
}

function orderOf(owner: Id, index: number, orders: number): MerchantOrder {
  const placedAt = new Date(Date.parse(FROM) + (index / orders) * 365 * DAY_MS);
  const price = { amount: 1_000 + ((index * 7_919) % 9_000), currency: STORE.currency };
  return {
    _id: newId(),
    number: index === orders - 1 ? 'the last' : String(index).padStart(6, '0'),
    merchantId: owner,
    customerId: newId(),
    locationId: newId(),
    state: 'delivered',
    version: 1,
    lines: [{ productId: newId(), sku: 'a', title: 'A', quantity: 1, unitPrice: price }],
    items: 1,
    total: price,
    payment: null,
    placedAt,
    updatedAt: placedAt,
  };
}
