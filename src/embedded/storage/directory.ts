import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultOf } from './data-file.ts';
import { holdSolely } from './sole-holder.ts';

/** A data directory that must not be opened, in words for whoever started the server. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

const FORMAT_FILE = 'FORMAT';
const LOCK_FILE = 'LOCK';
const DATA_FILE = 'data.mdb';
/** Raised when older servers could not read what newer ones write. */
const FORMAT = 'embedded-document-server 1\n';

/** A directory that is this process's alone until `release`. */
export interface DataDirectory {
  /** The LMDB file in it. */
  readonly file: string;
  release(): void;
}

/**
 * Opens or makes a data directory. One that is foreign, torn, of another format or in use is refused with its files
 * untouched.
 * @throws DataDirectoryError
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  makeDirectory(path);
  const lock = join(path, LOCK_FILE);
  // Before anything is looked at: of several that start at once, one alone makes the directory, or clears away a lock left behind.
  const hold = await holdSolely(path);
  if (hold === undefined) throw inUse(path, holderOf(lock));
  try {
    probe(path);
    const names = readdirSync(path);
    if (names.length === 0) prepare(path);
    else checkFormat(path, names);
    checkFile(join(path, DATA_FILE));
    takeLock(lock, path);
  } catch (error) {
    hold.release();
    throw error;
  }
  return {
    file: join(path, DATA_FILE),
    release: () => {
      rmSync(lock, { force: true });
      hold.release();
    },
  };
}

/** Flushed with the directory, so that a loss of power does not leave a data file without its format. */
function prepare(path: string): void {
  writeFileSync(join(path, FORMAT_FILE), FORMAT, { flush: true });
  writeFileSync(join(path, DATA_FILE), '', { flush: true });
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw unwritable(path, error);
  }
}

function probe(path: string): void {
  try {
    const file = join(path, `.write-${String(process.pid)}`);
    writeFileSync(file, '');
    rmSync(file);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): DataDirectoryError {
  return new DataDirectoryError(`The data directory ${path} cannot be written: ${(error as Error).message}`);
}

function checkFormat(path: string, names: readonly string[]): void {
  if (!names.includes(FORMAT_FILE)) {
    throw new DataDirectoryError(`${path} is not empty and not a data directory of this server; it was left as it is`);
  }
  const format = readFileSync(join(path, FORMAT_FILE), 'utf8');
  if (format !== FORMAT) {
    throw new DataDirectoryError(
      `${path} has the format "${format.trim()}", this server reads "${FORMAT.trim()}"; it was left as it is`,
    );
  }
}

function checkFile(file: string): void {
  const fault = existsSync(file) ? faultOf(file) : undefined;
  if (fault !== undefined) throw new DataDirectoryError(`${file} is damaged: ${fault}; it was left as it is`);
}

/** Says who has it, and keeps out those whom the kernel does not: on other systems, and in other networks of this one. */
function takeLock(lock: string, path: string): void {
  const holder = holderOf(lock);
  if (holder !== undefined) throw inUse(path, holder);
  // Left behind by a process that was killed.
  rmSync(lock, { force: true });
  try {
    writeFileSync(lock, `${String(process.pid)} ${startOf(process.pid)}`, { flag: 'wx' });
  } catch {
    throw inUse(path, undefined);
  }
}

/** The process that a lock names, if it lives. */
function holderOf(lock: string): string | undefined {
  const [pid = '', start = ''] = (readIfThere(lock) ?? '').split(' ');
  // Empty where power was lost before it was written; 0 would stand for our own group.
  const isHeld = Number(pid) > 0 && isAlive(Number(pid)) && start === startOf(Number(pid));
  return isHeld ? pid : undefined;
}

/** It may be taken away by its holder between a look and a reading. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function inUse(path: string, holder: string | undefined): DataDirectoryError {
  return new DataDirectoryError(
    holder === undefined
      ? `${path} is in use by another process that has just started`
      : `${path} is in use by process ${holder}; stop that first, or choose another directory`,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process was started, in clock ticks: tells it apart from a later one of the same number. Linux only. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The name in parentheses may hold spaces; the start time is the twentieth field behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

const MEMORY_PREFIX = 'embedded-memory-';

/** A directory for data that need not survive: in memory where the system offers that, emptied by the next start if not by this one. */
export function openMemoryDirectory(): DataDirectory {
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  removeAbandoned(base);
  const path = join(base, `${MEMORY_PREFIX}${String(process.pid)}-${String(performance.now()).replace('.', '')}`);
  mkdirSync(path, { recursive: true });
  return {
    file: join(path, DATA_FILE),
    release: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function removeAbandoned(base: string): void {
  for (const name of readdirSync(base)) {
    if (!name.startsWith(MEMORY_PREFIX)) continue;
    const pid = Number(name.slice(MEMORY_PREFIX.length).split('-')[0]);
    if (isAlive(pid)) continue;
    try {
      rmSync(join(base, name), { recursive: true, force: true });
    } catch {
      // Somebody else's: theirs to remove.
    }
  }
}
