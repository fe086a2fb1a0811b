import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { slugOf } from '../../src/features/catalog/product.rules.ts';
import { castFor } from '../../scripts/load/people.ts';
import { startOwn, type System } from '../../scripts/load/system.ts';
import { demoLogins } from '../../scripts/seed/people.ts';
import { STORES } from '../../scripts/seed/words.ts';
import { atLeast, below, figure, percentile, reporter, type Figure } from '../report.ts';
import { paced, type Paced } from './paced.ts';
import type { Plain } from './plain.ts';
import { pin, pinAlone, wrk, type Load } from './wrk.ts';

const RUNS = process.argv.includes('--quick') ? 1 : 5;
const SECONDS = process.argv.includes('--quick') ? 2 : 5;
const TURNS = 3 * RUNS;
const TURN_SECONDS = 2;
/** V8 takes some 100,000 answers to have compiled all that it will: of those that are kept, and of those that are not. */
const WARM_UP_SECONDS = 3 * SECONDS;
const UNCACHED_WARM_UP_SECONDS = 10 * SECONDS;
/** What the bare handler did a second on the machine that the time of the uncached list was set on. */
const BARE_RATE_OF_TARGET = 43_000;
const GZIP = { 'Accept-Encoding': 'gzip' };
/** All requests come from one address and few people. */
const UNLIMITED = {
  LIMIT_PER_ADDRESS: '10000000',
  LIMIT_PER_TENANT: '10000000',
  LIMIT_PER_USER: '10000000',
  LOG_LEVEL: 'info',
  API_INSTANCES: '1',
} as const;

interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

async function startPlain(plain: Plain): Promise<Running> {
  const child: ChildProcess = fork(new URL('plain.ts', import.meta.url));
  pin(child.pid ?? 0);
  child.send(plain);
  const [port] = (await once(child, 'message')) as [number];
  const stop = async () => {
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  };
  return { url: `http://127.0.0.1:${String(port)}/list`, stop };
}

const startBare = (body: unknown): Promise<Running> =>
  startPlain({ kind: 'bare', packed: gzipSync(JSON.stringify(body)).toString('base64') });

/** The platform with its API alone on the server's core. */
async function startPinned(overrides: Readonly<Record<string, string>>): Promise<System> {
  const system = await startOwn({ ...UNLIMITED, ...overrides });
  pinAlone(system.pid ?? 0);
  return system;
}

const getJson = async (url: string): Promise<unknown> => (await fetch(url)).json();

/** The list that all is measured by: 20 products of one store. */
async function listOf(url: string, store = 'northlight-electronics'): Promise<string> {
  const { id } = (await getJson(`${url}/api/merchants/${store}`)) as { id: string };
  return `${url}/api/storefronts/${id}/products?limit=20`;
}

/** Rates of several servers in turn and in short ones, so that what else the machine does falls on all of them. */
async function ratesInTurn(targets: readonly { url: string; headers: Record<string, string> }[]): Promise<number[][]> {
  const rates = targets.map((): number[] => []);
  for (const { url, headers } of targets) await wrk(url, headers, WARM_UP_SECONDS);
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [index, { url, headers }] of targets.entries()) {
      rates[index]?.push((await wrk(url, headers, TURN_SECONDS)).requestsPerSecond);
    }
  }
  return rates;
}

const median = (runs: readonly number[]): number => percentile(runs, 0.5);

/** Turn by turn, each against the one that came just before or after it. */
const ratios = (of: readonly number[], to: readonly number[]): number[] =>
  of.map((rate, turn) => rate / (to[turn] ?? NaN));

/** Kept answers against a handler that does nothing else, and against what most servers do. */
async function measureKept({ url }: System): Promise<Figure[]> {
  const list = await listOf(url);
  const answer = await fetch(list, { headers: GZIP });
  const body: unknown = await answer.json();
  const etag = answer.headers.get('etag') ?? '';
  const bare = await startBare(body);
  const usual = await startPlain({ kind: 'usual', body });
  try {
    const [bares = [], usuals = [], kept = [], unchanged = []] = await ratesInTurn([
      { url: bare.url, headers: GZIP },
      { url: usual.url, headers: GZIP },
      { url: list, headers: GZIP },
      { url: list, headers: { ...GZIP, 'If-None-Match': etag } },
    ]);
    return [
      figure('bare Express handler, finished bytes', '/s', bares),
      figure('Express, helmet, compression, res.json', '/s', usuals),
      figure('kept product list', '/s', kept),
      figure('the same, of bare', 'x', ratios(kept, bares), atLeast(0.6, '>= 0.6')),
      figure('the same, of the usual', 'x', ratios(kept, usuals), atLeast(5)),
      figure('304 on the same', '/s', unchanged),
      figure('the same, of its 200', 'x', ratios(unchanged, kept), atLeast(1)),
    ];
  } finally {
    await Promise.all([bare.stop(), usual.stop()]);
  }
}

