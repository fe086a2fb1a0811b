import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { collections } from '../src/container/collections.ts';
import { subscriptions } from '../src/container/subscriptions.ts';
import { trends } from '../src/features/analytics/analytics.model.ts';
import { asSystem } from '../src/platform/database/scoped.ts';
import type { CachePolicy } from '../src/platform/cache/cache.ts';
import type { Endpoint } from '../src/platform/http/endpoint.ts';
import type { EventRow } from '../src/platform/outbox/event.ts';
import { outbox } from '../src/platform/outbox/event.store.ts';
import type { Subscription, Subscriptions } from '../src/platform/outbox/subscription.ts';
import { Id, newId } from '../src/shared/ids.ts';
import type { MerchantScope, UserScope } from '../src/shared/scope.ts';
import { accountApp, signUpAndIn, type AccountApp, type SignedIn } from './accounts.ts';
import { openCache, type OpenCache } from './caches.ts';
import { eventually, withDatabase, withRedis } from './environment/index.ts';

/*
 * The central promise of the cache: no reader gets what a writer has replaced, in whichever process, and none what is somebody
 * else's. Every kept answer of every feature is held against an instance that keeps nothing.
 */

const database = withDatabase({ collections });
const redis = withRedis();
let caches: readonly OpenCache[] = [];
let writing: AccountApp;
let other: AccountApp;
/** Over the same database, and keeps nothing: what it says is so. */
let truth: AccountApp;
let owner: SignedIn;
let staff: SignedIn;
let stranger: SignedIn;
let otherOwner: SignedIn;
let newcomer: SignedIn;
/** What paths and queries are filled with; changed by the writes. */
const world: Record<string, string | undefined> = { store: 'coherent', query: 'q=mug' };

beforeAll(async () => {
  caches = [await openCache(redis, { pulse: true }), await openCache(redis, { pulse: true })];
  const [first, second] = caches.map(({ cache }) => cache);
  writing = accountApp(database, { ...(first && { cache: first }) });
  other = accountApp(database, { ...(second && { cache: second }) });
  truth = accountApp(database);
  owner = await signUpAndIn(writing);
  staff = await signUpAndIn(writing);
  stranger = await signUpAndIn(writing);
  otherOwner = await signUpAndIn(writing);
  newcomer = await signUpAndIn(writing);
  const opened = await as(owner).post('/merchants', { slug: world.store, name: 'Mugs', currency: 'EUR' });
  world.merchantId = String(opened.id);
  await as(otherOwner).post('/merchants', { slug: 'elsewhere', name: 'Cups', currency: 'EUR' });
  await joins(staff);
  await sell('mug');
});
afterAll(() => {
  for (const { close } of caches) close();
});

/** Calls of the instance that writes; each must succeed. */
function as(who: SignedIn) {
  const send = async (method: 'patch' | 'post' | 'put', path: string, body: object) => {
    const asked = writing.http()[method](`/api${path}`).set('Authorization', who.authorization);
    const answer = await asked.set('Idempotency-Key', randomUUID()).send(body);
    if (!answer.ok) throw new Error(`${method} ${path}: ${String(answer.status)} ${answer.text}`);
    return answer.body as Record<string, unknown>;
  };
  return {
    post: (path: string, body: object = {}) => send('post', path, body),
    put: (path: string, body: object) => send('put', path, body),
    patch: (path: string, body: object) => send('patch', path, body),
  };
}

const variants = (sku: string, amount: number) => [{ sku, title: 'One', price: { amount, currency: 'EUR' } }];

/** Puts a product on sale, with stock of it. */
async function sell(sku: string): Promise<void> {
  const body = { title: `Mug ${sku}`, category: 'mugs', status: 'active', variants: variants(sku, 1_000) };
  const product = await as(owner).post('/merchant/products', body);
  // Orders are sent from the first location.
  world.location ??= String((await as(owner).post('/merchant/locations', { name: 'Warehouse' })).id);
  await as(owner).put(`/merchant/locations/${world.location}/stock/${sku}`, { available: 50 });
  Object.assign(world, { productId: String(product.id), product: String(product.slug), sku });
  await becomesTrending(String(product.id));
}

async function joins(who: SignedIn): Promise<void> {
  await as(owner).post('/merchant/invitations', { email: who.email, role: 'staff' });
  await as(who).post('/invitations/accept', { token: await writing.mailbox.tokenFor(who.email) });
}

/** As after views that have been rolled up, which ends nothing: what is trending is only let get old. */
async function becomesTrending(productId: string): Promise<void> {
  const [_id, merchantId] = [Id.decode(productId), Id.decode(world.merchantId ?? '')];
  await trends
    .on(database.primary)
    .create([{ _id, merchantId, score: 1, through: 1, rebuild: null }], asSystem('views of a test'));
}

