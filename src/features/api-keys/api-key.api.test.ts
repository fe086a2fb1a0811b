import { beforeAll, describe, expect, test } from '@jest/globals';
import { createConnection } from 'mongoose';
import { accountApp, signUpAndIn, type AccountApp, type SignedIn } from '../../../tests/accounts.ts';
import { eventually, nativeDb, withDatabase } from '../../../tests/environment/index.ts';
import { collections } from '../../container/collections.ts';
import { openApiOf } from '../../platform/http/openapi.ts';
import { LocalLimiter } from '../../platform/limits/local.ts';
import { createLogger } from '../../platform/observability/logger.ts';
import { newApiKey } from '../../platform/security/api-keys.ts';
import { newId } from '../../shared/ids.ts';
import { DAY_MS } from '../../shared/time.ts';
import type { MerchantRole } from '../identity/index.ts';

const database = withDatabase({ collections });
const lines: string[] = [];
let accounts: AccountApp;
beforeAll(() => {
  const destination = { write: (line: string) => void lines.push(line) };
  accounts = accountApp(database, { logger: createLogger({ level: 'trace', service: 'test', destination }) });
});

type Method = 'delete' | 'get' | 'patch' | 'post';
interface Created {
  readonly id: string;
  readonly secret: string;
  readonly prefix: string;
}

const call = (authorization: string, method: Method, path: string, { http }: Pick<AccountApp, 'http'> = accounts) =>
  http()[method](`/api${path}`).set('Authorization', authorization);

let stores = 0;
async function anOwner(): Promise<SignedIn> {
  const owner = await signUpAndIn(accounts);
  stores += 1;
  const store = { slug: `store-${String(stores)}`, name: 'Mugs' };
  await call(owner.authorization, 'post', '/merchants').send(store).expect(201);
  return owner;
}

async function join(owner: SignedIn, role: MerchantRole): Promise<SignedIn> {
  const joining = await signUpAndIn(accounts);
  await call(owner.authorization, 'post', '/merchant/invitations').send({ email: joining.email, role }).expect(201);
  const token = await accounts.mailbox.tokenFor(joining.email);
  await call(joining.authorization, 'post', '/invitations/accept').send({ token }).expect(200);
  return joining;
}

const create = ({ authorization }: Pick<SignedIn, 'authorization'>, body: object = {}) =>
  call(authorization, 'post', '/merchant/api-keys').send({ name: 'Till', scopes: ['store:read'], ...body });
const created = async (who: SignedIn, body: object = {}) => (await create(who, body).expect(201)).body as Created;
const bearer = ({ secret }: Created): string => `Bearer ${secret}`;
const listed = async ({ authorization }: SignedIn) =>
  (await call(authorization, 'get', '/merchant/api-keys').expect(200)).body as { data: Record<string, unknown>[] };

describe('a key', () => {
  test('opens what its scopes name, in the store that it was made for', async () => {
    const owner = await anOwner();
    const key = await created(owner, { scopes: ['store:read', 'products:write'] });
    const own = await call(owner.authorization, 'get', '/merchant').expect(200);
    expect((await call(bearer(key), 'get', '/merchant').expect(200)).body).toEqual(own.body);
    const product = {
      title: 'Mug',
      category: 'mugs',
      variants: [{ sku: 'mug', title: 'Mug', price: { amount: 1_000, currency: 'EUR' } }],
    };
    await call(bearer(key), 'post', '/merchant/products').send(product).expect(201);
    const refused = await call(bearer(key), 'get', '/merchant/orders').expect(403);
    expect(refused.body).toMatchObject({ code: 'forbidden', detail: expect.stringContaining('orders:read') });
  });

  test('opens no other store, also where it names it', async () => {
    const [owner, other] = [await anOwner(), await anOwner()];
    const key = await created(owner);
    const { id } = (await call(other.authorization, 'get', '/merchant').expect(200)).body as { id: string };
    await call(bearer(key), 'get', '/merchant').set('X-Merchant-Id', id).expect(403);
    await call(other.authorization, 'delete', `/merchant/api-keys/${key.id}`).expect(404);
    expect((await listed(other)).data).toEqual([]);
    await call(bearer(key), 'get', '/merchant').expect(200);
  });

  test('stays when whoever made it leaves: it is the store’s', async () => {
    const owner = await anOwner();
    const manager = await join(owner, 'manager');
    const key = await created(manager);
    await call(owner.authorization, 'delete', `/merchant/members/${manager.id}`).expect(204);
    await call(bearer(key), 'get', '/merchant').expect(200);
    expect((await listed(owner)).data).toMatchObject([{ id: key.id, createdBy: manager.id }]);
  });

  test('ends when it expires', async () => {
    const owner = await anOwner();
    const key = await created(owner, { expiresInDays: 1 });
    await call(bearer(key), 'get', '/merchant').expect(200);
    const before = accounts.clock.now;
    accounts.clock.now = new Date(before.getTime() + DAY_MS);
    await call(bearer(key), 'get', '/merchant').expect(401);
    accounts.clock.now = before;
  });

  test.each([
    ['nobody has made', () => newApiKey()],
    ['is mistyped', () => newApiKey().slice(0, -1)],
    ['is only its beginning', () => 'mpk_'],
  ])('that %s answers 401, as one does that was revoked', async (_what, wrong) => {
    const refused = await call(`Bearer ${wrong()}`, 'get', '/merchant').expect(401);
    const owner = await anOwner();
    const key = await created(owner);
    await call(owner.authorization, 'delete', `/merchant/api-keys/${key.id}`).expect(204);
    const revoked = await call(bearer(key), 'get', '/merchant').expect(401);
    const shown = ({ body }: { body: object }) => ({ ...body, requestId: '' });
    expect(shown(revoked)).toEqual(shown(refused));
  });
});

