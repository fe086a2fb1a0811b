import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectoryError, openDataDirectory } from './directory.ts';
import { Store } from './store.ts';

let path: string;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'directory-'));
});
afterEach(() => {
  rmSync(path, { recursive: true, force: true });
});

async function fill(documents: number): Promise<string> {
  const directory = openDataDirectory(path);
  const store = new Store({ path: directory.file, durable: true });
  for (let n = 0; n < documents; n++)
    void store.put(20, Buffer.from(String(n)), Buffer.alloc(n % 3 === 0 ? 9_000 : 700, n));
  await store.put(20, Buffer.from('last'), Buffer.from('1'));
  await store.close();
  directory.release();
  return directory.file;
}

describe('a data directory', () => {
  test('that is empty is made one, and opens again', async () => {
    const file = await fill(500);
    const directory = openDataDirectory(path);
    expect(directory.file).toBe(file);
    directory.release();
  });

  test('that holds foreign files is refused and left as it is', () => {
    writeFileSync(join(path, 'letter.txt'), 'dear');
    expect(() => openDataDirectory(path)).toThrow(DataDirectoryError);
    expect(readdirSync(path)).toEqual(['letter.txt']);
  });

  test('of another format is refused and left as it is', () => {
    writeFileSync(join(path, 'FORMAT'), 'embedded-document-server 999\n');
    expect(() => openDataDirectory(path)).toThrow(/format "embedded-document-server 999"/);
    expect(readdirSync(path)).toEqual(['FORMAT']);
  });

  test('whose file is cut off is refused and left as it is', async () => {
    const file = await fill(500);
    const { size } = statSync(file);
    truncateSync(file, Math.floor(size / 2));
    const before = readFileSync(file);
    expect(() => openDataDirectory(path)).toThrow(/damaged: it has \d+ bytes where its header tells of \d+/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('whose file is something else is refused and left as it is', async () => {
    const file = await fill(1);
    writeFileSync(file, 'a text that is no data file at all'.repeat(1_000));
    expect(() => openDataDirectory(path)).toThrow(/does not begin as a data file must/);
  });

  test('that a living process holds is refused; a lock left behind is not', () => {
    const directory = openDataDirectory(path);
    expect(() => openDataDirectory(path)).toThrow(/in use by process/);
    directory.release();
    // The second as a loss of power leaves it.
    for (const left of ['999999999 12345', '']) {
      writeFileSync(join(path, 'LOCK'), left);
      openDataDirectory(path).release();
    }
  });
});
