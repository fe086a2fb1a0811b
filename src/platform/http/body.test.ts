import { describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { api, expectProblem, good, wish } from '../../../tests/mugs.ts';

describe('a bad body', () => {
  test('is refused with every fault named', async () => {
    const answer = await wish({ name: '', sizes: [{ millilitres: 'x', colour: 1 }], role: 'admin', balance: 1 });
    expectProblem(answer, 422, 'invalid-request');
    const { errors } = answer.body as { errors: { path: string }[] };
    expect(errors.map(({ path }) => path).sort()).toEqual([
      'body.balance',
      'body.name',
      'body.role',
      'body.sizes.0.colour',
      'body.sizes.0.millilitres',
    ]);
  });

  test.each([{ $gt: '' }, { $ne: null }, ['a'], 1, null, true])('%j in place of a text is refused', async (name) => {
    expectProblem(await wish({ ...good, name }), 422, 'invalid-request');
  });

  test.each(['{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{}}}', '{"name":{"\\u005f_proto__":1}}'])(
    'the prototype keys of %s are refused and change nothing',
    async (text) => {
      expectProblem(await wish(undefined).type('json').send(text), 400, 'malformed-request');
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
    },
  );
});

describe('a body that cannot be read', () => {
  test.each(['{', '{"name":"canary-1"', 'canary', ''])('the text %j in place of JSON is refused', async (text) => {
    const answer = await wish(undefined).type('json').send(text);
    expect([400, 422]).toContain(answer.status);
    expect(answer.text).not.toContain('canary');
  });

  test.each([
    [
      'bytes that are no UTF-8',
      Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xc0, 0x80]), Buffer.from('"}')]),
    ],
    ['half a surrogate pair', '{"name":"\\ud800"}'],
    ['NUL', '{"sizes":[{"name":"a\\u0000b"}]}'],
  ])('%s is refused before a text that was not sent is stored', async (_what, body) => {
    const sent = wish(undefined)
      .type('json')
      .serialize((raw: string) => raw);
    expectProblem(await sent.send(body as string), 400, 'malformed-request');
  });

  test('JSON nested a thousand deep is refused before anything is built of it', async () => {
    await wish(good);
    const start = performance.now();
    expectProblem(
      await wish(undefined)
        .type('json')
        .send('['.repeat(1_000) + ']'.repeat(1_000)),
      400,
      'malformed-request',
    );
    expect(performance.now() - start).toBeLessThan(500);
  });

  test('brackets inside of a text are no nesting', async () => {
    await wish({ ...good, name: '[[[[{{{{"\\[[[[[' }).expect(201);
  });

  test('a small body that unpacks to a large one is refused', async () => {
    const bomb = wish(undefined).type('json').set('Content-Encoding', 'gzip');
    bomb.write(gzipSync(Buffer.alloc(10_000_000, ' ')));
    expectProblem(await bomb, 413, 'payload-too-large');
  });

  test('a body that is too long, of another type or another charset is refused', async () => {
    expectProblem(await wish({ ...good, name: 'x'.repeat(110_000) }), 413, 'payload-too-large');
    expectProblem(await wish(undefined).type('text/plain').send('name=x'), 415, 'unsupported-media-type');
    expectProblem(
      await wish(undefined).type('application/json; charset=utf-16le').send('{}'),
      415,
      'unsupported-media-type',
    );
  });
});

describe('a bad path or query', () => {
  test('is refused for a bad id, a bad page and a broken escape', async () => {
    expectProblem(await api().get('/api/mugs/12'), 422, 'invalid-request');
    expectProblem(await api().get('/api/mugs?limit=1000&unknown=1&limit=2'), 422, 'invalid-request');
    expectProblem(await api().get('/api/mugs/%E0%A4%A'), 400, 'malformed-request');
    expectProblem(await api().get('/api/mugs?limit[$gt]=1'), 422, 'invalid-request');
  });

  test('is 404 for an unknown route and 405 for a method it has not, with those it has', async () => {
    expectProblem(await api().get('/api/cups'), 404, 'route-not-found');
    expectProblem(await api().get('/nowhere'), 404, 'route-not-found');
    const answer = await api().delete('/api/mugs');
    expectProblem(answer, 405, 'method-not-allowed');
    expect(answer.get('allow')).toBe('GET, HEAD, POST');
  });
});
