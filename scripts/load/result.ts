import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ArtilleryRun, Counted } from './artillery.ts';
import type { Sample } from './sampler.ts';

export const REPORTS = fileURLToPath(new URL('../../reports/', import.meta.url));

/** Response times in milliseconds. */
export interface Times {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface Interval extends Times {
  /** From the beginning of the run to the end of these ten seconds. */
  readonly seconds: number;
  readonly requestsPerSecond: number;
  readonly errors: number;
}

export interface Check {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  readonly met: boolean;
}

/** One run of a load test, as it is kept. */
export interface LoadResult {
  readonly name: string;
  readonly startedAt: string;
  readonly commit: string;
  readonly machine: string;
  readonly command: string;
  readonly requests: number;
  readonly checks: readonly Check[];
  readonly times: Times;
  readonly intervals: readonly Interval[];
  readonly endpoints: readonly (Times & { readonly name: string; readonly requests: number })[];
  readonly statuses: Readonly<Record<string, number>>;
  readonly samples: readonly Sample[];
}

export interface Limits {
  readonly p95Ms: number;
  readonly errorPercent: number;
  readonly rssMb: number;
}

export function resultOf(name: string, startedAt: Date, run: ArtilleryRun, samples: readonly Sample[], limits: Limits) {
  const { aggregate, intermediate } = run;
  const requests = aggregate.counters['http.requests'] ?? 0;
  const times = timesOf(aggregate, 'http.response_time');
  const result: LoadResult = {
    name,
    startedAt: startedAt.toISOString(),
    commit: commit(),
    machine: `${String(cpus().length)} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`,
    command: `npm run load:${name}`,
    requests,
    checks: checksOf(times, errorsOf(aggregate), requests, samples, limits),
    times,
    intervals: intermediate.map((interval) => ({
      seconds: ((interval.lastCounterAt ?? 0) - (aggregate.firstCounterAt ?? 0)) / 1_000,
      requestsPerSecond: (interval.counters['http.requests'] ?? 0) / INTERVAL_SECONDS,
      errors: errorsOf(interval),
      ...timesOf(interval, 'http.response_time'),
    })),
    endpoints: endpointsOf(aggregate),
    statuses: numbered(aggregate, 'http.codes.'),
    samples,
  };
  return result;
}

/** artillery's own. */
const INTERVAL_SECONDS = 10;
const BY_ENDPOINT = 'plugins.metrics-by-endpoint.response_time.';

function checksOf(times: Times, errors: number, requests: number, samples: readonly Sample[], limits: Limits): Check[] {
  const check = (what: string, value: number, limit: number, unit: string): Check => {
    return { what, value, limit, unit, met: value < limit };
  };
  const rssMb = Math.max(...samples.map((sample) => sample.rssMb));
  return [
    check('95 % of answers within', times.p95, limits.p95Ms, 'ms'),
    check('errors', (errors / Math.max(1, requests)) * 100, limits.errorPercent, '%'),
    // Where the process is not on this machine, there is nothing to check.
    ...(samples.length === 0 ? [] : [check('memory of the API (RSS), at most', rssMb, limits.rssMb, 'MB')]),
  ];
}

function timesOf({ summaries }: Counted, name: string): Times {
  const { p50 = NaN, p95 = NaN, p99 = NaN } = summaries?.[name] ?? {};
  return { p50, p95, p99 };
}

/** What artillery counts as an error: no answer, or not the one that the script expects. */
function errorsOf({ counters }: Counted): number {
  const named = Object.entries(counters).filter(([name]) => name.startsWith('errors.'));
  return named.reduce((sum, [, count = 0]) => sum + count, 0);
}

function endpointsOf(aggregate: Counted): LoadResult['endpoints'] {
  const names = Object.keys(aggregate.summaries ?? {}).filter((name) => name.startsWith(BY_ENDPOINT));
  return names.map((name) => ({
    name: name.slice(BY_ENDPOINT.length),
    requests: aggregate.summaries?.[name]?.count ?? 0,
    ...timesOf(aggregate, name),
  }));
}

function numbered({ counters }: Counted, prefix: string): Record<string, number> {
  const found = Object.entries(counters).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(found.map(([name, count = 0]) => [name.slice(prefix.length), count]));
}

function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' with changes');
  } catch {
    return 'unknown';
  }
}

/** The latest results that are kept, the newest first. */
export async function keptResults(count: number): Promise<LoadResult[]> {
  const names = (await readdir(REPORTS)).filter((name) => name.endsWith('.json'));
  const texts = await Promise.all(names.map((name) => readFile(join(REPORTS, name), 'utf8')));
  const results = texts.map((text) => JSON.parse(text) as LoadResult);
  return results.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt)).slice(0, count);
}