async function order(): Promise<void> {
  const lines = [{ sku: world.sku, quantity: 1 }];
  const placed = await as(stranger).post('/orders', { merchantId: world.merchantId, lines });
  world.order = String(placed.id);
}

const moves = (to: 'delivered' | 'shipped') =>
  as(owner).post(`/merchant/orders/${world.order ?? ''}/transitions`, { to });

/** Events that end something, but that no write below brings about, and why. */
const UNWRITTEN: Readonly<Record<string, string>> = {
  'merchant.opened': 'nothing is kept of a store that is not there yet',
};

/** One of every kind of change. A feature that brings another kind adds it here. */
const WRITES: Readonly<Record<string, () => Promise<unknown>>> = {
  'the profile is edited': () => as(owner).patch('/merchant/profile', { name: 'Mugs & Cups', description: 'Both' }),
  'the settings are edited': () =>
    as(owner).patch('/merchant/settings', {
      timeZone: 'Asia/Tokyo',
      branding: { logoUrl: null, accentColor: '#aa0000' },
    }),
  'a product is added': () => sell('jug'),
  'a product is renamed': () => as(owner).patch(`/merchant/products/${world.productId ?? ''}`, { title: 'Big mug' }),
  'a price is changed': () =>
    as(owner).patch(`/merchant/products/${world.productId ?? ''}`, { variants: variants(world.sku ?? '', 1_500) }),
  'a count is set': () =>
    as(owner).put(`/merchant/locations/${world.location ?? ''}/stock/${world.sku ?? ''}`, { available: 40 }),
  'stock comes in': () =>
    as(owner).post(`/merchant/locations/${world.location ?? ''}/stock/${world.sku ?? ''}/adjustments`, { change: 5 }),
  'an order is placed': order,
  'an order is paid': () => as(stranger).post(`/orders/${world.order ?? ''}/payments`, { token: 'tok_visa' }),
  'an order is shipped': () => moves('shipped'),
  'an order is delivered': () => moves('delivered'),
  'a role is changed': () => as(owner).patch(`/merchant/members/${staff.id}`, { role: 'manager' }),
  'somebody joins': () => joins(newcomer),
  'somebody is sent away': () =>
    writing.http().delete(`/api/merchant/members/${newcomer.id}`).set('Authorization', owner.authorization).expect(204),
  'another order is placed': order,
  'an order is cancelled': () => as(stranger).post(`/orders/${world.order ?? ''}/cancellation`),
  'a product is taken back': () => as(owner).patch(`/merchant/products/${world.productId ?? ''}`, { status: 'draft' }),
  'a product comes again': () => as(owner).patch(`/merchant/products/${world.productId ?? ''}`, { status: 'active' }),
  'a product is archived': () => as(owner).post(`/merchant/products/${world.productId ?? ''}/archive`),
};

/** Of the types of events, those that end tags: found by an event that has a little of everything. */
function endingTypes(): readonly string[] {
  const data = { merchantId: newId(), userId: newId(), slug: 'any', sku: 'any', skus: ['any'], role: null };
  const common = { _id: newId(), aggregateId: newId(), version: 1, occurredAt: new Date(), data };
  const table: Subscriptions = subscriptions;
  const ends = ([type, subscription]: [string, Subscription]): boolean => {
    try {
      return subscription.tags({ ...common, type, scope: { kind: 'public' }, traceparent: null }).length > 0;
    } catch {
      // It asks for what this one does not have.
      return true;
    }
  };
  return Object.entries(table)
    .filter(ends)
    .map(([type]) => type);
}

/** Ids and types of all events so far. */
async function typesTold(): Promise<ReadonlyMap<string, string>> {
  const waiting = { state: 'pending', dueAt: { $gt: new Date(0) } } as const;
  const rows = await outbox.on(database.primary).find(waiting, 'type', asSystem('a test')).lean<EventRow[]>();
  return new Map(rows.map(({ _id, type }) => [_id.toHexString(), type]));
}

const isKept = (endpoint: Endpoint): boolean => endpoint.cache !== undefined;

const keptEndpoints = (): readonly Endpoint[] =>
  truth.features
    .flatMap(({ endpoints }) => endpoints)
    .filter((endpoint) => isKept(endpoint) || endpoint.operationId.startsWith('prefetch'));

function pathOf({ path, operationId, input }: Endpoint): string {
  const values: Record<string, string | undefined> = {
    ...world,
    slug: path.startsWith('/merchants/') ? world.store : world.product,
  };
  const filled = path.replaceAll(/:(\w+)/g, (_all, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`Say what ${name} is, so that ${operationId} can be looked at`);
    return value;
  });
  return `/api${filled}${input.shape.query?.shape.q === undefined ? '' : `?${world.query ?? ''}`}`;
}

