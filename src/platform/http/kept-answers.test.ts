import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { newId } from '../../shared/ids.ts';
import type { RequestContext } from '../../shared/scope.ts';
import { asOfAnybody, type Vary } from './anybody.ts';
import { endpoint } from './endpoint.ts';
import { answerKeys } from './kept-answers.ts';

const merchantId = newId();
const asked: RequestContext = {
  actor: { kind: 'user', id: newId() },
  scope: { kind: 'merchant', merchantId },
  role: 'owner',
  language: 'de',
  requestId: 'one',
  traceparent: '',
  deadlineAt: Infinity,
  address: '192.0.2.1',
  ifMatch: undefined,
  idempotencyKey: undefined,
};
const keyOf = answerKeys(
  endpoint({
    method: 'get',
    path: '/mugs',
    operationId: 'listMugs',
    summary: 'List mugs',
    permission: { scope: 'merchant', role: 'staff', apiKey: null },
    input: z.object({}),
    output: z.strictObject({}),
    status: 200,
    problems: [],
    queryBudget: 0,
    idempotent: false,
    handle: () => Promise.resolve({}),
  }),
);
const key = (context: RequestContext, vary?: readonly Vary[]) =>
  keyOf(context, {}, undefined, { freshSeconds: 1, staleSeconds: 0, tags: [], ...(vary && { vary }) });

test('a kept answer is kept apart by tenant always, and by role and language only where it varies by them', () => {
  const others: RequestContext[] = [
    { ...asked, role: 'staff' },
    { ...asked, language: 'en' },
  ];
  for (const other of others) expect(key(other)).toBe(key(asked));
  expect(others.map((other) => key(other, ['role']) === key(asked, ['role']))).toEqual([false, true]);
  expect(others.map((other) => key(other, ['language']) === key(asked, ['language']))).toEqual([true, false]);
  expect(key({ ...asked, scope: { kind: 'merchant', merchantId: newId() } })).not.toBe(key(asked));
});

test('the handler of a kept answer is not told who asked, and role and language only where it varies by them', () => {
  expect(asOfAnybody(asked)).toMatchObject({ actor: { kind: 'anonymous' }, address: '' });
  expect(asOfAnybody(asked)).not.toHaveProperty('role');
  expect(asOfAnybody(asked)).not.toHaveProperty('language');
  expect(asOfAnybody(asked, ['role', 'language'])).toMatchObject({ role: 'owner', language: 'de' });
});
