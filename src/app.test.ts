import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { api, expectProblem, feature, good, lines, mugs, parts, user, wish } from '../tests/mugs.ts';
import { createApp } from './app.ts';
import { Id } from './shared/ids.ts';

describe('an answer', () => {
  test('carries request id, trace context, timing and limits', async () => {
    const sent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const answer = await wish(good).set('X-Request-Id', 'my-request-1').set('traceparent', sent).expect(201);
    expect(answer.get('x-request-id')).toBe('my-request-1');
    expect(answer.get('traceparent')).toContain('0af7651916cd43dd8448eb211c80319c');
    expect(answer.get('server-timing')).toMatch(/^total;dur=[\d.]+, db;dur=1\.5;desc="1 query"$/);
    expect(answer.get('ratelimit')).toMatch(/^"address";r=\d+;t=\d+, "user";r=\d+;t=\d+, "wishMug";r=\d+;t=\d+$/);
    expect(answer.get('idempotent-replayed')).toBe('true');
  });

  test('has the headers of security and does not say what serves it', async () => {
    const answer = await api().get('/api/mugs').expect(200);
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'self'"),
      'strict-transport-security': expect.stringContaining('max-age'),
    });
    expect(answer.get('x-powered-by')).toBeUndefined();
  });

  test('to a caller with a token is stored nowhere, one to everybody is asked after each time', async () => {
    expect((await wish(good)).get('cache-control')).toBe('no-store');
    expect((await api().get('/api/mugs')).get('cache-control')).toBe('public, no-cache');
  });

  test('of a list can be narrowed to some fields of its cards', async () => {
    const answer = await api().get('/api/mugs?fields=name&limit=5').expect(200);
    expect(answer.body).toEqual({
      data: mugs.map(({ id, name }) => ({ id, name })),
      page: { nextCursor: null, hasMore: false },
    });
    expectProblem(await api().get('/api/mugs?fields=name,__proto__'), 422, 'invalid-request');
  });

  test('of a list links to the page that follows, by the same query, and on the last page to none', async () => {
    const first = await api().get('/api/mugs?fields=name&limit=1&cursor=x%3E').expect(200);
    expect(first.get('link')).toBe('</api/mugs?fields=name&limit=1&cursor=a%26b>; rel="next"');
    expect((await api().get('/api/mugs').expect(200)).get('link')).toBeUndefined();
  });

  test('is compressed when it is long and the caller can read it', async () => {
    const zipped = (path: string) => api().get(path).set('Accept-Encoding', 'gzip');
    expect((await zipped('/openapi.json')).get('content-encoding')).toBe('gzip');
    expect((await zipped('/api/mugs')).get('content-encoding')).toBeUndefined();
  });

  test('to a browser names the origin only when it is one of ours', async () => {
    const ours = await api().get('/api/mugs').set('Origin', 'https://shop.example');
    expect(ours.get('access-control-allow-origin')).toBe('https://shop.example');
    const foreign = await api().get('/api/mugs').set('Origin', 'https://evil.example');
    expect(foreign.get('access-control-allow-origin')).toBeUndefined();
  });
});

describe('a conditional answer', () => {
  test('that the caller has already is 304', async () => {
    const shown = await api().get('/api/mugs');
    const unchanged = await api()
      .get('/api/mugs')
      .set('If-None-Match', shown.get('etag') ?? '')
      .expect(304);
    // The caller has what stood beside the content, too.
    const policies = [shown, unchanged].map(({ headers }) => 'content-security-policy' in headers);
    expect(policies).toEqual([true, false]);
    await api()
      .get(`/api/mugs/${Id.encode(user)}`)
      .set('If-None-Match', '"v3"')
      .expect(304);
    await api()
      .get(`/api/mugs/${Id.encode(user)}`)
      .set('If-None-Match', '"v2"')
      .expect(200);
  });

  test('of an edit depends on the version named in If-Match', async () => {
    const edit = (tag: string) =>
      api()
        .patch(`/api/mugs/${Id.encode(user)}`)
        .set('If-Match', tag);
    await edit('"v3"').expect(204, '');
    expectProblem(await edit('"v2"'), 412, 'precondition-failed');
  });
});