/** As it is, and as it would be where the bare handler is as fast as where the limit was set: machines differ, and so do their hours. */
async function measureUncached({ url }: System): Promise<Figure[]> {
  const list = await listOf(url);
  const bare = await startBare(await (await fetch(list)).json());
  try {
    const bares: number[] = [];
    const lists: Load[] = [];
    await wrk(bare.url, GZIP, WARM_UP_SECONDS);
    await wrk(list, GZIP, UNCACHED_WARM_UP_SECONDS);
    for (let run = 0; run < RUNS; run += 1) {
      bares.push((await wrk(bare.url, GZIP, SECONDS)).requestsPerSecond);
      lists.push(await wrk(list, GZIP, SECONDS));
    }
    const rates = lists.map(({ requestsPerSecond }) => requestsPerSecond);
    const p95s = lists.map(({ p95Ms }) => p95Ms);
    const speed = median(bares) / BARE_RATE_OF_TARGET;
    return [
      figure('bare Express handler, beside it', '/s', bares),
      figure('the same list, uncached', '/s', rates, atLeast(1_000), median(bares)),
      figure('the same, p95', 'ms', p95s, below(60)),
      figure(
        `the same, were the bare one at ${BARE_RATE_OF_TARGET.toLocaleString('en')}/s`,
        'ms',
        p95s.map((p95) => p95 * speed),
        below(60),
      ),
    ];
  } finally {
    await bare.stop();
  }
}

/** A first screen alone, with everything kept and with nothing kept. */
async function measureScreen({ url }: System, screen: string, token: string): Promise<Figure[]> {
  const headers = { Authorization: `Bearer ${token}` };
  const admin = await adminToken(url);
  const clear = () =>
    fetch(`${url}/api/performance/cache/clear`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
      body: '{}',
    });
  const p95Of = async (cold: boolean): Promise<number> => {
    const samples: number[] = [];
    for (let call = 0; call < (cold ? 30 : 200); call += 1) {
      if (cold) await clear();
      const startedAt = performance.now();
      await (await fetch(`${url}/api/prefetch/${screen}`, { headers })).arrayBuffer();
      samples.push(performance.now() - startedAt);
    }
    return percentile(samples, 0.95);
  };
  await p95Of(false);
  const figures = { warm: [] as number[], cold: [] as number[] };
  for (let run = 0; run < RUNS; run += 1) {
    figures.warm.push(await p95Of(false));
    figures.cold.push(await p95Of(true));
  }
  return [
    figure(`${screen}, warm, p95`, 'ms', figures.warm, below(10)),
    figure(`${screen}, cold, p95`, 'ms', figures.cold, below(100)),
  ];
}

async function adminToken(url: string): Promise<string> {
  const login = demoLogins.find(({ role }) => role === 'admin');
  const answer = await fetch(`${url}/api/auth/sign-in`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: login?.email, password: login?.password }),
  });
  return ((await answer.json()) as { accessToken: string }).accessToken;
}

/** 80 % of what is kept for everybody, 20 % of what is somebody's own. */
async function measureMix(system: System, token: string): Promise<Figure[]> {
  const { url } = system;
  const slugs = STORES.map(([name]) => slugOf(name));
  const lists = await Promise.all(slugs.map((slug) => listOf(url, slug)));
  const open = lists.flatMap((list, index) => [
    list.slice(url.length),
    `${list.slice(url.length)}&sort=price`,
    `/api/merchants/${slugs[index] ?? ''}`,
  ]);
  const own = ['/api/prefetch/dashboard-data', '/api/merchant/orders', '/api/merchant/products'];
  const next = (): Paced => {
    const isOpen = Math.random() < 0.8;
    const among = isOpen ? open : own;
    // Few of them have most of the visitors.
    const path = among[Math.floor(among.length * Math.random() ** 2)] ?? '/';
    return { path, headers: isOpen ? GZIP : { ...GZIP, Authorization: `Bearer ${token}` } };
  };
  const pace = { requestsPerSecond: 1_000, seconds: SECONDS * 2 };
  await paced(url, next, pace);
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await paced(url, next, pace));
  const failures = runs.reduce((sum, run) => sum + run.failures, 0);
  if (failures > 0) throw new Error(`${String(failures)} requests of the mix failed`);
  return [
    figure(
      'mixed reads at 1,000/s, p99',
      'ms',
      runs.map(({ latencies }) => percentile(latencies, 0.99)),
      below(25),
    ),
    figure(
      'of it before they are sent, p99',
      'ms',
      runs.map(({ delays }) => percentile(delays, 0.99)),
    ),
    figure(
      'of the kept ones, hits',
      '%',
      runs.map(({ hits, kept }) => (hits / kept) * 100),
      atLeast(90),
    ),
    figure('memory of the API (RSS)', 'MB', [rssMb(system.pid ?? 0)], below(400)),
  ];
}

const rssMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]) / 1_024;

async function withPlatform(overrides: Readonly<Record<string, string>>, use: (system: System) => Promise<void>) {
  const system = await startPinned(overrides);
  try {
    await use(system);
  } finally {
    await system.stop();
  }
}

async function main(): Promise<void> {
  const report = reporter();
  await withPlatform({}, async (system) => {
    const { staff, users } = await castFor(system.url);
    const [keeper = ''] = staff;
    report.tell(await measureKept(system));
    report.tell(await measureScreen(system, 'bootstrap', users[0]?.token ?? ''));
    report.tell(await measureScreen(system, 'dashboard-data', keeper));
    report.tell(await measureMix(system, keeper));
  });
  await withPlatform({ CACHE_ENABLED: 'false' }, async (system) => {
    report.tell(await measureUncached(system));
  });
  report.end();
}

await main();
