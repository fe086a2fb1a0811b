import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { childEnvironment, type VariableOverrides } from '../../src/config/index.ts';
import { freePort, isFree } from '../start/ports.ts';

const LAUNCHER = fileURLToPath(new URL('../start/main.ts', import.meta.url));
const START_WITHIN_MS = 180_000;

/** What is put under load. */
export interface System {
  readonly url: string;
  /** The API's process, where it runs on this machine. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** The system at `url` if one answers there, or one of our own, with demo data in a directory that goes with it. */
export async function findOrStart(url: string): Promise<System> {
  if (!(await answers(url))) return startOwn();
  await demandManyAddresses(url);
  return { url, pid: processListeningAt(Number(new URL(url).port)), stop: () => Promise.resolve() };
}

const ATTEMPTS = 3;

/**
 * A system with demo data of its own, in a directory that goes with it. A free port may be taken by the time that it listens: then it
 * is started once more.
 * @param more variables that are not the platform's, such as Node's own
 */
export async function startOwn(
  overrides: VariableOverrides = {},
  more: Readonly<Record<string, string>> = {},
): Promise<System> {
  for (let attempt = 1; ; attempt += 1) {
    const system = await startOnce(overrides, more);
    if (system !== undefined) return system;
    if (attempt === ATTEMPTS) throw new Error('The system did not start: its port was taken again and again');
  }
}

/** @returns undefined when somebody else has taken its port meanwhile */
async function startOnce(
  overrides: VariableOverrides,
  more: Readonly<Record<string, string>>,
): Promise<System | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'load-'));
  const port = await freePort();
  const args = ['--data', directory, '--port', String(port), '--no-install', '--quiet'];
  // Callers name addresses of their own, as a proxy does: limits hold per address.
  const env = { ...childEnvironment({ TRUST_PROXY: '1', ...overrides }), ...more };
  const launcher = spawn(process.execPath, [LAUNCHER, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const url = `http://127.0.0.1:${String(port)}`;
  const ended = once(launcher, 'exit');
  const hasEnded = () => launcher.exitCode !== null || launcher.signalCode !== null;
  const stop = async (): Promise<void> => {
    launcher.kill('SIGINT');
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  const giveUpAt = Date.now() + START_WITHIN_MS;
  while (!(await answers(url, '/health/ready'))) {
    if (!hasEnded() && Date.now() < giveUpAt) {
      await sleep(500);
      continue;
    }
    const wasTaken = hasEnded() && !(await isFree(port, '127.0.0.1'));
    await stop();
    if (wasTaken) return undefined;
    throw new Error('The system did not start: npm start tells why');
  }
  return { url, pid: processListeningAt(port), stop };
}

const answers = (url: string, path = '/health/live'): Promise<boolean> =>
  fetch(url + path, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

/** @throws Error when all load would count as that of one address */
async function demandManyAddresses(url: string): Promise<void> {
  const left = async (address: string) => {
    const { headers } = await fetch(`${url}/docs`, { headers: { 'X-Forwarded-For': address } });
    return Number(/"address";r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
  };
  const [first, other] = [await left('198.51.100.1'), await left('198.51.100.2')];
  if (first === other) return;
  throw new Error(`${url} believes no X-Forwarded-For, and limits each address: start it with TRUST_PROXY=1`);
}

/** Found by the socket it listens at; undefined elsewhere than on Linux, and for a port of another machine. */
export function processListeningAt(port: number): number | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  try {
    const line = ['tcp', 'tcp6']
      .flatMap((table) => readFileSync(`/proc/net/${table}`, 'utf8').split('\n'))
      .find((row) => new RegExp(`^\\s*\\d+: \\w+:${hex} \\w+:0000 0A `).test(row));
    const inode = line?.trim().split(/\s+/)[9];
    return inode === undefined ? undefined : ownerOf(inode);
  } catch {
    return undefined;
  }
}

function ownerOf(inode: string): number | undefined {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    try {
      return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
    } catch {
      // Somebody else's, or gone.
      return false;
    }
  });
  return found === undefined ? undefined : Number(found);
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
