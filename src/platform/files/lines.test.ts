import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { readLines } from './lines.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lines-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const collect = async (lines: AsyncIterable<string>) => (await Readable.from(lines).toArray()) as string[];

async function linesOf(text: string): Promise<string[]> {
  const file = join(directory, 'lines');
  await writeFile(file, text);
  return collect(readLines(file));
}

test('any texts that are written as lines of JSON are read as they were, by one or in chunks that divide them', async () => {
  const nasty = fc.constantFrom('\u2028', '\u2029', '\u0085', '\v', '\f', '\r', '\n', '\r\n', '😀', 'é', '"', '\\');
  const text = fc.string({ unit: fc.oneof(nasty, fc.string({ minLength: 1, maxLength: 1, unit: 'binary' })) });
  await fc.assert(
    fc.asyncProperty(fc.array(text), fc.constantFrom(1, 7_000), async (texts, times) => {
      const written = texts.map((each) => each.repeat(each.length === 0 ? 1 : Math.ceil(times / each.length)));
      const lines = await linesOf(written.map((each) => `${JSON.stringify(each)}\n`).join(''));
      expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(written);
    }),
  );
});

test('a last line without its end is a line, and a file of nothing has none', async () => {
  expect(await linesOf('a\n\nb')).toEqual(['a', '', 'b']);
  expect(await linesOf('a\n')).toEqual(['a']);
  expect(await linesOf('')).toEqual([]);
});

test('a file that is one endless line is refused before it is taken in whole, and one that is not there is told by name', async () => {
  await expect(linesOf('x'.repeat(17 * 2 ** 20))).rejects.toThrow(/lines is not a file of lines$/);
  await expect(collect(readLines(join(directory, 'nowhere')))).rejects.toMatchObject({ code: 'ENOENT' });
});
