import { expect, test } from '@jest/globals';
import request from 'supertest';
import { z } from 'zod';
import { memoryCache } from '../../../tests/caches.ts';
import { parts } from '../../../tests/mugs.ts';
import { createApp } from '../../app.ts';
import { newId } from '../../shared/ids.ts';
import type { Identity } from '../../shared/scope.ts';
import type { Vary } from './anybody.ts';
import { endpoint } from './endpoint.ts';

/*
 * What a route declares of its kept answer, held against two people and two languages: by `vary` each has an answer of its own,
 * and without it the handler knows of neither, so that there is nothing to mix up.
 */

const merchantId = newId();
const people: Readonly<Record<string, Identity>> = {
  'Bearer owner': { actor: { kind: 'user', id: newId() }, scope: { kind: 'merchant', merchantId }, role: 'owner' },
  'Bearer staff': { actor: { kind: 'user', id: newId() }, scope: { kind: 'merchant', merchantId }, role: 'staff' },
};
const anybody: Identity = { actor: { kind: 'anonymous' }, scope: { kind: 'public' } };

let handled = 0;

const shelf = (scope: 'merchant' | 'public', vary?: readonly Vary[]) =>
  endpoint({
    method: 'get',
    path: `/shelf/${scope}/${vary?.join('-') ?? 'same'}`,
    operationId: `shelf-${scope}-${vary?.join('-') ?? 'same'}`,
    summary: 'What is on the shelf',
    permission: scope === 'public' ? { scope } : { scope, role: 'staff', apiKey: null },
    input: z.object({}),
    output: z.strictObject({ role: z.string(), language: z.string() }),
    status: 200,
    problems: [],
    queryBudget: 0,
    idempotent: false,
    cache: () => ({ freshSeconds: 60, staleSeconds: 0, tags: [], ...(vary !== undefined && { vary }) }),
    handle(_input, { role = 'unknown', language = 'unknown' }) {
      handled += 1;
      return Promise.resolve({ role, language });
    },
  });

const endpoints = [
  shelf('merchant', ['role']),
  shelf('merchant', ['role', 'language']),
  shelf('merchant'),
  shelf('public', ['language']),
  shelf('public'),
];

const base = parts();
const app = createApp([{ name: 'shelf', endpoints }], {
  ...base,
  edge: {
    ...base.edge,
    cache: memoryCache(),
    authorize: (authorization, { scope }) =>
      Promise.resolve(scope === 'public' ? anybody : (people[authorization ?? ''] ?? anybody)),
  },
});

const ask = (path: string, who: string, language: string) =>
  request(app).get(`/api${path}`).set('Authorization', `Bearer ${who}`).set('Accept-Language', language);

const CALLERS = [
  ['owner', 'de'],
  ['staff', 'de'],
  ['owner', 'en'],
  ['staff', 'en'],
] as const;

test.each([
  ['/shelf/merchant/role', ['role']],
  ['/shelf/merchant/role-language', ['role', 'language']],
  ['/shelf/merchant/same', []],
  ['/shelf/public/language', ['language']],
  ['/shelf/public/same', []],
] as const)('%s shows each caller what it varies by, and keeps one answer for each of that', async (path, vary) => {
  handled = 0;
  const varies = new Set<string>(vary);
  const different = new Set<string>();
  for (const round of ['first', 'again']) {
    for (const [who, language] of CALLERS) {
      const expected = {
        role: varies.has('role') ? who : 'unknown',
        language: varies.has('language') ? language : 'unknown',
      };
      different.add(JSON.stringify(expected));
      const answer = await ask(path, who, language).expect(200);
      expect([round, who, language, answer.body]).toEqual([round, who, language, expected]);
      if (round === 'again') expect(answer.get('x-cache')).toBe('hit-l1');
      // Without it a browser that changes its language would go on showing the old one.
      expect((answer.get('vary') ?? '').includes('Accept-Language')).toBe(varies.has('language'));
    }
  }
  expect(handled).toBe(different.size);
});
