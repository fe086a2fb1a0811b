import { describe, expect, test } from '@jest/globals';
import type { Permission } from '../../platform/http/endpoint.ts';
import { Id, newId } from '../../shared/ids.ts';
import { Authorizer, type Membership } from './authorizer.ts';
import type { MerchantRole, PlatformRole } from './roles.ts';

const [user, store, otherStore] = [newId(), newId(), newId()];

const key = { id: newId(), merchantId: store, rights: ['orders:read'] };

function authorizer(memberships: readonly Membership[], role: PlatformRole = 'user'): Authorizer {
  const token = { userId: Id.encode(user), sessionId: '', tokenId: '', issuedAt: 0, expiresAt: 0 };
  return new Authorizer({
    tokens: { verify: (sent) => Promise.resolve(sent === 'good' ? token : undefined) },
    users: { findRole: () => Promise.resolve(role) },
    keys: { verify: (sent) => Promise.resolve(sent === 'mpk_good' ? key : undefined) },
    memberships: {
      findOf: (_userId, merchantId) =>
        Promise.resolve(memberships.filter((one) => merchantId === undefined || one.merchantId.equals(merchantId))),
    },
  });
}

const inStore = (role: MerchantRole, merchantId = store): Membership => ({ merchantId, role });
const orders = (role: MerchantRole, right: 'read' | 'write' = 'write'): Permission => ({
  scope: 'merchant',
  role,
  apiKey: `orders:${right}`,
});

/** The scope that is granted, or the code of the refusal. */
async function outcome(
  memberships: readonly Membership[],
  permission: Permission,
  merchant?: string,
  role?: PlatformRole,
) {
  try {
    return (await authorizer(memberships, role).authorize('Bearer good', permission, merchant)).scope;
  } catch (error) {
    return (error as { kind: { code: string } }).kind.code;
  }
}

describe('a store', () => {
  const granted = { kind: 'merchant', merchantId: store };

  test.each<[MerchantRole, MerchantRole, unknown]>([
    ['staff', 'staff', granted],
    ['staff', 'manager', 'forbidden'],
    ['manager', 'staff', granted],
    ['manager', 'owner', 'forbidden'],
    ['owner', 'owner', granted],
  ])('%s where %s is needed: %j', async (role, needed, expected) => {
    expect(await outcome([inStore(role)], orders(needed))).toEqual(expected);
  });

  test('who belongs to one need not name it, who belongs to two must', async () => {
    const two = [inStore('staff'), inStore('owner', otherStore)];
    expect(await outcome(two, orders('staff'))).toBe('merchant-required');
    expect(await outcome(two, orders('staff'), Id.encode(store))).toEqual(granted);
    expect(await outcome(two, orders('owner'), Id.encode(store))).toBe('forbidden');
  });

  test.each([Id.encode(otherStore), 'nonsense', '', '{"$gt":""}'])(
    'of somebody else, %j, is refused',
    async (named) => {
      expect(await outcome([inStore('owner')], orders('staff'), named)).toBe('forbidden');
    },
  );

  test('that nobody is named and nobody belongs to is refused', async () => {
    expect(await outcome([], orders('staff'))).toBe('forbidden');
    const asked = authorizer([], 'support').authorize('Bearer good', orders('staff', 'read'));
    await expect(asked).rejects.toThrow('You belong to no store, and X-Merchant-Id names none');
  });

  test('is read by support that names it, and not changed', async () => {
    const named = Id.encode(store);
    expect(await outcome([], orders('owner', 'read'), named, 'support')).toEqual(granted);
    expect(await outcome([], orders('staff', 'write'), named, 'support')).toBe('forbidden');
    expect(await outcome([], orders('staff', 'read'), undefined, 'support')).toBe('forbidden');
    expect(await outcome([], orders('staff', 'read'), named, 'user')).toBe('forbidden');
  });
});

test.each<[PlatformRole, 'admin' | 'support', boolean]>([
  ['user', 'support', false],
  ['support', 'support', true],
  ['support', 'admin', false],
  ['admin', 'support', true],
  ['admin', 'admin', true],
])('the platform role %s where %s is needed: %j', async (role, needed, allowed) => {
  const scope = await outcome([], { scope: 'system', role: needed }, undefined, role);
  expect(scope).toEqual(allowed ? { kind: 'system', reason: `endpoint for ${needed}` } : 'forbidden');
});

test('what is for everybody looks at no token', async () => {
  const anybody = { actor: { kind: 'anonymous' }, scope: { kind: 'public' } };
  expect(await authorizer([]).authorize('Bearer bad', { scope: 'public' })).toEqual(anybody);
});

test.each([undefined, '', 'good', 'Bearer', 'Bearer bad', 'Bearer good good', 'Basic good'])(
  'the authorization %j answers 401 at every other endpoint',
  async (authorization) => {
    const permissions: readonly Permission[] = [{ scope: 'user' }, orders('staff'), { scope: 'system', role: 'admin' }];
    for (const permission of permissions) {
      const refused = authorizer([inStore('owner')], 'admin').authorize(authorization, permission);
      await expect(refused).rejects.toMatchObject({ kind: { code: 'unauthenticated' } });
    }
  },
);

test.each<[string, readonly Membership[], Permission, PlatformRole, string]>([
  ['somebody of the store', [inStore('manager')], orders('staff'), 'user', 'manager'],
  ['support that looks into it', [], orders('staff', 'read'), 'support', 'support'],
  ['somebody of the platform', [], { scope: 'system', role: 'support' }, 'admin', 'admin'],
])('what is shown may depend on the role, which is told of %s', async (_who, memberships, permission, role, told) => {
  const access = authorizer(memberships, role);
  expect((await access.authorize('Bearer good', permission, Id.encode(store))).role).toBe(told);
});

describe('an API key', () => {
  const ask = async (sent: string, permission: Permission, merchant?: string) => {
    try {
      return await authorizer([inStore('owner')], 'admin').authorize(`Bearer ${sent}`, permission, merchant);
    } catch (error) {
      return (error as { kind: { code: string } }).kind.code;
    }
  };
  const granted = { actor: { kind: 'apiKey', id: key.id }, scope: { kind: 'merchant', merchantId: store } };

  test('does what its rights name, whatever role that takes of people, in its store', async () => {
    expect(await ask('mpk_good', orders('owner', 'read'))).toEqual(granted);
    expect(await ask('mpk_good', orders('staff', 'read'), Id.encode(store))).toEqual(granted);
  });

  test.each<[string, Permission, string | undefined]>([
    ['another right', orders('staff', 'write'), undefined],
    ['another store', orders('staff', 'read'), Id.encode(otherStore)],
    ['what names no store', orders('staff', 'read'), 'nonsense'],
    ['what is for people only', { scope: 'merchant', role: 'staff', apiKey: null }, undefined],
    ['what is of a user', { scope: 'user' }, undefined],
    ['what is of the platform', { scope: 'system', role: 'support' }, undefined],
  ])('is refused %s', async (_what, permission, merchant) => {
    expect(await ask('mpk_good', permission, merchant)).toBe('forbidden');
  });

  test('that is not good answers 401 before anything is said of what it may', async () => {
    for (const permission of [orders('staff', 'read'), orders('owner'), { scope: 'user' } as const])
      expect(await ask('mpk_bad', permission)).toBe('unauthenticated');
  });
});
