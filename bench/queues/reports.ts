import { Queue } from 'bullmq';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseSettings } from '../../src/config/database.ts';
import type { KindName } from '../../src/features/reports/kinds/index.ts';
import { buildReport } from '../../src/features/reports/report.jobs.ts';
import type { Report } from '../../src/features/reports/report.model.ts';
import { Database } from '../../src/platform/database/connection.ts';
import { requestJob } from '../../src/platform/queue/job.ts';
import type { ReportFormat } from '../../src/platform/queue/outlets.ts';
import { newId, type Id } from '../../src/shared/ids.ts';
import { below, figure, type Figure, type Target } from '../report.ts';
import { startWorker } from './compiled-worker.ts';
import { makeStores, YEAR } from './report-stores.ts';
import type { Servers } from './servers.ts';

const NAME = 'bench_reports';
const [YEAR_OF_ORDERS, MANY] = [12_000, 100_000];
const POLL_MS = 20;
/** Many times what the slowest takes. */
const MADE_WITHIN_MS = 180_000;

type Connected = NonNullable<Database['primary']['db']>;

interface Bench {
  readonly servers: Servers;
  readonly db: Connected;
  readonly queue: Queue;
  readonly stores: ReadonlyMap<number, Id>;
}

interface Measured {
  readonly kind: KindName;
  readonly format: ReportFormat;
  /** Orders, variants and places of stock of the store. */
  readonly size: number;
  readonly runs: number;
  readonly time?: Target;
  /** Of the whole worker. */
  readonly memory?: Target;
  /** Of what the report takes besides an idle worker, which may take more by itself. */
  readonly added?: Target;
}

const MEASURED: readonly Measured[] = [
  { kind: 'sales', format: 'pdf', size: YEAR_OF_ORDERS, runs: 5, time: below(5_000), added: below(150) },
  { kind: 'orders', format: 'xlsx', size: MANY, runs: 5, memory: below(200) },
  { kind: 'orders', format: 'pdf', size: YEAR_OF_ORDERS, runs: 3 },
  { kind: 'products', format: 'xlsx', size: MANY, runs: 3, memory: below(200) },
  { kind: 'inventory', format: 'xlsx', size: MANY, runs: 3, memory: below(200) },
];

/**
 * How long reports take, and what they take of memory, by a worker of that kind alone that is started for each: from the job
 * to the file in its store. Memory is that of the whole process, thread and all, at its highest.
 */
export async function measureReports(servers: Servers): Promise<Figure[]> {
  const settings = databaseSettings({ uri: servers.mongoUri, name: NAME, maxPoolSize: 10, minPoolSize: 0 });
  const database = new Database(settings, { logger: { info: () => undefined, warn: () => undefined } });
  await database.connect();
  const { db } = database.primary;
  if (db === undefined) throw new Error('The database is not connected');
  const stores = await makeStores(db, [YEAR_OF_ORDERS, MANY]);
  const queue = new Queue('reports', { connection: { url: servers.redisUrl }, prefix: NAME });
  const wanted = MEASURED.filter(isWanted);
  try {
    const figures: Figure[] = [];
    for (const measured of wanted) figures.push(...(await measure(measured, { servers, db, queue, stores })));
    return figures;
  } finally {
    await queue.close();
    await database.close();
  }
}

async function measure({ kind, format, size, ...measured }: Measured, bench: Bench): Promise<Figure[]> {
  const made: Made[] = [];
  for (let run = 0; run < measured.runs; run += 1) made.push(await makeOne(kind, format, size, bench));
  const what = `${kind} of ${String(size)}, ${format.toUpperCase()}`;
  const added = made.map(({ idleMb, peakMb }) => peakMb - idleMb);
  const of = (field: keyof Made): number[] => made.map((one) => one[field]);
  return [
    figure(what, 'ms', of('ms'), measured.time),
    figure(`${what}: RSS of the worker, idle before`, 'MB', of('idleMb')),
    figure(`${what}: RSS of the worker, highest`, 'MB', of('peakMb'), measured.memory),
    figure(`${what}: of it added by the report`, 'MB', added, measured.added),
  ];
}

interface Made {
  readonly ms: number;
  readonly idleMb: number;
  readonly peakMb: number;
}

async function makeOne(
  kind: KindName,
  format: ReportFormat,
  size: number,
  { servers, db, queue, stores }: Bench,
): Promise<Made> {
  const merchantId = stores.get(size);
  if (merchantId === undefined) throw new Error(`There is no store of ${String(size)}`);
  const directory = await mkdtemp(join(tmpdir(), 'bench-reports-'));
  const worker = await startWorker(servers, ['reports'], { DB_NAME: NAME, QUEUE_PREFIX: NAME, FILES_DIR: directory });
  try {
    const idleMb = await worker.residentMb();
    const reports = db.collection<Report>('reports');
    const report = queued(merchantId, kind, format);
    await reports.insertOne(report);
    const { contract, payload, id } = requestJob(buildReport, { merchantId, reportId: report._id });
    const begun = performance.now();
    await queue.add(contract.name, payload, { jobId: id });
    const isReady = async (): Promise<boolean> => {
      const now = await reports.findOne({ _id: report._id }, { projection: { state: 1 } });
      if (now?.state === 'failed') throw new Error(`The report ${kind} as ${format} has failed`);
      return now?.state === 'ready';
    };
    while (!(await isReady())) {
      if (worker.hasEnded()) throw new Error(`The worker ended, and nobody else makes the report ${kind} as ${format}`);
      if (performance.now() > begun + MADE_WITHIN_MS) throw new Error(`The report ${kind} as ${format} is never ready`);
      await sleep(POLL_MS);
    }
    return { ms: performance.now() - begun, idleMb, peakMb: await worker.peakMb() };
  } finally {
    await worker.stop();
    await rm(directory, { recursive: true });
  }
}

function queued(merchantId: Id, kind: KindName, format: ReportFormat): Report {
  const now = new Date();
  return {
    ...{ _id: newId(), merchantId, kind, format, ...YEAR },
    state: 'queued',
    ...{ progress: 0, attempts: 0, emails: ['owner@example.com'], requestedBy: null },
    ...{ slot: null, inFlight: null, builder: null, rows: null, bytes: null, failure: null },
    ...{ beatAt: now, requestedAt: now, finishedAt: null, expiresAt: null },
  };
}

/** `--report=orders.xlsx` makes that one alone. */
function isWanted({ kind, format }: Measured): boolean {
  return process.argv.every(
    (argument) => !argument.startsWith('--report=') || argument === `--report=${kind}.${format}`,
  );
}
