import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { below, figure, type Figure } from '../report.ts';
import type { Made } from './report-maker.ts';
import type { Servers } from './servers.ts';

const MAKER = fileURLToPath(new URL('report-maker.ts', import.meta.url));
const RUNS = 5;

/**
 * How long reports take, and what they take of memory: each is the first and only one of its process, whose highest RSS, thread
 * and all, is held against that of a worker with nothing to do, which has all of the below loaded but the renderers.
 */
export async function measureReports({ mongoUri }: Servers): Promise<Figure[]> {
  const pdf = await measure(mongoUri, 'sales', 'pdf', 12_000);
  const xlsx = await measure(mongoUri, 'orders', 'xlsx', 100_000);
  return [
    figure('sales PDF of 12,000 orders', 'ms', pdf.times, below(5_000)),
    figure('sales PDF of 12,000 orders, RSS it adds', 'MB', pdf.added, below(150)),
    figure('sales PDF of 12,000 orders, RSS of all', 'MB', pdf.peaks),
    figure('XLSX of 100,000 orders', 'ms', xlsx.times),
    figure('XLSX of 100,000 orders, RSS it adds', 'MB', xlsx.added, below(200)),
    figure('XLSX of 100,000 orders, RSS of all', 'MB', xlsx.peaks),
  ];
}

async function measure(mongoUri: string, ...[kind, format, orders]: readonly [string, string, number]) {
  const runs: Made[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const maker = spawn(process.execPath, [MAKER, mongoUri, kind, format, String(orders)], { stdio: [...stdio] });
    const [said] = await Promise.all([text(maker.stdout), once(maker, 'exit')]);
    if (maker.exitCode !== 0) throw new Error(`A report was not made (${String(maker.exitCode)})`);
    runs.push(JSON.parse(said) as Made);
  }
  return {
    times: runs.map(({ ms }) => ms),
    added: runs.map(({ addedMb }) => addedMb),
    peaks: runs.map(({ peakMb }) => peakMb),
  };
}
