import { beforeAll, describe, expect, test } from '@jest/globals';
import { accountApp, signUpAndIn, type AccountApp, type SignedIn } from '../../../tests/accounts.ts';
import { withDatabase } from '../../../tests/environment/index.ts';
import { collections } from '../../container/collections.ts';
import { newId } from '../../shared/ids.ts';
import type { MerchantRole } from '../identity/index.ts';

const database = withDatabase({ collections });
let accounts: AccountApp;
beforeAll(() => {
  accounts = accountApp(database);
});

type Method = 'delete' | 'get' | 'patch' | 'post';

const call = (who: SignedIn, method: Method, path: string, body?: object) => {
  const asked = accounts.http()[method](`/api${path}`).set('Authorization', who.authorization);
  return body === undefined ? asked : asked.send(body);
};

let stores = 0;
const open = (owner: SignedIn, extra: object = {}) => {
  stores += 1;
  return call(owner, 'post', '/merchants', { slug: `store-${String(stores)}`, name: 'Mugs', ...extra });
};
const idOf = ({ body }: { body: unknown }): string => (body as { id: string }).id;
const slugOf = ({ body }: { body: unknown }): string => (body as { slug: string }).slug;

/** Somebody with a store of their own. */
async function anOwner(): Promise<SignedIn> {
  const owner = await signUpAndIn(accounts);
  await open(owner).expect(201);
  return owner;
}

let products = 0;
const addProduct = (owner: SignedIn, currency: string) => {
  products += 1;
  const variants = [{ sku: `mug-${String(products)}`, title: 'Mug', price: { amount: 1_000, currency } }];
  const product = { title: `Mug ${String(products)}`, category: 'mugs', variants };
  return call(owner, 'post', '/merchant/products', product);
};

/** Somebody new in the store of somebody else. */
async function join(owner: SignedIn, role: MerchantRole): Promise<SignedIn> {
  const joining = await signUpAndIn(accounts);
  await call(owner, 'post', '/merchant/invitations', { email: joining.email, role }).expect(201);
  const token = await accounts.mailbox.tokenFor(joining.email);
  await call(joining, 'post', '/invitations/accept', { token }).expect(200);
  return joining;
}

const rolesOf = async (who: SignedIn): Promise<readonly MerchantRole[]> => {
  const { body } = (await call(who, 'get', '/merchant/members').expect(200)) as {
    body: { data: { role: MerchantRole }[] };
  };
  return body.data.map(({ role }) => role);
};

