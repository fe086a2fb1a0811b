import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment, type VariableOverrides } from '../src/config/index.ts';

/** Between two signals of somebody impatient. */
export const AGAIN_MS = 50;

/** Saves a third of what a process takes to start, and tests start hundreds. Of each file apart: V8 flags, which some set, void it. */
export const compiledFor = (path: string): { NODE_COMPILE_CACHE: string } => ({
  NODE_COMPILE_CACHE: join(tmpdir(), 'merchant-platform-tests', path),
});

/** A process of ours that a test runs. */
export interface Child {
  readonly ended: Promise<Ended>;
  /** What it has written so far to standard output. */
  log(): string;
  kill(signal: NodeJS.Signals): void;
  /** As somebody who is impatient: again and again. */
  signalUntilEnded(signal: NodeJS.Signals): Promise<Ended>;
}

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly errors: string;
  readonly log: string;
}

/** Starts a file of this repository with an environment of the test's. */
export function startChild(path: string, args: readonly string[], environment: VariableOverrides): Child {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...compiledFor(path), ...childEnvironment({ LOG_LEVEL: 'warn', ...environment }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, errors, log }));
  return {
    ended,
    log: () => log,
    kill: (signal) => child.kill(signal),
    signalUntilEnded(signal) {
      const again = setInterval(() => child.kill(signal), AGAIN_MS);
      return ended.finally(() => {
        clearInterval(again);
      });
    },
  };
}
