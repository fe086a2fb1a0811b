import { beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
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
const ofStores = () => endpoints().filter(({ permission }) => permission.scope === 'merchant');
/** But those of the platform's own people, where nobody here gets as far as the body. */
const withBody = () =>
  endpoints().filter(({ input, permission }) => input.shape.body !== undefined && permission.scope !== 'system');

/** Calls by somebody who has nothing to do with what the path names. */
function ask({ method, path, permission }: Endpoint, body?: object) {
  const filled = path
    .replaceAll(/:(\w*Id)/g, 'f'.repeat(24))
    .replaceAll(/:(slug|sku)/g, 'nobody')
    .replace(':number', '01234-56789');
  const asked = accounts.http()[method](`/api${filled}`).set('Idempotency-Key', randomUUID());
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
  for (const endpoint of ofStores()) {
    const { status } = await ask(endpoint, {});
    expect(`${endpoint.operationId} ${String(status)}`).toBe(`${endpoint.operationId} 403`);
  }
});

test('a user is refused at each endpoint of the platform’s own people', async () => {
  for (const endpoint of endpoints().filter(({ permission }) => permission.scope === 'system')) {
    const { status } = await ask(endpoint, {});
    expect(`${endpoint.operationId} ${String(status)}`).toBe(`${endpoint.operationId} 403`);
  }
});

test('somebody of one store who names another is refused at each endpoint of a store, and it stays as it was', async () => {
  const [owner, other] = [await signUpAndIn(accounts), await signUpAndIn(accounts)];
  const read = () => accounts.http().get('/api/merchant').set('Authorization', owner.authorization).expect(200);
  for (const [slug, who] of [['foreign', owner] as const, ['own', other] as const]) {
    const opened = accounts.http().post('/api/merchants').set('Authorization', who.authorization);
    await opened.send({ slug, name: slug }).expect(201);
  }
  const before = (await read()).body as { id: string };
  for (const endpoint of ofStores()) {
    const { status } = await ask(endpoint, {})
      .set('Authorization', other.authorization)
      .set('X-Merchant-Id', before.id);
    expect(`${endpoint.operationId} ${String(status)}`).toBe(`${endpoint.operationId} 403`);
  }
  expect((await read()).body).toEqual(before);
});

test('people and invitations of one store are not there for the owner of another', async () => {
  const [owner, other] = [await signUpAndIn(accounts), await signUpAndIn(accounts)];
  for (const [slug, who] of [['their-people', owner] as const, ['no-people', other] as const]) {
    const opened = accounts.http().post('/api/merchants').set('Authorization', who.authorization);
    await opened.send({ slug, name: slug }).expect(201);
  }
  const invite = { email: 'invited@example.test', role: 'staff' };
  const invited = accounts.http().post('/api/merchant/invitations').set('Authorization', owner.authorization);
  const { id: invitationId } = (await invited.send(invite).expect(201)).body as { id: string };
  const named = ofStores().filter(({ path }) => /:(invitationId|userId)/.test(path));
  expect(named.length).toBeGreaterThan(2);
  for (const { method, path, operationId } of named) {
    const filled = path.replace(':invitationId', invitationId).replace(':userId', owner.id);
    const asked = accounts.http()[method](`/api${filled}`).set('Authorization', other.authorization);
    const { status } = await (method === 'patch' || method === 'put' ? asked.send({ role: 'staff' }) : asked);
    expect(`${operationId} ${String(status)}`).toBe(`${operationId} 404`);
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
    ['9 kB in each value', (endpoint: Endpoint) => inEach(endpoint, 'x'.repeat(9_000))],
  ])('with %s answers 422 and names what is wrong', async (_what, bodyFor) => {
    for (const endpoint of withBody()) {
      const body = bodyFor(endpoint);
      // A number is what a level of stock is.
      if (endpoint.input.shape.body?.safeParse(body).success === true) continue;
      const refused = await ask(endpoint, body);
      expect(`${endpoint.operationId} ${String(refused.status)}`).toBe(`${endpoint.operationId} 422`);
      const { errors } = refused.body as { errors: { path: string }[] };
      expect(errors.length).toBeGreaterThan(0);
      expect(`${endpoint.operationId} ${String(errors.map(({ path }) => path))}`).toMatch(/ body[^,]*(,body[^,]*)*$/);
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
