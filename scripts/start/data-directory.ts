import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LaunchError } from './launch-error.ts';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';

/** What is kept in the data directory, and so what `--fresh` forgets. Nothing else in there is ever touched. */
const PARTS = [
  'mongo',
  'redis-queues',
  'redis-cache',
  'mail',
  'files',
  'logs',
  'compiled',
  'secrets.json',
  'processes.env',
] as const;
type Part = (typeof PARTS)[number];

const LOCK = 'running.json';

interface Running {
  readonly launcher: ProcessIdentity;
  readonly children: readonly ProcessIdentity[];
}

/** Where one installation keeps everything on disk. One launcher at a time has it. */
export class DataDirectory {
  readonly path: string;
  /** Children of a launcher that was killed before it could end them. */
  readonly leftOver: readonly ProcessIdentity[];

  readonly #lock: string;
  readonly #children = new Map<number, ProcessIdentity>();
  readonly #self: ProcessIdentity;

  /** @throws LaunchError when it cannot be written or another launcher has it. */
  constructor(path: string) {
    this.path = resolve(path);
    this.#lock = join(this.path, LOCK);
    this.#self = identify(process.pid) ?? { pid: process.pid, started: '' };
    makeWritable(this.path);
    const before = readLock(this.#lock);
    if (before !== undefined && isRunning(before.launcher)) {
      const pid = String(before.launcher.pid);
      throw new LaunchError(
        `${this.path} is in use by another npm start (process ${pid}): stop that one, or use --data DIR`,
      );
    }
    this.leftOver = before?.children.filter(isRunning) ?? [];
    this.#save();
  }

  /** The path of a part; directories are made. */
  pathOf(part: Part): string {
    const path = join(this.path, part);
    if (!part.includes('.')) mkdirSync(path, { recursive: true });
    return path;
  }

  /** Removes what earlier runs have left. */
  forget(): void {
    for (const part of PARTS) rmSync(join(this.path, part), { recursive: true, force: true });
  }

  /** Notes a child, so that the next start finds it should this process be killed. */
  note(pid: number): void {
    const child = identify(pid);
    if (child === undefined) return;
    this.#children.set(pid, child);
    this.#save();
  }

  /** The child has ended. */
  strike(pid: number): void {
    this.#children.delete(pid);
    this.#save();
  }

  release(): void {
    // It names servers that are gone.
    rmSync(this.pathOf('processes.env'), { force: true });
    rmSync(this.#lock, { force: true });
  }

  #save(): void {
    const running: Running = { launcher: this.#self, children: [...this.#children.values()] };
    // Gone when somebody has removed the directory under a running launcher: no reason to fall over while ending.
    if (!existsSync(this.path)) return;
    // Whole or not at all: were it cut off by a kill, nobody would know of the children any more.
    const next = `${this.#lock}.new`;
    writeFileSync(next, JSON.stringify(running));
    renameSync(next, this.#lock);
  }
}

function makeWritable(path: string): void {
  const probe = join(path, `.probe-${String(process.pid)}`);
  try {
    makeDirectories(path);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new LaunchError(`${path} cannot be written (${code ?? 'unknown'}): choose another directory with --data DIR`);
  }
}

/** One by one: Node's `recursive` asks for ever where a system says that a new directory's parent is not there, as /proc does. */
function makeDirectories(path: string): void {
  if (existsSync(path)) return;
  makeDirectories(dirname(path));
  mkdirSync(path);
}

/** A lock that cannot be read, as after a loss of power, says nothing. */
function readLock(file: string): Running | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Running;
  } catch {
    return undefined;
  }
}