describe('a call by a key', () => {
  test('counts against a limit of the key, is told of it, and is refused beyond it', async () => {
    const limits = { limiter: new LocalLimiter(1), perAddress: 1e6, perTenant: 1e6, perUser: 1e6, perKey: 3 };
    const limited = accountApp(database, { limits });
    const owner = await anOwner();
    const [key, other] = [await created(owner), await created(owner)];
    const ask = (who: string) => call(who, 'get', '/merchant', limited);
    const answers = [await ask(bearer(key)), await ask(bearer(key)), await ask(bearer(key)), await ask(bearer(key))];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers[0]?.get('RateLimit')).toContain('"key";r=2');
    expect(answers[3]?.get('Retry-After')).toMatch(/^\d+$/);
    await ask(bearer(other)).expect(200);
    await ask(owner.authorization).expect(200);
  });

  test('uses up nothing of its store once the limit of the key refuses it', async () => {
    const limits = { limiter: new LocalLimiter(1), perAddress: 1e6, perTenant: 4, perUser: 1e6, perKey: 3 };
    const limited = accountApp(database, { limits });
    const owner = await anOwner();
    const key = await created(owner);
    const statuses = [];
    for (let time = 0; time < 6; time += 1)
      statuses.push((await call(bearer(key), 'get', '/merchant', limited)).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429]);
    await call(owner.authorization, 'get', '/merchant', limited).expect(200);
    await call(owner.authorization, 'get', '/merchant', limited).expect(429);
  });
});

describe('making a key', () => {
  test('shows its secret once, and afterwards only how it begins', async () => {
    const owner = await anOwner();
    const key = await created(owner, { name: ' Till 1 ', expiresInDays: 30 });
    expect(key.secret).toMatch(/^mpk_\w{49}$/);
    expect(key.secret.startsWith(key.prefix)).toBe(true);
    const { secret, ...view } = key;
    const list = await listed(owner);
    expect(list.data).toEqual([view]);
    expect(list.data).toMatchObject([{ name: 'Till 1', scopes: ['store:read'], lastUsedAt: null, revokedAt: null }]);
    expect(JSON.stringify(list)).not.toContain(secret);
    await call(bearer(key), 'get', '/merchant').expect(200);
    expect((await listed(owner)).data).toMatchObject([{ lastUsedAt: accounts.clock.now.toISOString() }]);
  });

  test('is for managers and owners, and nobody gives a key more than they may do themselves', async () => {
    const owner = await anOwner();
    const [manager, staff] = [await join(owner, 'manager'), await join(owner, 'staff')];
    await create(staff).expect(403);
    await call(staff.authorization, 'get', '/merchant/api-keys').expect(403);
    await create(manager, { scopes: ['orders:write', 'products:write'] }).expect(201);
    // What it opens takes an owner in part: the settings of the store.
    const refused = await create(manager, { scopes: ['orders:read', 'store:write'] }).expect(403);
    expect(refused.body).toMatchObject({ detail: expect.stringMatching(/leaves out store:write$/) });
    await create(owner, { scopes: ['store:write'] }).expect(201);
  });

  test('is not for keys, whatever they may do', async () => {
    const owner = await anOwner();
    const document = openApiOf(accounts.features, { title: 'accounts', version: '1' });
    const all = scopesIn(document);
    expect(all).toEqual(expect.arrayContaining(['orders:read', 'orders:write', 'store:write']));
    const mighty = bearer(await created(owner, { scopes: all }));
    await create({ authorization: mighty }).expect(403);
    await call(mighty, 'get', '/merchant/api-keys').expect(403);
    await call(mighty, 'post', '/merchant/invitations').send({ email: 'a@example.com', role: 'owner' }).expect(403);
    await call(mighty, 'patch', `/merchant/members/${owner.id}`).send({ role: 'staff' }).expect(403);
    await call(mighty, 'get', '/me').expect(403);
  });

  test.each([
    ['no scope', { scopes: [] }],
    ['a scope that no endpoint declares', { scopes: ['keys:write'] }],
    ['a scope twice', { scopes: ['store:read', 'store:read'] }],
    ['a wildcard', { scopes: ['*'] }],
    ['an end in the past', { expiresInDays: 0 }],
    ['no name', { name: ' ' }],
    ['a secret of one’s own', { secret: newApiKey() }],
    ['an operator in place of its name', { name: { $gt: '' } }],
  ])('with %s is refused', async (_fault, body) => {
    const owner = await anOwner();
    await create(owner, body).expect(422);
    expect((await listed(owner)).data).toEqual([]);
  });
});

