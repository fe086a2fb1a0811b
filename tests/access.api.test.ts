import { beforeAll, expect, test } from '@jest/globals';
import type { RequestListener } from 'node:http';
import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { z } from 'zod';
import { collections } from '../src/container/collections.ts';
import type { MerchantRole } from '../src/features/identity/index.ts';
import type { Endpoint, Permission, Right } from '../src/platform/http/endpoint.ts';
import { Problem, type ProblemKind } from '../src/shared/problem.ts';
import { accountApp, employ, signUpAndIn, type AccountApp, type SignedIn } from './accounts.ts';
import { withDatabase } from './environment/index.ts';

// A4 of the reliability page: who may call what is declared, and the declaration is the whole truth.

const database = withDatabase({ collections });
const reached: ProblemKind = { code: 'reached', status: 418, title: 'The handler was reached' };

let accounts: AccountApp;
let app: RequestListener;
let store: string;
let owner: SignedIn;
const tokens = new Map<Caller, string | undefined>();
const keys = new Map<Right, { readonly right: string; readonly others: string }>();

/** Every endpoint as declared, but for what it does: each handler tells only that it was reached. */
const shell = (endpoint: Endpoint): Endpoint => ({
  ...endpoint,
  input: z.object({}),
  ...(endpoint.cache && { cache: () => ({ freshSeconds: 0, staleSeconds: 0, tags: [] }) }),
  problems: [...endpoint.problems, reached],
  handle: () => Promise.reject(new Problem(reached, endpoint.operationId)),
});

const PEOPLE = ['anonymous', 'user', 'staff', 'manager', 'owner', 'support', 'admin'] as const;
type Caller = (typeof PEOPLE)[number];

beforeAll(async () => {
  accounts = accountApp(database);
  app = accounts.appWith(accounts.features.map((feature) => ({ ...feature, endpoints: feature.endpoints.map(shell) })));
  owner = await signUpAndIn(accounts);
  const opened = accounts.http().post('/api/merchants').set('Authorization', owner.authorization);
  store = ((await opened.send({ slug: 'the-store', name: 'Mugs' }).expect(201)).body as { id: string }).id;
  tokens.set('anonymous', undefined).set('owner', owner.authorization);
  tokens.set('user', (await signUpAndIn(accounts)).authorization);
  for (const role of ['staff', 'manager'] as const) tokens.set(role, (await join(role)).authorization);
  for (const role of ['support', 'admin'] as const)
    tokens.set(role, (await employ(accounts, database.primary, role)).authorization);
  for (const right of rights()) {
    const others = [...rights()].filter((other) => other !== right);
    keys.set(right, { right: await keyWith([right]), others: await keyWith(others) });
  }
});

const endpoints = (): readonly Endpoint[] => accounts.features.flatMap((feature) => feature.endpoints);
const rightOf = (permission: Permission): Right | null => (permission.scope === 'merchant' ? permission.apiKey : null);
const rights = (): ReadonlySet<Right> => new Set(endpoints().flatMap(({ permission }) => rightOf(permission) ?? []));

async function join(role: MerchantRole): Promise<SignedIn> {
  const joining = await signUpAndIn(accounts);
  const invited = accounts.http().post('/api/merchant/invitations').set('Authorization', owner.authorization);
  await invited.send({ email: joining.email, role }).expect(201);
  const token = await accounts.mailbox.tokenFor(joining.email);
  const accepted = accounts.http().post('/api/invitations/accept').set('Authorization', joining.authorization);
  await accepted.send({ token }).expect(200);
  return joining;
}

async function keyWith(scopes: readonly Right[]): Promise<string> {
  const created = accounts.http().post('/api/merchant/api-keys').set('Authorization', owner.authorization);
  const answer = await created.send({ name: 'Program', scopes }).expect(201);
  return `Bearer ${(answer.body as { secret: string }).secret}`;
}

/** What an endpoint answers to somebody who names the store. */
async function statusFor({ method, path }: Endpoint, authorization: string | undefined): Promise<number> {
  const filled = path.replaceAll(/:\w*Id/g, 'f'.repeat(24)).replaceAll(/:\w+/g, 'x');
  const asked = request(app)[method](`/api${filled}`).set({ 'X-Merchant-Id': store, 'Idempotency-Key': randomUUID() });
  return (await (authorization === undefined ? asked : asked.set('Authorization', authorization))).status;
}

/** Who comes through, by the permission alone: said anew here, so that the test is no copy of what it tests. */
const ADMITTED: Readonly<Record<Permission['scope'], (permission: never) => readonly string[]>> = {
  public: () => PEOPLE,
  user: () => PEOPLE.filter((caller) => caller !== 'anonymous'),
  merchant: ({ role, apiKey }: Extract<Permission, { scope: 'merchant' }>) => [
    ...{ staff: ['staff', 'manager', 'owner'], manager: ['manager', 'owner'], owner: ['owner'] }[role],
    ...(apiKey?.endsWith(':read') === true ? ['support', 'admin'] : []),
  ],
  system: ({ role }: Extract<Permission, { scope: 'system' }>) =>
    role === 'support' ? ['support', 'admin'] : ['admin'],
};

test('every route answers every role, and nobody, as it declares', async () => {
  for (const endpoint of endpoints()) {
    const { operationId, permission } = endpoint;
    const admitted = ADMITTED[permission.scope](permission as never);
    for (const caller of PEOPLE) {
      const refusal = caller === 'anonymous' ? 401 : 403;
      const expected = admitted.includes(caller) ? reached.status : refusal;
      const status = await statusFor(endpoint, tokens.get(caller));
      expect(`${operationId} for ${caller}: ${String(status)}`).toBe(
        `${operationId} for ${caller}: ${String(expected)}`,
      );
    }
  }
});

test('every route opens to an API key with its right, and to no other; a public one looks at none', async () => {
  const [anyRight] = rights();
  for (const endpoint of endpoints()) {
    const { operationId, permission } = endpoint;
    const right = rightOf(permission);
    const withRight = keys.get(right ?? anyRight ?? 'orders:read');
    const isPublic = permission.scope === 'public';
    const answers = [await statusFor(endpoint, withRight?.right), await statusFor(endpoint, withRight?.others)];
    const expected = [isPublic || right !== null ? 418 : 403, isPublic ? 418 : 403];
    expect(`${operationId}: ${answers.join()}`).toBe(`${operationId}: ${expected.join()}`);
  }
});

test('no key can be given what decides on people or keys', () => {
  const closed = endpoints().filter(
    ({ path, method }) =>
      path.startsWith('/merchant/api-keys') || (/members|invitations/.test(path) && method !== 'get'),
  );
  const ofStore = closed.filter(({ permission }) => permission.scope === 'merchant');
  expect(ofStore.length).toBeGreaterThan(5);
  for (const { operationId, permission } of ofStore)
    expect([operationId, permission]).toEqual([operationId, expect.objectContaining({ apiKey: null })]);
});
