import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LUA = fileURLToPath(new URL('percentiles.lua', import.meta.url));

/** One core for the server and one for whoever asks it: on one alone both would measure each other. */
export const CORES = { server: '0', client: '1' } as const;

export interface Load {
  readonly requestsPerSecond: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** @throws Error that says how to install wrk where it is missing, and for answers that are none */
export async function wrk(url: string, headers: Readonly<Record<string, string>>, seconds: number): Promise<Load> {
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  // wrk calls an answer of more than 2 s a failure, which those of a server that has just begun to compile itself may be.
  const args = ['-t1', '-c50', '--timeout', '10s', `-d${String(seconds)}s`, '-s', LUA, ...fields, url];
  const [command, rest] = hasTaskset() ? ['taskset', ['-c', CORES.client, 'wrk', ...args]] : ['wrk', args];
  const { stdout } = await run(command, rest).catch((error: unknown) => {
    throw new Error('wrk did not run: apt-get install wrk, or brew install wrk', { cause: error });
  });
  const of = (name: string) => Number(new RegExp(`${name}=([\\d.]+)`).exec(stdout)?.[1]);
  if (of('failed') > 0) throw new Error(`${String(of('failed'))} answers of ${url} were failures`);
  return { requestsPerSecond: of('rate'), p95Ms: of('p95') / 1_000, p99Ms: of('p99') / 1_000 };
}

/** Keeps a process, with all its threads, on the core of the server. Where there is no taskset, the system decides. */
export function pin(pid: number): void {
  if (hasTaskset()) spawnSync('taskset', ['-apc', CORES.server, String(pid)]);
}

let found: boolean | undefined;
const hasTaskset = (): boolean => (found ??= spawnSync('taskset', ['-V']).status === 0);
