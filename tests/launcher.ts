import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { isRunning, type ProcessIdentity } from '../scripts/start/process-identity.ts';
import { childEnvironment } from '../src/config/index.ts';
import { AGAIN_MS, compiledFor } from './child.ts';

const LAUNCHER = fileURLToPath(new URL('../scripts/start/main.ts', import.meta.url));

/** The launcher as a newcomer starts it: in an empty directory, with nothing in the environment but the system's own. */
export class LauncherRun {
  readonly directory: string;
  readonly #process: ChildProcess;
  #output = '';

  private constructor(directory: string, args: readonly string[], environment: Readonly<Record<string, string>>) {
    this.directory = directory;
    const unset = { MONGODB_URI: '', REDIS_URL: '', CACHE_REDIS_URL: '', SMTP_URL: '', PUBLIC_URL: '', NODE_ENV: '' };
    this.#process = spawn(process.execPath, [LAUNCHER, ...args], {
      cwd: directory,
      env: { ...compiledFor('scripts/start/main.ts'), ...childEnvironment({}), ...unset, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
  }

  static async start(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<LauncherRun> {
    return new LauncherRun(await mkdtemp(join(tmpdir(), 'first-run-')), args, environment);
  }

  /** All it has said, without colours. */
  get output(): string {
    return stripVTControlCharacters(this.#output);
  }

  /** Resolves when it says something; rejects with all it said when it ends before. */
  async says(text: RegExp, withinMs: number): Promise<void> {
    const until = performance.now() + withinMs;
    while (!text.test(this.output)) {
      if (this.#process.exitCode !== null) throw new Error(`The launcher has ended:\n${this.output}`);
      if (performance.now() > until) throw new Error(`The launcher does not say ${String(text)}:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** The processes it has started, by its own account. */
  children(): readonly ProcessIdentity[] {
    const file = readFileSync(join(this.directory, '.data', 'running.json'), 'utf8');
    return (JSON.parse(file) as { children: ProcessIdentity[] }).children;
  }

  running(processes: readonly ProcessIdentity[]): readonly ProcessIdentity[] {
    return processes.filter(isRunning);
  }

  /** Sends what Ctrl-C sends. */
  interrupt(signal: NodeJS.Signals = 'SIGINT'): void {
    this.#process.kill(signal);
  }

  /** Nobody reads what it says any more: what it writes fails from now on. */
  leaveUnread(): void {
    this.#process.stdout?.destroy();
    this.#process.stderr?.destroy();
  }

  /** As somebody who is impatient: again and again, until it has ended; resolves with its exit code. */
  async signalUntilEnded(signal: NodeJS.Signals): Promise<NodeJS.Signals | number | null> {
    const again = setInterval(() => this.#process.kill(signal), AGAIN_MS);
    try {
      return await this.ended();
    } finally {
      clearInterval(again);
    }
  }

  /** Resolves with its exit code, or the signal that ended it. */
  async ended(): Promise<NodeJS.Signals | number | null> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode;
    const [code, signal] = (await once(this.#process, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? signal;
  }

  async remove(): Promise<void> {
    this.#process.kill('SIGINT');
    await this.ended();
    await rm(this.directory, { recursive: true, force: true });
  }
}
