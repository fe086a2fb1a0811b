import { execFile, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
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
  keepOn(CORES.server, pid);
}

/** Gives a process the server's core for itself: what its parent has started besides works on the client's, and so do we. */
export function pinAlone(pid: number): void {
  if (!hasTaskset()) return;
  const parent = parentOf(pid);
  const others = readdirSync('/proc')
    .map(Number)
    .filter((other) => other > 0 && parentOf(other) === parent);
  for (const other of [process.pid, parent, ...others]) keepOn(CORES.client, other);
  pin(pid);
}

function keepOn(core: string, pid: number): void {
  if (hasTaskset()) spawnSync('taskset', ['-apc', core, String(pid)]);
}

/** The fourth field of `stat`, behind a name that may hold anything but a closing bracket. NaN for one that has ended. */
function parentOf(pid: number): number {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'))?.[1]);
  } catch {
    return NaN;
  }
}

let found: boolean | undefined;
const hasTaskset = (): boolean => (found ??= spawnSync('taskset', ['-V']).status === 0);
