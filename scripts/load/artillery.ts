import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../../src/config/index.ts';
import type { Cast } from './people.ts';

const PACKAGE = fileURLToPath(new URL('../../artillery-tests/', import.meta.url));

/** What artillery counted over some time, as its JSON has it. Times are in milliseconds. */
export interface Counted {
  readonly firstCounterAt?: number;
  readonly lastCounterAt?: number;
  readonly counters: Readonly<Record<string, number | undefined>>;
  readonly summaries?: Readonly<Record<string, Readonly<Record<string, number>> | undefined>>;
}

export interface ArtilleryRun {
  readonly aggregate: Counted;
  /** Ten seconds each. */
  readonly intermediate: readonly (Counted & { readonly period: string })[];
  /** Whether all that the script ensures held. */
  readonly passed: boolean;
}

/** @throws Error that says how to install artillery where it is missing */
export function demandArtillery(): void {
  if (existsSync(join(PACKAGE, 'node_modules', 'artillery'))) return;
  throw new Error('artillery is not installed: npm ci --prefix artillery-tests (about a gigabyte)');
}

/** Runs a script of artillery-tests against a system. */
export async function runArtillery(script: string, url: string, cast: Cast, overrides?: object): Promise<ArtilleryRun> {
  const directory = await mkdtemp(join(tmpdir(), 'artillery-'));
  try {
    const [people, output] = [join(directory, 'people.json'), join(directory, 'result.json')];
    await writeFile(people, JSON.stringify(cast));
    const more = overrides === undefined ? [] : ['--overrides', JSON.stringify(overrides)];
    const run = join(PACKAGE, 'node_modules', 'artillery', 'bin', 'run');
    const args = [run, 'run', script, '--target', url, '--output', output, ...more];
    const env = { ...childEnvironment({}), LOAD_PEOPLE: people, ARTILLERY_DISABLE_TELEMETRY: 'true' };
    const child = spawn(process.execPath, args, { cwd: PACKAGE, env, stdio: ['ignore', 'inherit', 'inherit'] });
    const [code] = (await once(child, 'exit')) as [number | null];
    const result = JSON.parse(await readFile(output, 'utf8')) as Omit<ArtilleryRun, 'passed'>;
    return { ...result, passed: code === 0 };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
