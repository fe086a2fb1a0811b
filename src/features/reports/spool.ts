import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Digest } from './digest.ts';
import type { About, ReportKind, Sources } from './kinds/kind.ts';

/** There are more rows than a format can hold, or anybody would read. */
export class TooManyRows extends Error {
  override readonly name = 'TooManyRows';
}

export interface Spooling {
  readonly kind: ReportKind;
  readonly sources: Sources;
  readonly about: About;
  /** Where the rows are written, one JSON array of cells a line. */
  readonly file: string;
  /** Is told now and then which share is written, from 0 to 1. */
  readonly passed: (share: number) => void;
  readonly signal: AbortSignal;
}

const LINES = 200;

/**
 * Reads a report's rows into a file, as fast as the disk takes them, and gathers its sums and charts on the way: what a page says
 * at its top is known before its first row is drawn, and all of it is of the same reading.
 * @throws TooManyRows
 */
export async function spool({ kind, sources, about, file, passed, signal }: Spooling): Promise<Digest> {
  const expected = await kind.count?.(sources, about);
  if (expected !== undefined && expected > about.maxRows) throw new TooManyRows();
  const digest = new Digest(kind, about);
  async function* lines(): AsyncGenerator<string> {
    let block = '';
    for await (const row of kind.read(sources, about)) {
      block += `${JSON.stringify(digest.add(row))}\n`;
      if (digest.rows > about.maxRows) throw new TooManyRows();
      if (digest.rows % LINES !== 0) continue;
      if (expected !== undefined) passed(Math.min(1, digest.rows / expected));
      yield block;
      block = '';
    }
    yield block;
  }
  await pipeline(Readable.from(lines(), { objectMode: true, highWaterMark: 1 }), createWriteStream(file), { signal });
  return digest;
}
