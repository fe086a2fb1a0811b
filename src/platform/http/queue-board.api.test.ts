import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import type { RequestListener } from 'node:http';
import request from 'supertest';
import { createApp } from '../../app.ts';
import { newId } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import { eventually, silent, withRedis } from '../../../tests/environment/index.ts';
import { expectProblem, parts } from '../../../tests/mugs.ts';
import { LocalLimiter } from '../limits/local.ts';
import { Passes } from '../security/passes.ts';
import type { AuditedCall } from './edge.ts';
import { unauthenticated } from './problems.ts';
import { queueBoard } from './queue-board.ts';
import { queueBoardLink } from './queue-board-link.ts';

const redis = withRedis();
const ADMIN = { Authorization: 'Bearer admin' };
const caller = { kind: 'user', id: newId() } as const;
const clock = { now: new Date() };
const passes = new Passes({ secret: 'a secret of the tests', now: () => clock.now });
const audited: AuditedCall[] = [];
let queue: Queue;
let development: RequestListener;
let production: RequestListener;

beforeAll(async () => {
  queue = new Queue('email', { connection: { url: redis.url }, prefix: redis.prefix });
  await queue.add('mail.send', { mailId: newId().toHexString() });
  const authorize = (authorization: string | undefined) => {
    if (authorization !== ADMIN.Authorization) throw new Problem(unauthenticated, 'Send a bearer token');
    return Promise.resolve({ actor: caller });
  };
  const audit = (call: AuditedCall) => Promise.resolve(void audited.push(call));
  const limiter = new LocalLimiter(1, () => clock.now.getTime());
  const guarded = { queues: [queue], authorize, audit, limiter, logger: silent };
  production = createApp([], { ...parts(), operations: [queueBoard(guarded)] });
  development = createApp([], { ...parts(), operations: [queueBoard({ ...guarded, passes })] });
});
afterAll(() => queue.close());

const PAGES = ['/ops/queues', '/ops/queues/', '/ops/queues/api/queues', '/ops/queues/static/favicon.ico'];

async function cookieOf(app: RequestListener): Promise<string> {
  const entered = await request(app).get(queueBoardLink(passes)).expect(303);
  expect(entered.get('location')).toBe('/ops/queues');
  return entered.get('set-cookie')?.[0] ?? '';
}

test.each(PAGES)('A6: without a token %s is refused, in development as in production', async (path) => {
  for (const app of [development, production]) expectProblem(await request(app).get(path), 401, 'unauthenticated');
});

test('an admin sees the queues and their jobs by a bearer token', async () => {
  const shown = await request(production).get('/ops/queues/api/queues').set(ADMIN).expect(200);
  expect(shown.body).toMatchObject({ queues: [{ name: 'email', counts: { waiting: 1 } }] });
});

test('the page holds nothing that the policy of all pages forbids to run', async () => {
  const page = await request(production).get('/ops/queues').set(ADMIN).expect(200);
  expect(page.get('content-security-policy')).toMatch(/^default-src 'self'/);
  expect(page.get('x-powered-by')).toBeUndefined();
  expect(page.get('cache-control')).toBe('no-store');
  const scripts = Array.from(page.text.matchAll(/<script([^>]*)>/g), ([, attributes = '']) => attributes);
  expect(scripts.length).toBeGreaterThan(1);
  for (const attributes of scripts) expect(attributes).toMatch(/type="application\/json"|src="static\//);
});

test.each(['/ops/queues', '/ops/queues/queue/email'])('a browser at %s finds all files of the page', async (path) => {
  const page = await request(production).get(path).set(ADMIN).expect(200);
  // Without its <base> a browser would look for them beside the page's own address.
  expect(page.get('content-security-policy')).toContain("base-uri 'self'");
  const [, base = ''] = /<base href="([^"]+)"/.exec(page.text) ?? [];
  const files = Array.from(page.text.matchAll(/(?:src|href)="(static\/[^"]+)"/g), ([, file = '']) => file);
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) {
    const { pathname } = new URL(file, new URL(base, 'http://shop.test'));
    await request(production).get(pathname).set(ADMIN).expect(200);
  }
});