describe('a store', () => {
  test('is opened by a user, who owns it, and read by everybody', async () => {
    const owner = await signUpAndIn(accounts);
    const opened = await open(owner, { currency: 'JPY', timeZone: 'Asia/Tokyo' }).expect(201);
    expect(opened.body).toMatchObject({ name: 'Mugs', currency: 'JPY', timeZone: 'Asia/Tokyo', version: 1 });
    expect(opened.get('location')).toBe(`/api/merchants/${slugOf(opened)}`);

    const profile = await accounts
      .http()
      .get(opened.get('location') ?? '')
      .expect(200);
    const branding = { logoUrl: null, accentColor: null };
    const { id, slug } = opened.body as { id: string; slug: string };
    expect(profile.body).toEqual({ id, slug, name: 'Mugs', description: '', currency: 'JPY', branding });
    expect(await rolesOf(owner)).toEqual(['owner']);
  });

  test('cannot have the slug of another: of ten at the same moment one is opened', async () => {
    const owner = await signUpAndIn(accounts);
    const answers = await Promise.all(Array.from({ length: 10 }, () => open(owner, { slug: 'the-one' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(409)]);
    const stranger = await signUpAndIn(accounts);
    expect((await open(stranger, { slug: 'the-one' }).expect(409)).body).toMatchObject({ code: 'slug-taken' });
  });

  test('that nobody has opened answers 404', async () => {
    const missing = await accounts.http().get('/api/merchants/nobody-s').expect(404);
    expect(missing.body).toMatchObject({ code: 'merchant-not-found' });
  });

  test.each([
    ['an unknown currency', { currency: 'XXZ' }],
    ['an unknown time zone', { timeZone: 'Mars/Olympus' }],
    ['a slug with a slash', { slug: 'a/b' }],
    ['an operator in place of its name', { name: { $gt: '' } }],
    ['owners of its own', { ownerCount: 7 }],
  ])('is not opened with %s', async (_fault, extra) => {
    const owner = await signUpAndIn(accounts);
    await open(owner, extra).expect(422);
    expect((await call(owner, 'get', '/me/merchants').expect(200)).body).toMatchObject({ data: [] });
  });
});

describe('a change of a store', () => {
  test('is made at the version that was read, and only what was sent changes', async () => {
    const owner = await anOwner();
    const edited = await call(owner, 'patch', '/merchant/profile', { name: 'Cups' })
      .set('If-Match', '"v1"')
      .expect(200);
    expect(edited.body).toMatchObject({ name: 'Cups', currency: 'EUR', version: 2 });
    expect(edited.get('etag')).toBe('"v2"');
    await call(owner, 'patch', '/merchant/profile', { name: 'Pots' }).set('If-Match', '"v1"').expect(412);
    expect((await call(owner, 'get', '/merchant').expect(200)).body).toMatchObject({ name: 'Cups' });
  });

  test('of its settings is made by an owner', async () => {
    const owner = await anOwner();
    const branding = { logoUrl: 'https://shop.example/logo.svg', accentColor: '#1e90ff' };
    const changed = await call(owner, 'patch', '/merchant/settings', { timeZone: 'Europe/Berlin', branding }).expect(
      200,
    );
    expect(changed.body).toMatchObject({ timeZone: 'Europe/Berlin', branding, name: 'Mugs' });
    const scripted = { ...branding, logoUrl: 'javascript:alert(1)' };
    await call(owner, 'patch', '/merchant/settings', { branding: scripted }).expect(422);
  });

  test('of its currency is made until it has a product, and no later', async () => {
    const owner = await anOwner();
    const settings = (currency: string) => call(owner, 'patch', '/merchant/settings', { currency });
    expect((await settings('JPY').expect(200)).body).toMatchObject({ currency: 'JPY' });
    await addProduct(owner, 'EUR').expect(422);
    await settings('USD').expect(200);
    await addProduct(owner, 'USD').expect(201);
    expect((await settings('EUR').expect(409)).body).toMatchObject({
      code: 'currency-fixed',
      errors: [{ path: 'body.currency' }],
    });
    await settings('USD').expect(200);
    await addProduct(owner, 'USD').expect(201);
  });

  test('of its currency and its first product at the same moment never leave it with prices in another', async () => {
    for (let round = 0; round < 8; round += 1) {
      const owner = await anOwner();
      const [changed, added] = await Promise.all([
        call(owner, 'patch', '/merchant/settings', { currency: 'USD' }),
        addProduct(owner, 'EUR'),
      ]);
      expect([
        [200, 422],
        [409, 201],
      ]).toContainEqual([changed.status, added.status]);
    }
  });

  test('leaves an event, as its opening does, by which what is cached of it ends', async () => {
    const owner = await signUpAndIn(accounts);
    const _id = idOf(await open(owner).expect(201));
    await call(owner, 'patch', '/merchant/profile', { name: 'Cups' }).expect(200);
    const events = database.primary.collection('outbox').find({ state: 'pending', dueAt: { $gt: new Date(0) } });
    const types = (await events.toArray())
      .filter(({ aggregateId }) => String(aggregateId) === _id)
      .map(({ type }) => type as string);
    expect(types).toEqual(['merchant.opened', 'merchant.changed']);
  });
});

describe('an invitation', () => {
  test('leads whoever has the address into the store, once', async () => {
    const owner = await anOwner();
    const joining = await signUpAndIn(accounts);
    const invitation = { email: joining.email, role: 'staff' };
    await call(owner, 'post', '/merchant/invitations', invitation).expect(201);
    const token = await accounts.mailbox.tokenFor(joining.email);
    expect((await accounts.mailbox.of(joining.email)).at(-1)?.text).toContain('Ada invites you to Mugs');

    expect((await call(joining, 'post', '/invitations/accept', { token }).expect(200)).body).toMatchObject({
      role: 'staff',
    });
    expect(await rolesOf(joining)).toEqual(['owner', 'staff']);
    await call(joining, 'post', '/invitations/accept', { token }).expect(422);
    expect((await call(joining, 'get', '/me/merchants').expect(200)).body).toMatchObject({ data: [{ role: 'staff' }] });
  });

  test('admits nobody else, and stays for whom it was meant', async () => {
    const [owner, joining, thief] = [await anOwner(), await signUpAndIn(accounts), await signUpAndIn(accounts)];
    await call(owner, 'post', '/merchant/invitations', { email: joining.email, role: 'owner' }).expect(201);
    const token = await accounts.mailbox.tokenFor(joining.email);
    await call(thief, 'post', '/invitations/accept', { token }).expect(422);
    await call(joining, 'post', '/invitations/accept', { token }).expect(200);
  });

  test('is replaced by the next one to the address, and ended by being withdrawn', async () => {
    const [owner, joining] = [await anOwner(), await signUpAndIn(accounts)];
    const invite = () =>
      call(owner, 'post', '/merchant/invitations', { email: joining.email, role: 'staff' }).expect(201);
    await invite();
    const first = await accounts.mailbox.tokenFor(joining.email);
    const second = await invite();
    const newest = await accounts.mailbox.tokenFor(joining.email);
    expect((await call(owner, 'get', '/merchant/invitations').expect(200)).body).toMatchObject({ data: [second.body] });
    await call(joining, 'post', '/invitations/accept', { token: first }).expect(422);

    await call(owner, 'delete', `/merchant/invitations/${idOf(second)}`).expect(204);
    await call(owner, 'delete', `/merchant/invitations/${idOf(second)}`).expect(404);
    await call(joining, 'post', '/invitations/accept', { token: newest }).expect(422);
  });

  test('to somebody of the store is refused when it is accepted', async () => {
    const owner = await anOwner();
    const staff = await join(owner, 'staff');
    await call(owner, 'post', '/merchant/invitations', { email: staff.email, role: 'owner' }).expect(201);
    const token = await accounts.mailbox.tokenFor(staff.email);
    const refused = await call(staff, 'post', '/invitations/accept', { token }).expect(409);
    expect(refused.body).toMatchObject({ code: 'already-member' });
    expect(await rolesOf(owner)).toEqual(['owner', 'staff']);
  });

  test('of a manager is for staff only; staff invites nobody', async () => {
    const owner = await anOwner();
    const [manager, staff] = [await join(owner, 'manager'), await join(owner, 'staff')];
    const invite = (who: SignedIn, role: MerchantRole) =>
      call(who, 'post', '/merchant/invitations', { email: 'new@example.com', role });
    await invite(manager, 'staff').expect(201);
    await invite(manager, 'manager').expect(403);
    await invite(staff, 'staff').expect(403);
  });
});

describe('members', () => {
  test('get another role from an owner, and may do at once what it allows', async () => {
    const owner = await anOwner();
    const staff = await join(owner, 'staff');
    await call(staff, 'patch', '/merchant/profile', { name: 'Cups' }).expect(403);
    const changed = await call(owner, 'patch', `/merchant/members/${staff.id}`, { role: 'manager' }).expect(200);
    expect(changed.body).toMatchObject({ userId: staff.id, name: 'Ada', email: staff.email, role: 'manager' });
    await call(staff, 'patch', '/merchant/profile', { name: 'Cups' }).expect(200);
  });

  test('are not raised by a manager, who sends away staff only', async () => {
    const owner = await anOwner();
    const [manager, staff] = [await join(owner, 'manager'), await join(owner, 'staff')];
    await call(manager, 'patch', `/merchant/members/${manager.id}`, { role: 'owner' }).expect(403);
    await call(manager, 'patch', `/merchant/members/${staff.id}`, { role: 'manager' }).expect(403);
    await call(manager, 'delete', `/merchant/members/${owner.id}`).expect(403);
    await call(manager, 'delete', `/merchant/members/${staff.id}`).expect(204);
    await call(staff, 'get', '/merchant').expect(403);
  });

  test('may leave, but for the last owner', async () => {
    const owner = await anOwner();
    const staff = await join(owner, 'staff');
    const refused = await call(owner, 'delete', `/merchant/members/${owner.id}`).expect(409);
    expect(refused.body).toMatchObject({ code: 'last-owner' });
    await call(owner, 'patch', `/merchant/members/${owner.id}`, { role: 'staff' }).expect(409);
    await call(staff, 'delete', `/merchant/members/${staff.id}`).expect(204);

    const second = await join(owner, 'owner');
    await call(owner, 'delete', `/merchant/members/${owner.id}`).expect(204);
    expect(await rolesOf(second)).toEqual(['owner']);
  });

  test('of two owners who leave at the same moment one stays', async () => {
    const owner = await anOwner();
    const second = await join(owner, 'owner');
    const leaving = [owner, second].map((who) => call(who, 'delete', `/merchant/members/${who.id}`));
    expect((await Promise.all(leaving)).map(({ status }) => status).sort()).toEqual([204, 409]);
  });

  test('are listed page by page', async () => {
    const owner = await anOwner();
    await join(owner, 'staff');
    const first = (await call(owner, 'get', '/merchant/members?limit=1').expect(200)).body as {
      page: { nextCursor: string };
    };
    const second = await call(owner, 'get', `/merchant/members?limit=1&cursor=${first.page.nextCursor}`).expect(200);
    expect(second.body).toMatchObject({ data: [{ role: 'staff' }], page: { hasMore: false } });
    const stranger = await anOwner();
    await call(stranger, 'get', `/merchant/members?cursor=${first.page.nextCursor}`).expect(400);
  });
});

describe("another store's token (T1)", () => {
  test('finds neither members nor invitations, and changes nothing', async () => {
    const [owner, stranger] = [await anOwner(), await anOwner()];
    const staff = await join(owner, 'staff');
    const invited = await call(owner, 'post', '/merchant/invitations', {
      email: 'new@example.com',
      role: 'staff',
    }).expect(201);

    const refused = [
      await call(stranger, 'patch', `/merchant/members/${staff.id}`, { role: 'owner' }).expect(404),
      await call(stranger, 'delete', `/merchant/members/${staff.id}`).expect(404),
      await call(stranger, 'delete', `/merchant/members/${owner.id}`).expect(404),
      await call(stranger, 'delete', `/merchant/invitations/${idOf(invited)}`).expect(404),
    ];
    for (const { text } of refused) expect(text).not.toContain(staff.email);
    expect(await rolesOf(owner)).toEqual(['owner', 'staff']);
    expect((await call(owner, 'get', '/merchant/invitations').expect(200)).body).toMatchObject({
      data: [invited.body],
    });
  });

  test('is refused where it names that store, and where the store is not there', async () => {
    const [owner, stranger] = [await signUpAndIn(accounts), await anOwner()];
    const store = idOf(await open(owner).expect(201));
    for (const named of [store, newId().toHexString(), 'nonsense']) {
      const refused = await call(stranger, 'get', '/merchant').set('X-Merchant-Id', named).expect(403);
      expect(refused.body).toMatchObject({ detail: 'You do not belong to this store' });
    }
  });

  test('who belongs to two stores names one', async () => {
    const owner = await signUpAndIn(accounts);
    const [first, second] = [idOf(await open(owner).expect(201)), idOf(await open(owner).expect(201))];
    expect((await call(owner, 'get', '/merchant').expect(400)).body).toMatchObject({ code: 'merchant-required' });
    for (const store of [first, second]) {
      expect(idOf(await call(owner, 'get', '/merchant').set('X-Merchant-Id', store).expect(200))).toBe(store);
    }
  });
});
