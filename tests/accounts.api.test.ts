import { beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { collections } from '../src/container/collections.ts';
import type { Endpoint } from '../src/platform/http/endpoint.ts';
import { openApiOf } from '../src/platform/http/openapi.ts';
import { reviewEndpoints } from '../src/platform/http/review.ts';
import { accountApp, signUpAndIn, type AccountApp, type SignedIn } from './accounts.ts';
import { withDatabase } from './environment/index.ts';

const database = withDatabase({ collections });
let accounts: AccountApp;
let stranger: SignedIn;
beforeAll(async () => {
  accounts = accountApp(database);
  stranger = await signUpAndIn(accounts);
});

const endpoints = (): readonly Endpoint[] => accounts.features.flatMap((feature) => feature.endpoints);
const withBody = () => endpoints().filter(({ input }) => input.shape.body !== undefined);

function ask({ method, path, permission }: Endpoint, body?: object) {
  const asked = accounts
    .http()
    [method](`/api${path.replaceAll(/:(\w*Id)/g, 'f'.repeat(24)).replace(':slug', 'nobody')}`);
  if (permission.scope !== 'public') void asked.set('Authorization', stranger.authorization);
  return body === undefined ? asked : asked.send(body);
}

/** The names of a body's fields. */
const fieldsOf = ({ input }: Endpoint): readonly string[] => {
  const { body } = input.shape;
  return body instanceof z.ZodObject ? Object.keys(body.shape) : [];
};

test('the endpoints keep the rules of all endpoints', () => {
  expect(reviewEndpoints(accounts.features)).toEqual([]);
});

test('the document tells of the header that names a store, where one may be needed', () => {
  const { paths = {} } = openApiOf(accounts.features, { title: 'accounts', version: '1' });
  for (const { method, path, permission, operationId } of endpoints()) {
    const { parameters = [] } = paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method] ?? {};
    const named = parameters.some((parameter) => 'name' in parameter && parameter.name === 'X-Merchant-Id');
    expect(`${operationId} ${String(named)}`).toBe(`${operationId} ${String(permission.scope === 'merchant')}`);
  }
});

test('without a token each endpoint but the public ones answers 401', async () => {
  for (const endpoint of endpoints().filter(({ permission }) => permission.scope !== 'public')) {
    const { status } = await ask(endpoint).unset('Authorization');
    expect(`${endpoint.operationId} ${String(status)}`).toBe(`${endpoint.operationId} 401`);
  }
});

test('somebody without a store is refused at each endpoint of a store', async () => {
  for (const endpoint of endpoints().filter(({ permission }) => permission.scope === 'merchant')) {
    const { status } = await ask(endpoint, {});
    expect(`${endpoint.operationId} ${String(status)}`).toBe(`${endpoint.operationId} 403`);
  }
});

describe('each body', () => {
  beforeAll(async () => {
    const store = { slug: 'bad-input', name: 'Mugs' };
    await accounts.http().post('/api/merchants').set('Authorization', stranger.authorization).send(store).expect(201);
  });

  test.each([
    ['an unknown field', () => ({ $where: '1', isAdmin: true })],
    ['an operator in place of each value', operators],
    ['a list in place of each value', (endpoint: Endpoint) => inEach(endpoint, [])],
    ['a number in place of each value', (endpoint: Endpoint) => inEach(endpoint, 7)],
    ['15 kB in each value', (endpoint: Endpoint) => inEach(endpoint, 'x'.repeat(15_000))],
  ])('with %s answers 422 and names what is wrong', async (_what, bodyFor) => {
    for (const endpoint of withBody()) {
      const refused = await ask(endpoint, bodyFor(endpoint));
      expect(`${endpoint.operationId} ${String(refused.status)}`).toBe(`${endpoint.operationId} 422`);
      const { errors } = refused.body as { errors: { path: string }[] };
      expect(errors.length).toBeGreaterThan(0);
      expect(errors.every(({ path }) => path.startsWith('body'))).toBe(true);
    }
  });

  test('with a prototype in it answers 400', async () => {
    for (const endpoint of withBody()) {
      const refused = await ask(endpoint).type('json').send('{"__proto__":{"admin":true}}');
      expect(`${endpoint.operationId} ${String(refused.status)}`).toBe(`${endpoint.operationId} 400`);
    }
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

function operators(endpoint: Endpoint): object {
  return inEach(endpoint, { $gt: '' });
}

function inEach(endpoint: Endpoint, value: unknown): object {
  return Object.fromEntries(fieldsOf(endpoint).map((field) => [field, value]));
}