describe('callers', () => {
  test('without a token, with a wrong one or without a key are refused before their body is looked at', async () => {
    const anonymous = await api().post('/api/mugs').send({});
    expectProblem(anonymous, 401, 'unauthenticated');
    expect(anonymous.get('www-authenticate')).toBe('Bearer');
    expectProblem(await wish({}).set('Authorization', 'Bearer bad'), 403, 'forbidden');
    expectProblem(await wish(good).unset('Idempotency-Key'), 400, 'idempotency-key-required');
  });

  test('that ask too often are told when to come again', async () => {
    const limited = createApp([feature], parts({ perAddress: 2 }));
    await request(limited).get('/api/mugs').expect(200);
    await request(limited).get('/api/mugs').expect(200);
    const refused = await request(limited).get('/api/mugs');
    expectProblem(refused, 429, 'too-many-requests');
    expect(Number(refused.get('retry-after'))).toBeGreaterThan(0);
    await request(limited).get('/health/live').expect(200);
  });
});

describe('faults of ours', () => {
  test('answer 500, tell nothing and are logged with the request', async () => {
    lines.length = 0;
    const answer = await api().get('/api/broken/really');
    expectProblem(answer, 500, 'internal-error');
    const errors = lines.filter((line) => line.includes('"level":"error"'));
    expect(errors).toHaveLength(1);
    expect(JSON.parse(errors[0] ?? '')).toMatchObject({
      requestId: answer.get('x-request-id'),
      error: { message: 'driver message canary-31' },
    });
  });

  test('of a part that is away answer 503 with when to try again', async () => {
    const answer = await api().get('/api/broken/away');
    expectProblem(answer, 503, 'unavailable');
    expect(answer.get('retry-after')).toBe('1');
  });

  test('that take too long answer 503, and what comes late harms nothing', async () => {
    lines.length = 0;
    const hurried = createApp([feature], parts({ requestLimitMs: 20 }));
    expectProblem(await request(hurried).get('/api/broken/slow'), 503, 'timed-out');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });

  test('an answer that is not of its schema, or costs too many queries, fails in tests and passes in production', async () => {
    const relaxed = createApp([feature], parts({ strict: false }));
    for (const how of ['leak', 'greedy']) {
      await api().get(`/api/broken/${how}`).expect(500);
      await request(relaxed).get(`/api/broken/${how}`).expect(200);
    }
  });
});

test('a problem that its endpoint does not declare is a fault in tests, and told in production', async () => {
  expectProblem(await api().get('/api/broken/undeclared'), 500, 'internal-error');
  const relaxed = createApp([feature], parts({ strict: false }));
  expectProblem(await request(relaxed).get('/api/broken/undeclared'), 412, 'precondition-failed');
});

describe('the log', () => {
  test('has one line a request, and an expected refusal is no error', async () => {
    lines.length = 0;
    await wish({ ...good, password: 'canary-9' }).query({ token: 'canary-8' });
    await wish(undefined).type('json').send('{"password":"canary-7"');
    const written = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(written.map(({ level, status, operationId }) => [level, status, operationId])).toEqual([
      ['info', 422, 'wishMug'],
      ['info', 400, undefined],
    ]);
    expect(lines.join('')).not.toContain('canary');
  });

  test('names the queries of a slow request', async () => {
    lines.length = 0;
    const slow = createApp([feature], parts({ slowRequestMs: -1 }));
    await request(slow).post('/api/mugs').set('Authorization', 'Bearer good').set('Idempotency-Key', 'k').send(good);
    const line = lines
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .find(({ message }) => message === 'slow request');
    expect(line).toMatchObject({
      level: 'warn',
      operationId: 'wishMug',
      slowQueries: [{ collection: 'mugs', operation: 'insertOne' }],
    });
  });
});