async function shown(app: AccountApp, endpoint: Endpoint, who = owner): Promise<string> {
  const answer = await app.http().get(pathOf(endpoint)).set('Authorization', who.authorization);
  return JSON.stringify([answer.status, { ...(answer.body as object), requestId: undefined }]);
}

test('every kept answer follows every kind of write, at once where it was made and soon elsewhere', async () => {
  const endpoints = keptEndpoints();
  const changed = new Set<string>();
  const toldBefore = await typesTold();
  for (const [what, write] of Object.entries(WRITES)) {
    const before = new Map<string, string>();
    for (const endpoint of endpoints) {
      before.set(endpoint.operationId, await shown(writing, endpoint));
      await shown(other, endpoint);
    }
    await write();
    for (const endpoint of endpoints) {
      const { operationId } = endpoint;
      const now = await shown(truth, endpoint);
      expect(`${what}: ${operationId} ${await shown(writing, endpoint)}`).toBe(`${what}: ${operationId} ${now}`);
      await eventually(async () => (await shown(other, endpoint)) === now);
      if (now !== before.get(operationId)) changed.add(operationId);
    }
  }
  // One that no write here has changed is not shown to be ended by any.
  expect([...changed].sort()).toEqual(endpoints.map(({ operationId }) => operationId).sort());
  const fresh = [...(await typesTold())].filter(([id]) => !toldBefore.has(id));
  const covered = new Set([...fresh.map(([, type]) => type), ...Object.keys(UNWRITTEN)]);
  expect(endingTypes().filter((type) => !covered.has(type))).toEqual([]);
});

test('what is asked again comes from memory', async () => {
  for (const endpoint of keptEndpoints().filter(isKept)) {
    const ask = () => writing.http().get(pathOf(endpoint)).set('Authorization', owner.authorization);
    if ((await ask()).status !== 200) continue;
    expect(`${endpoint.operationId} ${(await ask()).get('x-cache') ?? ''}`).toBe(`${endpoint.operationId} hit-l1`);
  }
});

test('no kept answer shows one caller what is of another: of the same store in another role, of another store, of none', async () => {
  const callers = () => [owner, staff, otherOwner, stranger];
  for (const endpoint of keptEndpoints()) {
    const expected = new Map<string, string>();
    for (const who of callers()) expected.set(who.email, await shown(truth, endpoint, who));
    // Whoever comes first fills the cache, in turn each of them.
    for (const first of callers()) {
      await caches[0]?.cache.deletePattern('*');
      await shown(writing, endpoint, first);
      for (const who of callers()) {
        expect(`${endpoint.operationId} ${await shown(writing, endpoint, who)}`).toBe(
          `${endpoint.operationId} ${expected.get(who.email) ?? ''}`,
        );
      }
    }
    if (endpoint.permission.scope !== 'public') expect(new Set(expected.values()).size).toBeGreaterThan(1);
  }
});

test('docs/caching.md tells the lifetimes and the tags of every kept answer and section as they are', () => {
  const merchantId = newId();
  const scopes: { readonly merchant: MerchantScope; readonly user: UserScope } = {
    merchant: { kind: 'merchant', merchantId },
    user: { kind: 'user', userId: newId() },
  };
  const told = (name: string, { freshSeconds, staleSeconds, tags }: CachePolicy): string => {
    const named = tags.map((tag) => tag.replace(Id.encode(merchantId), '<merchant>').replace('coherent', '<slug>'));
    return [name, `${String(freshSeconds)} s`, `${String(staleSeconds)} s`, named.join(', ')].join(' | ');
  };
  const rows = truth.features.flatMap(({ endpoints, sections = [] }) => [
    ...endpoints.flatMap((endpoint) => {
      const scope = endpoint.permission.scope === 'merchant' ? scopes.merchant : scopes.user;
      const policy = endpoint.cache?.({ params: { merchantId, slug: 'coherent' }, query: {} }, scope);
      return policy === undefined ? [] : [told(endpoint.operationId, policy)];
    }),
    ...sections.flatMap((section) => {
      const policy = section.cache?.(section.screen === 'dashboard' ? scopes.merchant : scopes.user);
      return policy === undefined ? [] : [told(`${section.screen}: ${section.name}`, policy)];
    }),
  ]);
  const page = readFileSync(new URL('../docs/caching.md', import.meta.url), 'utf8');
  const [, table = ''] = /^\| answer or section .*\n\| -.*\n((?:\|.*\n)+)/m.exec(page) ?? [];
  const written = table
    .trim()
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.replaceAll('`', '').trim())
        .join(' | '),
    );
  expect(written.sort()).toEqual(rows.sort());
});
