import { Router } from 'express';
import { extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Problem, type ProblemKind } from '../../shared/problem.ts';
import { FILES_PATH, type FileLinks } from '../files/file-links.ts';
import type { FileStore } from '../files/file-store.ts';
import { passAborted } from './streamed.ts';

export const fileNotFound: ProblemKind = { code: 'file-not-found', status: 404, title: 'There is no such file' };

const TYPES: Readonly<Record<string, string>> = {
  '.csv': 'text/csv; charset=utf-8',
  '.pdf': 'application/pdf',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

export interface FileDownloadParts {
  readonly links: Pick<FileLinks, 'open'>;
  readonly store: Pick<FileStore, 'find'>;
}

/**
 * `/files?token=…`: hands out a file of the store to whoever holds a link to it. Apart from the API, whose answers are
 * JSON. In the query, where logs mask tokens.
 */
export function fileDownloads({ links, store }: FileDownloadParts): Router {
  const router = Router();
  router.get(FILES_PATH, async ({ method, query: { token } }, res) => {
    const linked = links.open(typeof token === 'string' ? token : '');
    const file = linked === undefined ? undefined : await store.find(linked.name);
    if (linked === undefined || file === undefined) {
      throw new Problem(fileNotFound, 'The link is not valid, its time is over, or the file was removed');
    }
    // Opened for a caller who has gone meanwhile, a file would never be closed.
    if (res.destroyed) return;
    res.attachment(linked.downloadName);
    res.set({
      'Content-Type': TYPES[extname(linked.downloadName)] ?? 'application/octet-stream',
      'Content-Length': String(file.bytes),
      // Compressed on the way it would have no length, and nobody could show how far the download is.
      'Cache-Control': 'no-store, no-transform',
      'X-Robots-Tag': 'noindex',
    });
    if (method === 'HEAD') res.end();
    else await pipeline(file.open(), res).catch(passAborted);
  });
  return router;
}
