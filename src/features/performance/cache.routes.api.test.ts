import { expect, test } from '@jest/globals';
import request from 'supertest';
import { memoryCache, POLICY } from '../../../tests/caches.ts';
import { expectProblem, feature, parts, user } from '../../../tests/mugs.ts';
import { createApp } from '../../app.ts';
import { forbidden } from '../../platform/http/problems.ts';
import { Problem } from '../../shared/problem.ts';
import { performanceFeature } from './http.ts';

const cache = memoryCache();
const ADMIN = 'Bearer admin';
const { edge, ...others } = parts();
const authorize: typeof edge.authorize = (authorization, permission, merchant) => {
  if (permission.scope !== 'system') return edge.authorize(authorization, permission, merchant);
  if (authorization !== ADMIN) throw new Problem(forbidden, 'Not with this one');
  return Promise.resolve({ actor: { kind: 'user', id: user }, scope: { kind: 'system', reason: 'operator' } });
};
const kept = feature.endpoints.map((each) =>
  each.operationId === 'listMugs' ? { ...each, cache: () => POLICY } : each,
);
const app = createApp([{ ...feature, endpoints: kept }, performanceFeature(cache)], {
  ...others,
  edge: { ...edge, authorize, cache },
});

test('a list that is read twice is a load and a hit in the statistics, in all, by route and by tag', async () => {
  for (const source of ['miss', 'hit-l1']) {
    expect((await request(app).get('/api/mugs').expect(200)).get('x-cache')).toBe(source);
  }
  const answer = await request(app).get('/api/performance/cache/stats').set('Authorization', ADMIN).expect(200);
  const once = { hits: 1, misses: 1, staleServes: 0, loads: 1, failedLoads: 0 };
  expect(answer.body).toMatchObject({
    enabled: true,
    stats: {
      ...once,
      hitRate: 50,
      memory: { hits: 1, misses: 1, entries: 1 },
      byName: { listMugs: once },
      byTag: { products: once },
      hotKeys: [{ key: expect.stringMatching(/^listMugs@/), reads: 1 }],
    },
  });
});

test('statistics are for operators alone', async () => {
  const asked = request(app).get('/api/performance/cache/stats').set('Authorization', 'Bearer good');
  expectProblem(await asked, 403, 'forbidden');
});

test('without a cache the statistics say so', async () => {
  const uncached = createApp([performanceFeature(undefined)], { ...others, edge: { ...edge, authorize } });
  const answer = await request(uncached).get('/api/performance/cache/stats').set('Authorization', ADMIN).expect(200);
  expect(answer.body).toEqual({ enabled: false, stats: null });
});
