import { expect, test } from '@jest/globals';
import request from 'supertest';
import { createApp } from '../../app.ts';
import { feature, parts } from '../../../tests/mugs.ts';
import { acceptsGzip, finish, finishedAnswers } from './answer.ts';

const asked = (headers: Record<string, string>) => ({ headers }) as unknown as Parameters<Answer['formFor']>[0];
type Answer = Awaited<ReturnType<typeof finish>>;

const long = { text: 'mug '.repeat(500) };
const made = () => finish(long, { etag: undefined, pairs: ['Link', '</next>; rel="next"'] }, 'kept');

test.each([
  ['gzip', true],
  ['deflate, gzip;q=0.5', true],
  ['br, *', true],
  ['gzip;q=0, br', false],
  ['gzip;q=0.0', false],
  ['gzip;q=0, *', false],
  ['*, GZIP ; q=0', false],
  ['*;q=0, gzip', true],
  ['*;q=0', false],
  ['br;q=1, *;q=0.1', true],
  ['gzip, deflate, br, zstd', true],
  ['identity', false],
  [undefined, false],
])('Accept-Encoding %j lets gzip in: %s', (header, expected) => {
  expect(acceptsGzip(header)).toBe(expected);
});

test('an answer comes out of Redis as it went in', async () => {
  const answer = await made();
  const again = finishedAnswers.decode(finishedAnswers.encode(answer));
  for (const headers of [{}, { 'accept-encoding': 'gzip' }]) {
    expect(again.formFor(asked(headers))).toEqual(answer.formFor(asked(headers)));
  }
  expect(() => finishedAnswers.decode(Buffer.from('something else'))).toThrow();
});

test('what is kept holds no more memory than its bytes, made here or come out of Redis', async () => {
  const fields = { etag: undefined, pairs: [] };
  const answers = [await finish(long, fields, 'kept'), await finish({ text: 'mug' }, fields, 'kept')];
  for (const answer of [...answers, ...answers.map((each) => finishedAnswers.decode(finishedAnswers.encode(each)))]) {
    for (const bytes of [answer.body, answer.packed ?? Buffer.alloc(0)]) {
      expect(bytes.buffer.byteLength).toBe(bytes.length);
    }
  }
});

test('each form has a strong tag of its own, and either says that the caller holds the answer', async () => {
  const answer = await made();
  const tags = [{}, { 'accept-encoding': 'gzip' }].map((headers) => answer.formFor(asked(headers)).etag);
  expect(new Set(tags).size).toBe(2);
  for (const tag of [...tags, `W/${tags[0] ?? ''}`, `"x", ${tags[1] ?? ''}`, '*']) {
    expect([tag, answer.isHeldBy(asked({ 'if-none-match': tag }))]).toEqual([tag, true]);
  }
  expect(answer.isHeldBy(asked({ 'if-none-match': '"x"' }))).toBe(false);
  expect(answer.isHeldBy(asked({ 'if-none-match': tags[0] ?? '', 'cache-control': 'no-cache' }))).toBe(false);
});

test('HEAD is answered with the fields of GET and no body, 304 with neither length nor type', async () => {
  const app = createApp([feature], parts());
  const got = await request(app).get('/api/mugs').expect(200);
  const head = await request(app).head('/api/mugs').expect(200);
  expect([head.get('etag'), head.get('content-length')]).toEqual([got.get('etag'), got.get('content-length')]);
  expect(head.text).toBeUndefined();
  const unchanged = await request(app)
    .get('/api/mugs')
    .set('If-None-Match', got.get('etag') ?? '')
    .expect(304, '');
  expect(unchanged.get('content-type')).toBeUndefined();
  expect(unchanged.get('content-length')).toBeUndefined();
});
