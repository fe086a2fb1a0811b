import { beforeEach, expect, test } from '@jest/globals';
import request from 'supertest';
import { createApp } from '../../app.ts';
import { eventually } from '../../../tests/environment/index.ts';
import { expectProblem, parts } from '../../../tests/mugs.ts';
import { newId } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import { LocalLimiter } from '../limits/local.ts';
import type { ScheduleStanding } from '../queue/schedule.desk.ts';
import { Passes } from '../security/passes.ts';
import type { AuditedCall } from './edge.ts';
import { opsPages } from './ops-pages.ts';
import { CallerRefused, unauthenticated } from './problems.ts';

const ADMIN = { Authorization: 'Bearer admin' };
const HOSTILE = '<script>alert(1)</script>';
const caller = { kind: 'user', id: newId() } as const;
const clock = { now: Date.now() };
const audited: AuditedCall[] = [];
beforeEach(() => {
  audited.length = 0;
});

const at = (minutes: number) => new Date(Date.now() + minutes * 60_000);
const daily = { cron: '10 3 * * *', timeZone: 'Europe/Berlin', missed: 'catch-up' } as const;
const schedules: readonly ScheduleStanding[] = [
  { ...daily, name: 'fresh', lastSlot: null, nextSlot: at(90), runs: 0, outcome: null },
  { ...daily, name: 'fine', lastSlot: at(-5), nextSlot: at(1), runs: 7, outcome: { state: 'done', durationMs: 1_234 } },
  {
    ...daily,
    name: 'broken',
    lastSlot: at(-5),
    nextSlot: at(1),
    runs: 8,
    outcome: { state: 'failed', reason: HOSTILE },
  },
];

const app = createApp([], {
  ...parts(),
  operations: [
    opsPages({
      schedules: { list: () => Promise.resolve(schedules) },
      health: { report: () => ({ status: 'degraded', checks: {} }) as never },
      hasMails: false,
      passes: new Passes({ secret: 'a secret of the tests' }),
      authorize: (authorization) => {
        if (authorization === 'Bearer staff') throw new CallerRefused('Not with this role', caller);
        if (authorization !== ADMIN.Authorization) throw new Problem(unauthenticated, 'Send a bearer token');
        return Promise.resolve({ actor: caller });
      },
      audit: (call) => Promise.resolve(void audited.push(call)),
      limiter: new LocalLimiter(1, () => clock.now),
    }),
  ],
});

test.each(['/ops', '/ops/schedules', '/ops/schedules?refreshed'])('A6: without a token %s is refused', async (path) => {
  expectProblem(await request(app).get(path), 401, 'unauthenticated');
});

test('the page of schedules tells of each its times, what came of it and how often it ran', async () => {
  const { text, headers } = await request(app).get('/ops/schedules').set(ADMIN).expect(200);
  expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'text/html; charset=utf-8' });
  const rows = Array.from(text.matchAll(/<tr><th scope="row">(.*?)<\/tr>/gs), ([, row = '']) =>
    row.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' '),
  );
  expect(rows).toHaveLength(3);
  expect(rows[0]).toMatch(/^fresh 10 3 \* \* \* Europe\/Berlin the latest caught up not yet .* in 1 h (29|30) min 0 $/);
  expect(rows[1]).toMatch(/^fine .* UTC 5 min ago done took 1 s .* 7 $/);
  expect(rows[2]).toContain('failed');
  expect(text).toContain('1 failed at the last run');
});

test('the pages run no script, show whatever a reason holds as text, and ask for themselves again', async () => {
  for (const path of ['/ops', '/ops/schedules']) {
    const { text } = await request(app).get(path).set(ADMIN).expect(200);
    expect(text).not.toMatch(/<script|onload=|javascript:/i);
    expect(text).toContain('<html lang="en">');
  }
  const { text } = await request(app).get('/ops/schedules').set(ADMIN).expect(200);
  expect(text).toContain('&lt;script&gt;');
  expect(text).toContain('<meta http-equiv="refresh" content="30">');
});

test('the index leads to what operators have', async () => {
  const { text } = await request(app).get('/ops').set(ADMIN).expect(200);
  const links = Array.from(text.matchAll(/href="([^"]+)"/g), ([, href]) => href);
  expect(links).toEqual(['/ops/queues', '/ops/schedules', '/health', '/docs']);
  expect(text).toContain('degraded');
});

const noted = () => audited.map(({ operationId, path, result }) => [operationId, path, result]);

test('who looks at a page is written down once in an hour, whatever the request says of itself', async () => {
  clock.now += 3_600_000;
  for (const path of ['/ops/schedules?refreshed', '/ops/schedules', '/ops/schedules', '/ops'])
    await request(app).get(path).set(ADMIN).expect(200);
  clock.now += 3_600_000;
  await request(app).get('/ops?refreshed').set(ADMIN).expect(200);
  await eventually(() => audited.length >= 3);
  expect(noted()).toEqual(['/ops/schedules', '/ops', '/ops'].map((path) => ['useOpsPages', path, 'done']));
});

test('somebody known whom a page refuses is written down; a caller without a token is not', async () => {
  await request(app).get('/ops').expect(401);
  expectProblem(await request(app).get('/ops').set('Authorization', 'Bearer staff'), 403, 'forbidden');
  await eventually(() => audited.length > 0);
  expect(noted()).toEqual([['useOpsPages', '/ops', 'refused']]);
});
