import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type Collection } from 'mongodb';
import { atLeast, below, figure, percentile, print, type Figure } from '../report.ts';
import { INDEXES, merchantId, MERCHANTS, order, orderId } from './orders.ts';
import { startProcess, type RunningServer } from './servers.ts';

const RUNS = 5;
const IN_FLIGHT = 32;
const DOCUMENTS = Number(/--documents=(\d+)/.exec(process.argv.join(' '))?.[1] ?? 100_000);
const OPERATIONS = 5_000;
const INSERT_BATCH = 1_000;
const INSERT_CHUNK = 20_000;
const INSERTS_IN_FLIGHT = 4;

type Step = (n: number) => Promise<unknown>;

/** Operations a second with so many in flight. */
async function throughput(step: Step, operations = OPERATIONS): Promise<number> {
  let next = 0;
  const startedAt = performance.now();
  const lane = async (): Promise<void> => {
    while (next < operations) await step(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return (operations / (performance.now() - startedAt)) * 1_000;
}

/** Milliseconds of each call, one after another. */
async function latencies(step: Step, operations: number): Promise<number[]> {
  const samples: number[] = [];
  for (let n = 0; n < operations; n++) {
    const startedAt = performance.now();
    await step(n);
    samples.push(performance.now() - startedAt);
  }
  return samples;
}

async function repeat(measure: () => Promise<number>): Promise<number[]> {
  await measure();
  const runs: number[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await measure());
  return runs;
}

const scattered = (n: number): number => (n * 7_919) % DOCUMENTS;

/** Documents a second, chunk by chunk, a few batches in flight so that client and server work at the same time. */
async function load(orders: Collection): Promise<number[]> {
  await orders.createIndexes([...INDEXES]);
  const runs: number[] = [];
  for (let first = 0; first < DOCUMENTS; first += INSERT_CHUNK) {
    // Made beforehand: making documents is not what is measured.
    const batches = Array.from({ length: Math.min(INSERT_CHUNK, DOCUMENTS - first) / INSERT_BATCH }, (_, batch) =>
      Array.from({ length: INSERT_BATCH }, (__, index) => order(first + batch * INSERT_BATCH + index)),
    );
    const startedAt = performance.now();
    const lane = async (): Promise<void> => {
      for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
        await orders.insertMany(batch, { ordered: false });
      }
    };
    await Promise.all(Array.from({ length: INSERTS_IN_FLIGHT }, lane));
    runs.push((Math.min(INSERT_CHUNK, DOCUMENTS - first) / (performance.now() - startedAt)) * 1_000);
  }
  return runs;
}

async function measureReads(orders: Collection, floor: number): Promise<Figure[]> {
  const half = atLeast(floor / 2, '>= 0.5 of ping');
  const page = (n: number) =>
    orders
      .find({ merchantId: merchantId(n % MERCHANTS), state: 'paid' })
      .sort({ placedAt: -1 })
      .limit(20);
  const projected = (n: number) => page(n).project({ number: 1, state: 1, total: 1, placedAt: 1 });
  const pages = await repeat(() => throughput((n) => page(n).toArray(), 3_000));
  const paid = { merchantId: merchantId(0), state: 'paid' };
  return [
    figure(
      'findOne by _id',
      '/s',
      await repeat(() => throughput((n) => orders.findOne({ _id: orderId(scattered(n)) }))),
      half,
      floor,
    ),
    figure(
      'findOne by unique key',
      '/s',
      await repeat(() => throughput((n) => orders.findOne({ number: `A-${String(scattered(n))}` }))),
      half,
      floor,
    ),
    figure(
      'find + sort + limit 20, alone, p50',
      'ms',
      await repeat(async () => percentile(await latencies((n) => page(n).toArray(), 300), 0.5)),
      below(1.5),
    ),
    figure('find + sort + limit 20', '/s', pages, atLeast(2_500)),
    figure(
      'the same, projected',
      '/s',
      await repeat(() => throughput((n) => projected(n).toArray(), 3_000)),
      atLeast(percentile(pages, 0.5) * 0.95, 'no slower'),
    ),
    figure(
      'count on an index',
      'ms',
      await repeat(async () => percentile(await latencies(() => orders.countDocuments(paid), 20), 0.5)),
      below(5),
    ),
  ];
}

async function measureGroup(orders: Collection): Promise<Figure> {
  const pipeline = [
    { $match: { merchantId: merchantId(3) } },
    {
      $group: {
        _id: '$state',
        orders: { $sum: 1 },
        revenue: { $sum: '$total.amount' },
        average: { $avg: '$total.amount' },
      },
    },
  ];
  const runs = await repeat(async () =>
    percentile(await latencies(() => orders.aggregate(pipeline).toArray(), 10), 0.5),
  );
  return figure(`$match (${String(DOCUMENTS / MERCHANTS)} hits) + $group`, 'ms', runs, below(60));
}

/** Point reads while an aggregation over everything runs. */
async function measureReadsDuringGroup(orders: Collection): Promise<Figure> {
  const group = [{ $group: { _id: '$customerId', revenue: { $sum: '$total.amount' }, orders: { $sum: 1 } } }];
  const runs = await repeat(async () => {
    let isRunning = true;
    const aggregation = orders
      .aggregate(group)
      .toArray()
      .finally(() => {
        isRunning = false;
      });
    const isStillRunning = (): boolean => isRunning;
    const samples: number[] = [];
    // It ends while this waits.
    while (isStillRunning())
      samples.push(...(await latencies((n) => orders.findOne({ _id: orderId(scattered(n)) }), 1)));
    await aggregation;
    return percentile(samples, 0.99);
  });
  return figure('findOne during a full $group, p99', 'ms', runs, below(50));
}

async function measureUpdates(orders: Collection, floor: number): Promise<Figure[]> {
  const update: Step = (n) =>
    orders.updateOne({ _id: orderId(scattered(n)) }, { $set: { note: 'changed' }, $inc: { version: 1 } });
  return [
    figure(
      'updateOne, durable',
      '/s',
      await repeat(() => throughput(update)),
      atLeast(floor * 0.3, '>= 0.3 of ping'),
      floor,
    ),
    figure(
      'updateOne, durable, alone, p50',
      'ms',
      await repeat(async () => percentile(await latencies(update, 300), 0.5)),
    ),
  ];
}

async function measurePing(): Promise<Figure> {
  const server = await startProcess('./floor.ts');
  const client = await MongoClient.connect(server.uri, { maxPoolSize: IN_FLIGHT });
  const admin = client.db('admin');
  const runs = await repeat(() => throughput(() => admin.command({ ping: 1 })));
  await client.close();
  await server.stop();
  return figure('ping (floor)', '/s', runs);
}

async function withServer<T>(
  dataDir: string,
  use: (orders: Collection, server: RunningServer) => Promise<T>,
): Promise<T> {
  const server = await startProcess('../../src/embedded/main.ts', ['--port', '0', '--data', dataDir]);
  const client = await MongoClient.connect(server.uri, { maxPoolSize: IN_FLIGHT });
  try {
    return await use(client.db('bench').collection('orders'), server);
  } finally {
    await client.close();
    await server.stop();
  }
}

async function main(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-embedded-'));
  try {
    const ping = await measurePing();
    const figures: Figure[] = [ping];
    await withServer(dataDir, async (orders, server) => {
      figures.push(figure('insertMany, 6 indexes', '/s', await load(orders), atLeast(20_000)));
      figures.push(...(await measureReads(orders, ping.value)));
      figures.push(await measureGroup(orders), await measureReadsDuringGroup(orders));
      figures.push(...(await measureUpdates(orders, ping.value)));
      figures.push(figure('anonymous memory', 'MB', [server.anonymousMb()], below(300)));
    });
    const starts: number[] = [];
    for (let run = 0; run < RUNS; run++)
      starts.push(await withServer(dataDir, (_, server) => Promise.resolve(server.startMs)));
    figures.push(figure('start with data', 'ms', starts, below(3_000)));
    print(figures);
  } finally {
    rmSync(dataDir, { recursive: true });
  }
}

await main();
