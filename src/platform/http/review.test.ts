import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { feature } from '../../../tests/mugs.ts';
import { endpoint, type Endpoint } from './endpoint.ts';
import { reviewEndpoints } from './review.ts';

const sound = {
  method: 'post',
  path: '/mugs/:mugId',
  operationId: 'fillMug',
  summary: 'Fill a mug',
  permission: { scope: 'user' },
  input: z.object({ params: z.strictObject({ mugId: z.string() }), body: z.strictObject({ tea: z.boolean() }) }),
  output: z.void(),
  status: 204,
  problems: [],
  queryBudget: 1,
  idempotent: true,
  handle: () => Promise.resolve(),
} as const;

const review = (...endpoints: readonly Endpoint[]) => reviewEndpoints([{ name: 'mugs', endpoints }]);
const loose = z.strictObject({ lines: z.array(z.object({ sku: z.string() })) });

test('sound endpoints have no faults', () => {
  expect(reviewEndpoints([feature])).toEqual([]);
  expect(review(endpoint(sound))).toEqual([]);
});

test('the same name or path twice is a fault', () => {
  expect(review(endpoint(sound), endpoint(sound))).toEqual([
    'fillMug is declared twice',
    'POST /mugs/:id is declared twice',
  ]);
});

test.each([
  ['unknown fields deep in its body', endpoint({ ...sound, input: sound.input.extend({ body: loose }) })],
  ['other params than its path', endpoint({ ...sound, path: '/mugs/:id' })],
  ['a key for a public endpoint', endpoint({ ...sound, permission: { scope: 'public' } })],
  ['a key for a PUT', endpoint({ ...sound, method: 'put' })],
  [
    'two limits of each address',
    endpoint({ ...sound, limits: [60, 3_600].map((windowSeconds) => ({ quota: 1, windowSeconds, per: 'address' })) }),
  ],
  ['a body where it says there is none', endpoint({ ...sound, status: 200 })],
])('an endpoint with %s has one fault', (_what, faulty) => {
  expect(review(faulty)).toHaveLength(1);
});
