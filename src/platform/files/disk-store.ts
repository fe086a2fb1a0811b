import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { removeOlder } from './remove-older.ts';
import { codeOf } from '../../shared/errors.ts';
import { demandFileName, StoreFailure, type FileStore, type StoredFile } from './file-store.ts';

const UNFINISHED = '.part';

/** Files in a directory, which all processes that make or hand out files must share. */
export class DiskStore implements FileStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async put(name: string, source: string): Promise<number> {
    const path = this.#pathOf(name);
    const unfinished = join(this.#directory, `.${randomUUID()}${UNFINISHED}`);
    try {
      await mkdir(dirname(path), { recursive: true });
      await copyFile(source, unfinished);
      const bytes = await settle(unfinished);
      await rename(unfinished, path);
      // The name itself outlives a loss of power only once its directory is written.
      await settle(dirname(path));
      return bytes;
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => undefined);
      throw new StoreFailure(codeOf(error), error);
    }
  }

  async find(name: string): Promise<StoredFile | undefined> {
    const path = this.#pathOf(name);
    const { size } = (await stat(path).catch(passMissing)) ?? {};
    return size === undefined ? undefined : { bytes: size, open: () => createReadStream(path) };
  }

  async remove(name: string): Promise<void> {
    await rm(this.#pathOf(name), { force: true });
  }

  async tidy(before: Date): Promise<void> {
    await removeOlder(this.#directory, (name) => name.endsWith(UNFINISHED), before);
  }

  #pathOf(name: string): string {
    return join(this.#directory, demandFileName(name));
  }
}

/** Waits until what was written is on the disk. @returns the length of the file */
async function settle(path: string): Promise<number> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

function passMissing(error: unknown): undefined {
  const code = codeOf(error);
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
}
