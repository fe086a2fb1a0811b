import { Router } from 'express';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Problem } from '../../shared/problem.ts';
import { finish, finishText, sendFinished } from './answer.ts';
import { projectRoot } from '../process/project-root.ts';
import { docsPage } from './docs-page.ts';
import type { Feature } from './endpoint.ts';
import { openApiOf } from './openapi.ts';
import { routeNotFound } from './problems.ts';

const Package = z.object({ version: z.string() });

/**
 * `/openapi.json`, `/docs`, and a page for each kind of problem out of the directory `problemPages`. Whoever comes to the
 * front door is shown the documentation.
 */
export function documentation(features: readonly Feature[], problemPages: string): Router {
  const router = Router();
  // Written when first asked for: a process that serves no reader need not hold it.
  const document = once(() => openApiOf(features, { title: 'Merchant platform API', version: versionOfPackage() }));
  const documentAnswer = once(() => finish(document(), { etag: undefined, pairs: [] }, 'kept'));
  const html = { etag: undefined, pairs: [], type: 'text/html; charset=utf-8' };
  const pageAnswer = once(() => finishText(docsPage(document()), html, 'kept'));

  router.get(['/', '/api'], (_req, res) => {
    res.redirect(303, '/docs');
  });
  router.get('/openapi.json', async (req, res) => {
    sendFinished(req, res, await documentAnswer(), 200, []);
  });
  router.get('/docs', async (req, res) => {
    sendFinished(req, res, await pageAnswer(), 200, []);
  });
  router.get('/problems/:code', async ({ params: { code } }, res) => {
    const text = /^[a-z\d-]{1,64}$/.test(code) ? await readPage(join(problemPages, `${code}.md`)) : undefined;
    if (text === undefined) throw new Problem(routeNotFound, 'There is no problem of this code');
    res.type('text/markdown').send(text);
  });
  return router;
}

function versionOfPackage(): string {
  return Package.parse(JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8'))).version;
}

async function readPage(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
