import { fileURLToPath } from 'node:url';
import { queues } from '../../src/container/queues.ts';
import type { ChildPlan } from './children.ts';
import { canGet } from './ports.ts';

const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const SERVER = fileOf('src/server.ts');
const WORKERS = fileOf('workers/main.ts');

const READY_WITHIN_MS = 30_000;
/** Longer than a process gives to the requests or jobs it finishes. */
const STOP_WITHIN_MS = 25_000;

/**
 * Young objects get 16 MB a half instead of 64: most of what an answer makes is dead when it is sent, and is collected as well in less room.
 * docs/performance.md has what that saves. Workers see to theirs themselves.
 */
const API_FLAGS = ['--max-semi-space-size=16'];

type Environment = Readonly<Record<string, string | undefined>>;

/** The kinds of workers that are started, in one process: on one machine there is no work for several. */
export const WORKER_KINDS = Object.keys(queues);

export function api(url: string, env: Environment): ChildPlan {
  return ownProcess('api', [...API_FLAGS, SERVER], `${url}/health/ready`, env);
}

export function workers(url: string, env: Environment): ChildPlan {
  return ownProcess('workers', [WORKERS, ...WORKER_KINDS], `${url}/health/ready`, env);
}

function ownProcess(name: string, args: readonly string[], readyUrl: string, env: Environment): ChildPlan {
  return {
    name,
    command: process.execPath,
    args,
    env,
    probe: () => canGet(readyUrl),
    readyWithinMs: READY_WITHIN_MS,
    stopWithinMs: STOP_WITHIN_MS,
  };
}
