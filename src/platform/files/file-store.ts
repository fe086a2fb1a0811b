import type { Readable } from 'node:stream';

/** A file as it is handed out. */
export interface StoredFile {
  readonly bytes: number;
  /** To be read to its end or destroyed. */
  open(): Readable;
}

/** Where files are kept that others fetch later: a directory, or a bucket that speaks S3. */
export interface FileStore {
  /**
   * Keeps a file, whole or not at all: nobody ever reads half of one, and one of the same name is replaced.
   * @param name of segments of letters, digits, `.`, `_` and `-`, divided by `/`
   * @param source path of a finished file on this machine, which stays there
   * @returns its length in bytes
   * @throws StoreFailure
   */
  put(name: string, source: string): Promise<number>;
  /** @returns undefined when there is none of this name */
  find(name: string): Promise<StoredFile | undefined>;
  /** Does nothing when there is none. */
  remove(name: string): Promise<void>;
  /** Forgets what was begun before a moment and never finished, such as by a process that was killed. */
  tidy(before: Date): Promise<void>;
}

/** The store cannot take a file: it is full, not writable, or away. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
  /** Of the system: `ENOSPC`, `EACCES`. */
  readonly code: string;

  constructor(code: string, cause: unknown) {
    super(`The file store refuses a file (${code})`, { cause });
    this.code = code;
  }
}

const NAME = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/;

/** @throws RangeError for what could lead out of the store */
export function demandFileName(name: string): string {
  if (NAME.test(name) && name.length <= 200) return name;
  throw new RangeError('Not the name of a file in the store');
}
