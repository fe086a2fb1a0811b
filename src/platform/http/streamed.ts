import type { Request, Response } from 'express';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, constants } from 'node:zlib';
import { codeOf } from '../../shared/errors.ts';
import { acceptsGzip } from './answer.ts';
import { traceOf } from './exchange.ts';
import type { StreamedAnswer } from './streamed-answer.ts';

/**
 * Sends what a handler streams. Up to the first chunk all is as for any answer: it can fail, and has its time. From then on
 * it may take as long as its reader; one that fails is broken off, so that no reader takes a part for the whole.
 */
export async function sendStreamed(req: Request, res: Response, answer: StreamedAnswer): Promise<void> {
  const { mediaType, fileName, chunks } = answer;
  const reading = chunks[Symbol.asyncIterator]();
  const first = await reading.next();
  // The time limit may have answered already, or the caller gone: a pipeline to nobody ends no source.
  if (res.headersSent || res.destroyed) {
    await reading.return?.();
    return;
  }
  traceOf(res).deadlineAt = Infinity;
  const isPacked = acceptsGzip(req.headers['accept-encoding']);
  res.attachment(fileName);
  res.set({ 'Content-Type': mediaType, 'Cache-Control': 'no-store', Vary: 'Accept-Encoding' });
  if (isPacked) res.set('Content-Encoding', 'gzip');
  if (req.method === 'HEAD') {
    await reading.return?.();
    res.end();
    return;
  }
  // The next chunk may take longer than an answer may.
  res.flushHeaders();
  const source = Readable.from(allOf(first, reading), { objectMode: false });
  const packing = isPacked ? [createGzip({ level: constants.Z_BEST_SPEED })] : [];
  await pipeline([source, ...packing, res]).catch(passAborted);
}

async function* allOf(first: IteratorResult<string>, rest: AsyncIterator<string>): AsyncGenerator<string> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** Who went away in the middle of it is no failure of ours. */
export function passAborted(error: unknown): void {
  if (codeOf(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
}