test('the link that npm start prints sets a cookie of an hour that scripts and other sites cannot use', async () => {
  const cookie = await cookieOf(development);
  for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/ops;', 'Max-Age=3600']) expect(cookie).toContain(part);
  for (const path of PAGES)
    await request(development)
      .get(path)
      .set('Cookie', cookie.split(';')[0] ?? '')
      .expect(200);
});

test('a cookie or a link that is too old, made up or of the other purpose opens nothing', async () => {
  const link = queueBoardLink(passes);
  const pass = link.split('token=')[1] ?? '';
  const cookie = (await cookieOf(development)).split(';')[0] ?? '';
  for (const wrong of [`queue_board=${pass}`, 'queue_board=9999999999999.x', 'queue_board='])
    expectProblem(await request(development).get('/ops/queues').set('Cookie', wrong), 401, 'unauthenticated');
  clock.now = new Date(clock.now.getTime() + 13 * 3_600_000);
  expectProblem(await request(development).get(link), 401, 'unauthenticated');
  expectProblem(await request(development).get('/ops/queues').set('Cookie', cookie), 401, 'unauthenticated');
});

test('in production neither link nor cookie opens anything', async () => {
  const cookie = (await cookieOf(development)).split(';')[0] ?? '';
  expectProblem(await request(production).get(queueBoardLink(passes)), 401, 'unauthenticated');
  expectProblem(await request(production).get('/ops/queues').set('Cookie', cookie), 401, 'unauthenticated');
});

test('a page of another origin cannot use the cookie, though it is of the same machine', async () => {
  const cookie = (await cookieOf(development)).split(';')[0] ?? '';
  const pause = () => request(development).put('/ops/queues/api/queues/email/pause').set('Cookie', cookie);
  expectProblem(await pause().set('Origin', 'http://127.0.0.1:8080'), 403, 'forbidden');
  expect(await queue.isPaused()).toBe(false);
  await pause().expect(200);
  expect(await queue.isPaused()).toBe(true);
});

test('who looks is written down once in an hour, and again where it fails; what is done each time', async () => {
  clock.now = new Date(clock.now.getTime() + 3_600_000);
  audited.length = 0;
  await request(production).get('/ops/queues/api/queues').set(ADMIN).expect(200);
  await request(production).get('/ops/queues').set(ADMIN).expect(200);
  await request(production).get('/ops/queues/api/queues/none/1').set(ADMIN).expect(404);
  for (const change of ['pause', 'resume'])
    await request(production).put(`/ops/queues/api/queues/email/${change}`).set(ADMIN).expect(200);
  await eventually(() => audited.length >= 4);
  const shown = audited.map(({ path, input, context, result }) => [path, input, context.actor.kind, result]);
  expect(shown).toEqual([
    ['/ops/queues/api/queues', { method: 'GET' }, 'user', 'done'],
    ['/ops/queues/api/queues/none/1', { method: 'GET' }, 'user', 'refused'],
    ['/ops/queues/api/queues/email/pause', { method: 'PUT' }, 'user', 'done'],
    ['/ops/queues/api/queues/email/resume', { method: 'PUT' }, 'user', 'done'],
  ]);
});

test('its scripts are packed', async () => {
  const page = await request(production).get('/ops/queues').set(ADMIN).expect(200);
  const [, script = ''] = /src="(static\/[^"]+\.js)"/.exec(page.text) ?? [];
  const packed = await request(production).get(`/ops/queues/${script}`).set(ADMIN).set('Accept-Encoding', 'gzip');
  expect([packed.status, packed.get('content-encoding')]).toEqual([200, 'gzip']);
});
