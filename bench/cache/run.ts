import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { atLeast, figure, percentile, reporter, type Figure, type Target } from '../report.ts';
import { simulateDay } from './day.ts';
import { openCache, startRedis, type OpenedCache } from './opened.ts';
import { measurePacking } from './packing.ts';
import { products } from './values.ts';
import { measureWarmer } from './warmer.ts';

const RUNS = 5;
const POLICY = { freshSeconds: 3_600, staleSeconds: 0, tags: ['products', 'merchant:1'] };
const VALUE = products(20);
const IN_FLIGHT = 50;

const atMost = (limit: number, text: string): Target => ({ text, isMet: (value) => value <= limit });

async function repeat(measure: () => Promise<number>, runs = RUNS): Promise<number[]> {
  await measure();
  const values: number[] = [];
  for (let run = 0; run < runs; run++) values.push(await measure());
  return values;
}

const fail = () => Promise.reject(new Error('It was to be found'));

async function measureMemory({ cache }: OpenedCache): Promise<Figure[]> {
  await cache.fetch('l1', () => Promise.resolve(VALUE), POLICY);
  const reads = 200_000;
  const each = async (read: () => unknown): Promise<number> => {
    const begun = performance.now();
    for (let n = 0; n < reads; n++) await read();
    return ((performance.now() - begun) / reads) * 1_000;
  };
  return [
    figure(
      'memory hit, 2 kB, getOrSet',
      'µs',
      await repeat(() => each(() => cache.getOrSet('l1', fail, POLICY))),
      atMost(2, '<= 2 µs'),
    ),
    figure('memory hit, 2 kB, peek', 'µs', await repeat(() => each(() => cache.peek('l1'))), atMost(2, '<= 2 µs')),
  ];
}

type Read = (n: number) => Promise<unknown>;

const TURNS = 15;
const READS_A_TURN = 200;

/** What each read takes, one after another, in microseconds; in short turns, so that what else the machine does falls on both. */
async function seriesInTurn(first: Read, second: Read): Promise<readonly [number, number]> {
  const samples: [number[], number[]] = [[], []];
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [index, read] of [first, second].entries()) {
      for (let n = 0; n < READS_A_TURN; n++) {
        const begun = performance.now();
        await read(turn * READS_A_TURN + n);
        samples[index]?.push((performance.now() - begun) * 1_000);
      }
    }
  }
  return [percentile(samples[0], 0.5), percentile(samples[1], 0.5)];
}

/** Reads a second with 50 in flight. */
async function throughput(read: Read, reads = 20_000): Promise<number> {
  let next = 0;
  const begun = performance.now();
  const lane = async (): Promise<void> => {
    while (next < reads) await read(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return (reads / (performance.now() - begun)) * 1_000;
}

/** Against a bare client on a connection of its own. Keys are many, so that no two reads in flight are one. */
async function measureRedis(opened: OpenedCache, bare: OpenedCache): Promise<Figure[]> {
  const keys = 500;
  const text = JSON.stringify(VALUE);
  for (let n = 0; n < keys; n++) {
    await bare.redis.set(`bare:${String(n)}`, text);
    await opened.cache.set(`l2@1:${String(n)}`, VALUE, POLICY);
  }
  const { cache } = opened;
  const bareRead: Read = async (n) => JSON.parse((await bare.redis.get(`bare:${String(n % keys)}`)) ?? '') as unknown;
  const read: Read = async (n) => {
    const key = `l2@1:${String(n % keys)}`;
    const { source } = await cache.fetch(key, fail, POLICY);
    if (source !== 'hit-l2') throw new Error(`Came from ${source}`);
  };
  const [ratios, rates]: [number[], number[]] = [[], []];
  const [bareTimes, bareRates]: [number[], number[]] = [[], []];
  for (let run = 0; run <= RUNS; run++) {
    const [time, ownTime] = await seriesInTurn(bareRead, read);
    const [rate, ownRate] = [await throughput(bareRead), await throughput(read)];
    if (run === 0) continue;
    bareTimes.push(time);
    bareRates.push(rate);
    ratios.push(ownTime / time);
    rates.push(ownRate / rate);
  }
  return [
    figure('bare GET + JSON.parse, in series', 'µs', bareTimes),
    figure('Redis hit, 2 kB, in series', '× bare', ratios, atMost(1.25, '<= 1.25'), percentile(bareTimes, 0.5)),
    figure('bare GET + JSON.parse, 50 in flight', '/s', bareRates),
    figure('Redis hit, 2 kB, 50 in flight', '× bare', rates, atLeast(0.75, '>= 0.75'), percentile(bareRates, 0.5)),
  ];
}

async function stampede(url: string, run: number): Promise<number> {
  const file = fileURLToPath(new URL('./misses.ts', import.meta.url));
  const at = String(Date.now() + 3_000);
  const start = () => promisify(execFile)(process.execPath, [file, url, `stampede-${String(run)}`, at]);
  const counts = await Promise.all([1, 2, 3, 4].map(start));
  return counts.reduce((sum, { stdout }) => sum + Number(stdout), 0);
}

/** From a cold start. `--hours=24` is a whole day, 8.6 million requests: it takes minutes, and its hits are more. */
async function measureDay(url: string): Promise<Figure[]> {
  const hours = Number(/--hours=(\d+)/.exec(process.argv.join(' '))?.[1] ?? 1);
  const { lists, overall } = await simulateDay(url, hours, 1);
  return [
    figure('hits of the hours, feed and lists', '%', [lists], atLeast(90, '>= 90')),
    figure('hits of the hours, overall', '%', [overall], atLeast(80, '>= 80')),
  ];
}

async function main(): Promise<void> {
  const server = await startRedis();
  const report = reporter();
  try {
    const opened = await openCache(server.url);
    // Its memory holds nothing, as that of a process that has not seen the keys yet.
    const [forgetful, bare] = [await openCache(server.url, { memoryBytes: 1 }), await openCache(server.url)];
    report.tell(await measureMemory(opened));
    report.tell(await measureRedis(forgetful, bare));
    for (const each of [opened, forgetful, bare]) each.close();
    let run = 0;
    const loads = await repeat(() => stampede(server.url, ++run), 4);
    report.tell([figure('loads of 1,000 misses, 4 processes', '', loads, atMost(1, '1'))]);
    report.tell(await measureDay(server.url));
    report.tell(await measurePacking());
    report.tell(await measureWarmer());
    report.end();
  } finally {
    server.stop();
  }
}

await main();
