import { expect, test } from '@jest/globals';
import { z } from 'zod';
import type { Cache } from '../../platform/cache/cache.ts';
import { section, type Section } from '../../platform/http/section.ts';
import { newId } from '../../shared/ids.ts';
import { Problem, unavailable } from '../../shared/problem.ts';
import type { RequestContext } from '../../shared/scope.ts';
import { PrefetchService } from './prefetch.service.ts';

const merchantContext = (role = 'staff', merchantId = newId()): RequestContext => ({
  actor: { kind: 'user', id: newId() },
  scope: { kind: 'merchant', merchantId },
  role,
  requestId: 'request',
  traceparent: undefined,
  address: '127.0.0.1',
  deadlineAt: Infinity,
  ifMatch: undefined,
  idempotencyKey: undefined,
});

const part = (name: string, load: Section['load'], more: Partial<Section> = {}): Section => ({
  ...section({
    screen: 'dashboard',
    name,
    output: z.string(),
    timeoutMs: 60_000,
    queryBudget: 0,
    load: () => Promise.resolve(''),
  }),
  load,
  ...more,
});

function service(kept = new Map<string, unknown>()) {
  const reported: unknown[] = [];
  const cache: Pick<Cache, 'getOrSet'> = {
    async getOrSet<T>(key: string, load: () => Promise<T>) {
      if (!kept.has(key)) kept.set(key, await load());
      return kept.get(key) as T;
    },
  };
  return {
    prefetch: new PrefetchService({ cache, logger: { error: (line: unknown) => reported.push(line) } }),
    reported,
  };
}

test('a section that is broken, away or too slow says so by itself, and the others are there', async () => {
  const { prefetch, reported } = service();
  const sections = [
    part('good', () => Promise.resolve('yes')),
    part('broken', () => Promise.reject(new TypeError('secret'))),
    part('away', () => Promise.reject(new Problem(unavailable, 'Away'))),
    part('slow', () => new Promise(() => undefined), { timeoutMs: 5 }),
  ];
  expect(await prefetch.load(sections, merchantContext())).toEqual({
    good: { data: 'yes' },
    broken: { error: { code: 'internal-error', status: 500, title: 'Something went wrong' } },
    away: { error: unavailable },
    slow: { error: { code: 'timed-out', status: 503, title: 'Answer did not come in time' } },
  });
  expect(reported).toMatchObject([{ section: 'broken' }]);
});

test('a role that does not see a section gets an answer without it, and nothing is loaded', async () => {
  const { prefetch } = service();
  let loads = 0;
  const load = () => Promise.resolve(String((loads += 1)));
  const sections = [part('people', load, { role: 'manager' })];
  expect(await prefetch.load(sections, merchantContext('staff'))).toEqual({});
  expect(await prefetch.load(sections, merchantContext('support'))).toEqual({});
  expect(loads).toBe(0);
  expect(await prefetch.load(sections, merchantContext('owner'))).toEqual({ people: { data: '1' } });
});

test('a kept section is loaded once for all of a store, without knowing who asks, and never shown to another', async () => {
  const { prefetch } = service();
  const actors: string[] = [];
  const kept = part(
    'kept',
    ({ actor, scope }) => {
      actors.push(actor.kind);
      return Promise.resolve(JSON.stringify(scope));
    },
    { cache: () => ({ freshSeconds: 30, staleSeconds: 0, tags: [] }) },
  );
  const [store, other] = [newId(), newId()];
  const first = await prefetch.load([kept], merchantContext('staff', store));
  expect(await prefetch.load([kept], merchantContext('owner', store))).toEqual(first);
  expect(await prefetch.load([kept], merchantContext('owner', other))).not.toEqual(first);
  expect(actors).toEqual(['anonymous', 'anonymous']);
});
