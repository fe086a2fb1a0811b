import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import request from 'supertest';
import { z } from 'zod';
import { openCache, type OpenCache } from '../../../tests/caches.ts';
import { eventually, withRedis } from '../../../tests/environment/index.ts';
import { expectProblem, parts, user } from '../../../tests/mugs.ts';
import { createApp } from '../../app.ts';
import { endpoint } from '../../platform/http/endpoint.ts';
import { forbidden } from '../../platform/http/problems.ts';
import { Problem } from '../../shared/problem.ts';
import { performanceFeature } from './http.ts';

const redis = withRedis();
const ADMIN = 'Bearer admin';
const KINDS = ['mugs', 'cups'] as const;
type Kind = (typeof KINDS)[number];
/** What there is; nobody is told when it changes. */
const shelf: Record<Kind, string> = { mugs: '', cups: '' };

const shelves = KINDS.map((kind) =>
  endpoint({
    method: 'get',
    path: `/${kind}`,
    operationId: `list-${kind}`,
    summary: `What ${kind} there are`,
    permission: { scope: 'public' },
    status: 200,
    problems: [],
    queryBudget: 0,
    idempotent: false,
    input: z.object({}),
    output: z.strictObject({ colour: z.string() }),
    cache: () => ({ freshSeconds: 600, staleSeconds: 600, tags: [`${kind}:all`] }),
    handle: () => Promise.resolve({ colour: shelf[kind] }),
  }),
);

const { edge, ...others } = parts();
const authorize: typeof edge.authorize = (authorization, permission, merchant) => {
  if (permission.scope !== 'system') return edge.authorize(authorization, permission, merchant);
  if (authorization !== ADMIN) throw new Problem(forbidden, 'Not with this one');
  return Promise.resolve({ actor: { kind: 'user', id: user }, scope: { kind: 'system', reason: 'an operator' } });
};

function processOf({ cache }: OpenCache) {
  const features = [{ name: 'shelves', endpoints: shelves }, performanceFeature(cache)];
  const app = createApp(features, { ...others, edge: { ...edge, authorize, cache } });
  return {
    clear: (what: object, authorization = ADMIN) =>
      request(app).post('/api/performance/cache/clear').set('Authorization', authorization).send(what),
    async shows(): Promise<Record<Kind, string>> {
      const colour = async (kind: Kind) => {
        const answer = await request(app).get(`/api/${kind}`).expect(200);
        return (answer.body as { colour: string }).colour;
      };
      return { mugs: await colour('mugs'), cups: await colour('cups') };
    },
  };
}

let round = 0;
let caches: readonly [OpenCache, OpenCache];
let clearing: ReturnType<typeof processOf>;
let other: ReturnType<typeof processOf>;
beforeEach(async () => {
  const settings = { url: redis.url, prefix: `${redis.prefix}-${String((round += 1))}` };
  caches = [await openCache(settings), await openCache(settings)];
  [clearing, other] = [processOf(caches[0]), processOf(caches[1])];
  Object.assign(shelf, { mugs: 'old', cups: 'old' });
  await clearing.shows();
  await eventually(async () => (await redis.client.keys(`${settings.prefix}:cache:value:*`)).length === KINDS.length);
  await other.shows();
  Object.assign(shelf, { mugs: 'new', cups: 'new' });
});
afterEach(() => {
  for (const { close } of caches) close();
});

test.each([
  [{}, { mugs: 'new', cups: 'new' }, '*'],
  [{ pattern: '*' }, { mugs: 'new', cups: 'new' }, '*'],
  [{ tag: 'mugs:all' }, { mugs: 'new', cups: 'old' }, 'mugs:all'],
  [{ pattern: 'list-c?ps*' }, { mugs: 'old', cups: 'new' }, 'list-c?ps*'],
  [{ pattern: 'nothing*' }, { mugs: 'old', cups: 'old' }, 'nothing*'],
])('after %j was cleared this process and others show %j', async (what, shown, cleared) => {
  expect((await clearing.clear(what).expect(200)).body).toEqual({ cleared });
  expect(await clearing.shows()).toEqual(shown);
  await caches[1].cache.confirm();
  expect(await other.shows()).toEqual(shown);
});

test.each([[{}], [{ tag: 'mugs:all' }], [{ pattern: 'list-mugs*' }]])(
  'when Redis cannot be told of %j, that is said, it holds in this process all the same, and in others once Redis is back',
  async (what) => {
    caches[0].redis.disconnect();
    await once(caches[0].redis, 'end');
    expectProblem(await clearing.clear(what), 503, 'unavailable');
    expect((await clearing.shows()).mugs).toBe('new');
    await caches[0].redis.connect();
    for (const { cache } of caches) await cache.confirm();
    expect((await other.shows()).mugs).toBe('new');
  },
);

test('who is no operator clears nothing, nor who asks for a tag and a pattern at once', async () => {
  expectProblem(await clearing.clear({}, 'Bearer good'), 403, 'forbidden');
  expectProblem(await clearing.clear({ tag: 'mugs:all', pattern: '*' }), 422, 'invalid-request');
  expect(await clearing.shows()).toEqual({ mugs: 'old', cups: 'old' });
});