test('a key is told of in the document: which scopes there are, and that a key is a way in', () => {
  const document = openApiOf(accounts.features, { title: 'accounts', version: '1' });
  expect(document).toMatchObject({
    components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
    paths: {
      '/merchant/orders': { get: { security: [{ bearer: [] }, { apiKey: ['orders:read'] }] } },
      '/merchant/api-keys': { get: { security: [{ bearer: [] }] } },
      '/me': { get: { security: [{ bearer: [] }] } },
    },
  });
});

describe('revoking a key (A5)', () => {
  test('ends it here at once, and in another process within 5 seconds', async () => {
    const owner = await anOwner();
    const key = await created(owner);
    const elsewhere = accountApp(database);
    await call(bearer(key), 'get', '/merchant', elsewhere).expect(200);
    await call(bearer(key), 'get', '/merchant').expect(200);
    await call(owner.authorization, 'delete', `/merchant/api-keys/${key.id}`).expect(204);
    await call(bearer(key), 'get', '/merchant').expect(401);
    await eventually(async () => (await call(bearer(key), 'get', '/merchant', elsewhere)).status === 401, 5_000);
    expect((await listed(owner)).data).toMatchObject([{ id: key.id, revokedAt: expect.any(String) }]);
  });

  test('that is revoked already, or never was, answers 404', async () => {
    const owner = await anOwner();
    const key = await created(owner);
    const revoke = (id: string) => call(owner.authorization, 'delete', `/merchant/api-keys/${id}`);
    const answers = await Promise.all([revoke(key.id), revoke(key.id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404]);
    expect((await revoke(newId().toHexString()).expect(404)).body).toMatchObject({ code: 'api-key-not-found' });
  });

  test('leaves an event, as making it does', async () => {
    const owner = await anOwner();
    const key = await created(owner);
    await call(owner.authorization, 'delete', `/merchant/api-keys/${key.id}`).expect(204);
    const pending = { state: 'pending', dueAt: { $gt: new Date(0) } };
    const rows = await nativeDb(database.primary).collection('outbox').find(pending).toArray();
    const types = rows.filter(({ aggregateId }) => String(aggregateId) === key.id).map(({ type }) => type as string);
    expect(types).toEqual(['api-key.created', 'api-key.revoked']);
  });
});

test('no key is in the clear in the database nor in the log, whatever is done with it (A5, P1)', async () => {
  const owner = await anOwner();
  const key = await created(owner, { scopes: ['store:read', 'orders:write'] });
  await call(bearer(key), 'get', `/merchant?key=${key.secret}`).expect(200);
  await call(bearer(key), 'get', `/merchant/${key.secret}`).expect(404);
  await call(bearer(key), 'post', '/merchant/products').send({ title: key.secret }).expect(403);
  await call(bearer(key), 'post', '/merchants').send({ name: key.secret }).expect(403);
  await call(`Bearer ${key.secret}x`, 'get', '/merchant').expect(401);
  await call(owner.authorization, 'delete', `/merchant/api-keys/${key.secret}`).expect(422);

  const text = await everythingStored();
  expect(text).toContain(key.prefix);
  const secret = key.secret.slice(key.prefix.length);
  expect(text).not.toContain(secret.slice(0, 12));
  expect(lines.length).toBeGreaterThan(6);
  expect(lines.join('')).not.toContain(secret.slice(0, 12));
});

/** Read past the suite's own connection, which explains each query and finds that this one is served by no index. */
async function everythingStored(): Promise<string> {
  const reader = await createConnection(database.uri, { dbName: database.name }).asPromise();
  try {
    const stored = collections.map(({ collection }) => nativeDb(reader).collection(collection).find({}).toArray());
    return JSON.stringify(await Promise.all(stored));
  } finally {
    await reader.close();
  }
}

/** The scopes that a key can be given, as callers read them from the document. */
function scopesIn({ components }: ReturnType<typeof openApiOf>): readonly string[] {
  const { properties } = components?.schemas?.CreateApiKey as unknown as {
    readonly properties: { readonly scopes: { readonly items: { readonly enum: readonly string[] } } };
  };
  return properties.scopes.items.enum;
}
