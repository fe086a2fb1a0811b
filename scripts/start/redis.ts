import { spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import type { ChildPlan } from './children.ts';
import { LaunchError } from './launch-error.ts';
import { canPing } from './ports.ts';

const COMMAND = 'redis-server';
const CACHE_MEMORY = '256mb';

/** How to get Redis, for whoever has to do it by hand. */
const HOW_TO_INSTALL = `Redis is needed and there is no ${COMMAND} on the PATH. Get it by one of
    Debian, Ubuntu   sudo apt-get install redis-server
    macOS            brew install redis
    Docker           docker run -d -p 6379:6379 redis:7 && docker run -d -p 6380:6379 redis:7
                     then REDIS_URL=redis://127.0.0.1:6379 CACHE_REDIS_URL=redis://127.0.0.1:6380 npm start`;

interface Installer {
  /** What has to be on the PATH. */
  readonly needs: readonly string[];
  readonly steps: readonly (readonly string[])[];
  /** Whether it may be used where nobody can be asked: only by the one who owns the machine anyway. */
  readonly unasked: boolean;
}

const APT: Installer = {
  needs: ['apt-get'],
  steps: [
    ['apt-get', 'update', '-qq'],
    ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', COMMAND],
  ],
  unasked: true,
};
const SUDO_APT: Installer = {
  needs: ['sudo', 'apt-get'],
  steps: APT.steps.map((step) => ['sudo', ...step]),
  unasked: false,
};
const BREW: Installer = { needs: ['brew'], steps: [['brew', 'install', 'redis']], unasked: false };

/** What the search for Redis may do besides looking. */
export interface RedisSearch {
  /** Whether it may be installed. */
  readonly install: boolean;
  /** Whether somebody is there to be asked. */
  readonly interactive: boolean;
  readonly tell: (line: string) => void;
}

/**
 * Makes sure that `redis-server` can be run: asks before it installs anything, or says so where nobody can be asked.
 * @throws LaunchError that tells how to get it.
 */
export async function requireRedis({ install, interactive, tell }: RedisSearch): Promise<void> {
  if (isThere(COMMAND)) return;
  const isRoot = process.getuid?.() === 0;
  const installer = [isRoot ? APT : SUDO_APT, BREW].find(({ needs }) => needs.every(isThere));
  const usable = install && installer !== undefined && (interactive ? await isAgreed(installer) : installer.unasked);
  if (!usable) throw new LaunchError(HOW_TO_INSTALL);
  tell(`There is no ${COMMAND}: installing it with ${commandOf(installer)} (--no-install refuses that)`);
  run(installer);
  if (!isThere(COMMAND)) throw new LaunchError(HOW_TO_INSTALL);
}

function isThere(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined;
}

function commandOf({ steps }: Installer): string {
  return steps.at(-1)?.join(' ') ?? '';
}

async function isAgreed(installer: Installer): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`\rThere is no ${COMMAND}. Run ${commandOf(installer)} now? [Y/n] `);
    return /^(|y|yes)$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

function run({ steps }: Installer): void {
  for (const [command = '', ...args] of steps) {
    // The keyboard, since sudo asks for a password.
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', stdio: ['inherit', 'ignore', 'pipe'] });
    if (status !== 0)
      throw new LaunchError(`${[command, ...args].join(' ')} failed: ${stderr.trim()}\n${HOW_TO_INSTALL}`);
  }
}

/** The Redis of the queues: what is acknowledged is on disk a second later, and nothing is ever thrown out. */
export function queueRedis(port: number, directory: string): ChildPlan {
  return redis('redis-queues', port, directory, [
    ...['--maxmemory-policy', 'noeviction'],
    ...['--appendonly', 'yes', '--appendfsync', 'everysec'],
  ]);
}

/** The Redis of the cache: bounded, throws out what is wanted least, keeps nothing on disk. */
export function cacheRedis(port: number, directory: string): ChildPlan {
  return redis('redis-cache', port, directory, [
    ...['--maxmemory', CACHE_MEMORY, '--maxmemory-policy', 'allkeys-lfu'],
    ...['--appendonly', 'no'],
  ]);
}

function redis(name: string, port: number, directory: string, policy: readonly string[]): ChildPlan {
  return {
    name,
    command: COMMAND,
    args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', ...policy],
    probe: () => canPing(port),
    readyWithinMs: 30_000,
    stopWithinMs: 10_000,
  };
}
