import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
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
  const directory = await openDataDirectory(path);
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
    const directory = await openDataDirectory(path);
    expect(directory.file).toBe(file);
    directory.release();
  });

  test('that holds foreign files is refused and left as it is', async () => {
    writeFileSync(join(path, 'letter.txt'), 'dear');
    await expect(openDataDirectory(path)).rejects.toThrow(DataDirectoryError);
    expect(readdirSync(path)).toEqual(['letter.txt']);
  });

  test('of another format is refused and left as it is', async () => {
    writeFileSync(join(path, 'FORMAT'), 'embedded-document-server 999\n');
    await expect(openDataDirectory(path)).rejects.toThrow(/format "embedded-document-server 999"/);
    expect(readdirSync(path)).toEqual(['FORMAT']);
  });

  test('whose file is cut off is refused and left as it is', async () => {
    const file = await fill(500);
    const { size } = statSync(file);
    truncateSync(file, Math.floor(size / 2));
    const before = readFileSync(file);
    await expect(openDataDirectory(path)).rejects.toThrow(/damaged: it has \d+ bytes where its header tells of \d+/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('whose file is something else is refused and left as it is', async () => {
    const file = await fill(1);
    writeFileSync(file, 'a text that is no data file at all'.repeat(1_000));
    await expect(openDataDirectory(path)).rejects.toThrow(/does not begin as a data file must/);
  });

  test('that a living process holds is refused; a lock left behind is not', async () => {
    const directory = await openDataDirectory(path);
    await expect(openDataDirectory(path)).rejects.toThrow(/in use by process/);
    directory.release();
    // The second as a loss of power leaves it.
    for (const left of ['999999999 12345', '']) {
      writeFileSync(join(path, 'LOCK'), left);
      (await openDataDirectory(path)).release();
    }
  });

  test.each(['is new', 'has a lock left behind'])(
    'that %s is had by one of several that start at once',
    async (kind) => {
      await amongContenders(4, async (tell) => {
        for (let round = 0; round < 40; round += 1) {
          const contested = join(path, String(round));
          if (kind !== 'is new') await leaveBehind(contested);
          const outcomes = await tell({ path: contested });
          expect(outcomes.filter((outcome) => outcome === 'held')).toHaveLength(1);
          const refused = outcomes.filter((outcome) => outcome !== 'held');
          expect(refused).toEqual(refused.map(() => expect.stringContaining('is in use by')));
          await tell({});
        }
      });
    },
  );
});

/** As a server leaves it that is killed. */
async function leaveBehind(directory: string): Promise<void> {
  (await openDataDirectory(directory)).release();
  writeFileSync(join(directory, 'LOCK'), '999999999 12345');
}

/** Has processes do the same at once. */
async function amongContenders(
  count: number,
  work: (tell: (message: { path?: string }) => Promise<readonly string[]>) => Promise<void>,
): Promise<void> {
  const all = Array.from({ length: count }, () => fork(new URL('contender.fixture.ts', import.meta.url)));
  const answers = () => Promise.all(all.map((child) => once(child, 'message').then(([answer]) => answer as string)));
  try {
    await answers();
    await work((message) => {
      const answered = answers();
      for (const child of all) child.send(message);
      return answered;
    });
  } finally {
    for (const child of all) child.disconnect();
  }
}
