import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './launch-error.ts';

const PROBE_INTERVAL_MS = 40;
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/** A child that ran as long is thought to be well: the next death begins with the first backoff again. */
const WELL_AFTER_MS = 60_000;
const LOG_LINES_SHOWN = 15;

/** A process to run for as long as the launcher does. */
export interface ChildPlan {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Resolves once the child serves; asked again and again until it does. */
  readonly probe: () => Promise<void>;
  readonly readyWithinMs: number;
  /** How long it may take to end before it is killed. */
  readonly stopWithinMs: number;
}

export interface ChildrenOptions {
  readonly logFileOf: (name: string) => string;
  /** Told what happens to children after their start. */
  readonly tell: (line: string) => void;
  readonly onSpawn: (pid: number) => void;
  readonly onExit: (pid: number) => void;
  readonly firstBackoffMs?: number;
}

interface Child {
  readonly plan: ChildPlan;
  readonly logFile: string;
  process: ChildProcess;
  startedAt: number;
  backoffMs: number;
}

/** Starts processes, starts them again when they die, and ends them in the reverse order. */
export class Children {
  readonly #options: ChildrenOptions;
  readonly #children: Child[] = [];
  readonly #stop = new AbortController();

  constructor(options: ChildrenOptions) {
    this.#options = options;
  }

  /**
   * Starts a child and waits until it serves. From then on it is watched over.
   * @throws LaunchError with the end of its log when it ends or does not serve in time, and when all are being ended.
   */
  async start(plan: ChildPlan): Promise<void> {
    // Whoever starts one after the other may not have heard: nobody would end this one.
    if (this.#stop.signal.aborted) throw new LaunchError(`${plan.name} is not started: everything is being ended`);
    const logFile = this.#options.logFileOf(plan.name);
    const child = {
      plan,
      logFile,
      process: this.#spawn(plan, logFile, 'w'),
      startedAt: performance.now(),
      backoffMs: this.#options.firstBackoffMs ?? FIRST_BACKOFF_MS,
    };
    this.#children.push(child);
    await this.#serving(child);
    void this.#watch(child);
  }

  /** Ends all children, the last started first, and kills those that take too long. */
  async stop(): Promise<void> {
    this.#stop.abort();
    for (const child of this.#children.toReversed()) await end(child);
  }

  /** Ends all children at once. */
  kill(): void {
    this.#stop.abort();
    for (const { process } of this.#children) process.kill('SIGKILL');
  }

  #spawn({ command, args, env }: ChildPlan, logFile: string, flags: 'a' | 'w'): ChildProcess {
    const log = openSync(logFile, flags);
    // A group of its own: Ctrl-C must reach the launcher alone, which then ends the children in order. The pipe is for lifeline.ts.
    const child = spawn(command, args, {
      detached: true,
      stdio: ['pipe', log, log],
      ...(env !== undefined && { env }),
    });
    closeSync(log);
    child.on('error', () => undefined);
    const { pid } = child;
    if (pid === undefined) return child;
    this.#options.onSpawn(pid);
    child.once('exit', () => {
      this.#options.onExit(pid);
    });
    return child;
  }

  async #serving({ plan, process, logFile }: Child): Promise<void> {
    const until = performance.now() + plan.readyWithinMs;
    for (;;) {
      if (hasEnded(process)) throw new LaunchError(`${plan.name} ${howEnded(process)}:\n${endOf(logFile)}`);
      if (await succeeds(plan.probe)) return;
      if (performance.now() > until) {
        const seconds = String(plan.readyWithinMs / 1_000);
        throw new LaunchError(
          `${plan.name} does not answer after ${seconds} s; its log is ${logFile}\n${endOf(logFile)}`,
        );
      }
      await sleep(PROBE_INTERVAL_MS);
    }
  }

  async #watch(child: Child): Promise<void> {
    const { tell, firstBackoffMs = FIRST_BACKOFF_MS } = this.#options;
    const { plan, logFile } = child;
    for (;;) {
      if (!hasEnded(child.process)) await once(child.process, 'exit');
      if (this.#stop.signal.aborted) return;
      if (performance.now() - child.startedAt > WELL_AFTER_MS) child.backoffMs = firstBackoffMs;
      const seconds = String(child.backoffMs / 1_000);
      tell(`${plan.name} ${howEnded(child.process)}; starting it again in ${seconds} s (log: ${logFile})`);
      if (!(await this.#pause(child.backoffMs))) return;
      child.backoffMs = Math.min(MAX_BACKOFF_MS, child.backoffMs * 2);
      child.process = this.#spawn(plan, logFile, 'a');
      child.startedAt = performance.now();
      await this.#tellWhenServing(child);
    }
  }

  async #tellWhenServing(child: Child): Promise<void> {
    try {
      await this.#serving(child);
      this.#options.tell(`${child.plan.name} is up again`);
    } catch {
      // It has ended once more, which the next round tells; or it hangs: then only a new process helps.
      child.process.kill('SIGKILL');
    }
  }

  /** @returns false when the children are being ended. */
  async #pause(ms: number): Promise<boolean> {
    return sleep(ms, true, { signal: this.#stop.signal }).catch(() => false);
  }
}

async function end({ plan, process }: Child): Promise<void> {
  if (hasEnded(process)) return;
  const ended = once(process, 'exit');
  process.kill('SIGTERM');
  const force = setTimeout(() => process.kill('SIGKILL'), plan.stopWithinMs);
  await ended;
  clearTimeout(force);
}

function hasEnded({ exitCode, signalCode, pid }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

function howEnded({ exitCode, signalCode, pid }: ChildProcess): string {
  if (pid === undefined) return 'could not be started';
  return signalCode === null ? `ended with code ${String(exitCode)}` : `was ended by ${signalCode}`;
}

function endOf(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_LINES_SHOWN);
  return lines.map((line) => `    ${line}`).join('\n');
}

async function succeeds(probe: () => Promise<void>): Promise<boolean> {
  try {
    await probe();
    return true;
  } catch {
    return false;
  }
}
