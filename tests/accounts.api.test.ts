import { beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { collections } from '../src/container/collections.ts';
import { tooContended } from '../src/platform/database/failures.ts';
import type { Endpoint } from '../src/platform/http/endpoint.ts';
import { openApiOf, problemsOf } from '../src/platform/http/openapi.ts';
import { reviewEndpoints } from '../src/platform/http/review.ts';
import { Problem } from '../src/shared/problem.ts';
import { accountApp, employ, signUpAndIn, type AccountApp, type SignedIn } from './accounts.ts';
import { withDatabase } from './environment/index.ts';

const database = withDatabase({ collections });
let accounts: AccountApp;
let stranger: SignedIn;
let admin: SignedIn;
beforeAll(async () => {
  accounts = accountApp(database);
  stranger = await signUpAndIn(accounts);
  admin = await employ(accounts, database.primary, 'admin');
});

const endpoints = (): readonly Endpoint[] => accounts.features.flatMap((feature) => feature.endpoints);
const ofStores = () => endpoints().filter(({ permission }) => permission.scope === 'merchant');
const withBody = () => endpoints().filter(({ input }) => input.shape.body !== undefined);

/** Calls by somebody who has nothing to do with what the path names. */
const ask = (endpoint: Endpoint, body?: object) => askAt(endpoint, filledIn(endpoint), body);

const filledIn = ({ path }: Endpoint): string =>
  path
    .replaceAll(/:(\w*Id)/g, 'f'.repeat(24))
    .replaceAll(/:(slug|sku)/g, 'nobody')
    .replace(':number', '01234-56789');

/** The same by somebody who gets as far as the path and the body: an admin where only the platform's own people do. */
function askInside(endpoint: Endpoint, body?: object) {
  const asked = ask(endpoint, body);
  return endpoint.permission.scope === 'system' ? asked.set('Authorization', admin.authorization) : asked;
}

function askAt({ method, permission }: Pick<Endpoint, 'method' | 'permission'>, path: string, body?: object) {
  const asked = accounts.http()[method](`/api${path}`).set('Idempotency-Key', randomUUID());
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

test('the document tells of each endpoint, with every problem that it may answer with', () => {
  const { paths = {} } = openApiOf(accounts.features, { title: 'accounts', version: '1' });
  for (const endpoint of endpoints()) {
    const { method, path, operationId } = endpoint;
    const operation = paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method];
    expect(operation?.operationId).toBe(operationId);
    for (const { code, status } of problemsOf(endpoint)) {
      const { description = '' } = (operation?.responses?.[status] ?? {}) as { description?: string };
      expect([operationId, status, description.split(', ')]).toEqual([
        operationId,
        status,
        expect.arrayContaining([code]),
      ]);
    }
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

/** What names something of a store that is walked in the shop's own suite, where there are products and orders. */
const WALKED_IN_SHOP = new Set(['productId', 'orderId', 'locationId', 'sku', 'number']);

test('what is of one store is not there for the owner of another', async () => {
  const [owner, other] = [await signUpAndIn(accounts), await signUpAndIn(accounts)];
  for (const [slug, who] of [['their-people', owner] as const, ['no-people', other] as const]) {
    const opened = accounts.http().post('/api/merchants').set('Authorization', who.authorization);
    await opened.send({ slug, name: slug }).expect(201);
  }
  const made = async (path: string, body: object): Promise<string> => {
    const asked = accounts.http().post(`/api${path}`).set('Authorization', owner.authorization).send(body);
    return ((await asked).body as { id: string }).id;
  };
  const email = 'invited@example.test';
  const theirs: Readonly<Record<string, string>> = {
    userId: owner.id,
    invitationId: await made('/merchant/invitations', { email, role: 'staff' }),
    keyId: await made('/merchant/api-keys', { name: 'Program', scopes: ['orders:read'] }),
    reportId: await made('/reports', { kind: 'sales', format: 'csv' }),
    scheduleId: await made('/report-schedules', { kind: 'sales', every: 'week', emails: [email] }),
  };
  expect(Object.values(theirs)).not.toContain(undefined);
  const bodies: Readonly<Record<string, object>> = {
    changeMemberRole: { role: 'staff' },
    updateReportSchedule: { isPaused: true },
  };
  const paramsOf = (path: string) => Array.from(path.matchAll(/:(\w+)/g), ([, name = '']) => name);
  const named = ofStores().filter(({ path }) => paramsOf(path).some((name) => !WALKED_IN_SHOP.has(name)));
  for (const { method, path, operationId } of named) {
    const filled = path.replaceAll(/:(\w+)/g, (_all, name: string) => theirs[name] ?? `no ${name}`);
    const asked = accounts.http()[method](`/api${filled}`).set('Authorization', other.authorization);
    const { status } = await asked.send(bodies[operationId]);
    expect(`${operationId} ${String(status)}`).toBe(`${operationId} 404`);
  }
});

test('a change that others held up for too long is told as such by each endpoint without a body', async () => {
  const owner = await signUpAndIn(accounts);
  const opened = accounts.http().post('/api/merchants').set('Authorization', owner.authorization);
  await opened.send({ slug: 'contended', name: 'Mugs' }).expect(201);
  const contended = accountApp(database, { transact: () => Promise.reject(new Problem(tooContended, 'Others won')) });
  const told: string[] = [];
  const called = endpoints().filter(({ input, operationId }) => {
    // Ends the session that the others are called with.
    return input.shape.body === undefined && operationId !== 'signOutEverywhere';
  });
  for (const endpoint of called) {
    const asked = contended.http()[endpoint.method](`/api${filledIn(endpoint)}`);
    const { authorization } = endpoint.permission.scope === 'system' ? admin : owner;
    const { status } = await asked.set({ Authorization: authorization, 'Idempotency-Key': randomUUID() });
    expect(`${endpoint.operationId} ${String(status)}`).not.toBe(`${endpoint.operationId} 500`);
    if (status === tooContended.status) told.push(endpoint.operationId);
  }
  expect(told).toEqual(expect.arrayContaining(['withdrawInvitation', 'exportAudit', 'removePhone']));
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
      const refused = await askInside(endpoint, body);
      expect(`${endpoint.operationId} ${String(refused.status)}`).toBe(`${endpoint.operationId} 422`);
      const { errors } = refused.body as { errors: { path: string }[] };
      expect(errors.length).toBeGreaterThan(0);
      expect(`${endpoint.operationId} ${String(errors.map(({ path }) => path))}`).toMatch(/ body[^,]*(,body[^,]*)*$/);
    }
  });

  test('behind a path that cannot be one answers 422', async () => {
    const named = endpoints().filter(({ path }) => path.includes(':'));
    for (const endpoint of named) {
      const filled = endpoint.path.replaceAll(/:\w+/g, '$No%20Name');
      const asked = askAt(endpoint, filled, endpoint.method === 'get' ? undefined : {});
      const system = endpoint.permission.scope === 'system';
      const { status } = await (system ? asked.set('Authorization', admin.authorization) : asked);
      expect(`${endpoint.operationId} ${String(status)}`).toBe(`${endpoint.operationId} 422`);
    }
  });

  test('with a prototype in it answers 400', async () => {
    for (const endpoint of withBody()) {
      const refused = await askInside(endpoint).type('json').send('{"__proto__":{"admin":true}}');
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
