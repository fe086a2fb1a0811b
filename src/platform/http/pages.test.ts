import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { api, expectProblem, feature } from '../../../tests/mugs.ts';
import { projectRoot } from '../process/project-root.ts';

const { version } = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')) as { version: string };

describe('pages', () => {
  test('the document is OpenAPI 3.1 and holds each endpoint with its problems', async () => {
    const body: unknown = (await api().get('/openapi.json').expect(200)).body;
    expect(body).toMatchObject({
      openapi: '3.1.0',
      info: { version },
      paths: {
        '/mugs': {
          get: { operationId: 'listMugs', tags: ['mugs'] },
          post: { responses: { 201: {}, 401: {}, 413: {}, 415: {}, 422: {} } },
        },
      },
    });
    const { parameters } =
      (body as { paths: Record<string, { get: { parameters: unknown } }> }).paths['/mugs/{mugId}']?.get ?? {};
    expect(parameters).toMatchObject([
      { name: 'mugId', in: 'path', schema: { type: 'string', pattern: '^[a-f0-9]{24}$' } },
    ]);
  });

  test('the docs page names each endpoint and loads nothing from elsewhere', async () => {
    const { text } = await api().get('/docs').expect(200).expect('content-type', /html/);
    for (const { operationId } of feature.endpoints) expect(text).toContain(`id="${operationId}"`);
    expect(text).not.toMatch(/<script|<link|<img|@import|src=/);
  });

  test.each(['/', '/api'])('whoever opens %s is shown the docs', async (path) => {
    await api().get(path).expect(303).expect('location', '/docs');
  });

  test('a problem is explained where its type leads to, and nothing else is read', async () => {
    await api()
      .get('/problems/invalid-request')
      .expect(200)
      .expect('content-type', /markdown/);
    expectProblem(await api().get('/problems/unheard-of'), 404, 'route-not-found');
    expectProblem(await api().get('/problems/..%2f..%2fpackage'), 404, 'route-not-found');
  });

  test('a probe finds out that the process lives and is ready', async () => {
    await api().get('/health/live').expect(200, { status: 'alive' });
    await api().get('/health/ready').expect(200);
    expect((await api().get('/health')).body).toMatchObject({ status: 'healthy', checks: {} });
  });
});
