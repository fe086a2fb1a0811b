import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes the files and directories of one directory that were last changed before a moment and are named so. */
export async function removeOlder(
  directory: string,
  isNamedSo: (name: string) => boolean,
  before: Date,
): Promise<void> {
  // A directory that is not there holds nothing.
  const names = await readdir(directory).catch(() => []);
  for (const path of names.filter(isNamedSo).map((name) => join(directory, name))) {
    const changed = await stat(path).catch(() => undefined);
    if (changed !== undefined && changed.mtime < before) await rm(path, { recursive: true, force: true });
  }
}
