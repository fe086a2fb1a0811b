import { describe, expect, jest, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { Cursors } from './cursors.ts';
import { Passwords } from './passwords.ts';
import { digestOf, newSecret } from './secrets.ts';
import { ACCESS_TOKEN_SECONDS, AccessTokens, type AccessTokenOptions } from './tokens.ts';

const secret = 'a-secret-of-more-than-thirty-two-characters';
const options: AccessTokenOptions = { secret, issuer: 'us', audience: 'api', isRevoked: () => false };
const somebody = { userId: '665f1c0c2f8b9a0012345678', sessionId: 'session-1' };

describe('access tokens', () => {
  test('a token of ours tells whose it is, for 15 minutes', async () => {
    let now = new Date('2026-01-01T00:00:00Z');
    const tokens = new AccessTokens({ ...options, now: () => now });
    const token = await tokens.sign(somebody);
    expect(await tokens.verify(token)).toMatchObject(somebody);
    now = new Date(now.getTime() + ACCESS_TOKEN_SECONDS * 1_000);
    expect(await tokens.verify(token)).toBeUndefined();
    expect(await new AccessTokens({ ...options, now: () => now }).verify(token)).toBeUndefined();
  });

  test('after a rotation tokens of the previous key are still accepted, those of an older one are not', async () => {
    const token = await new AccessTokens(options).sign(somebody);
    const next = `${secret}-next`;
    expect(await new AccessTokens({ ...options, secret: next, previousSecret: secret }).verify(token)).toBeDefined();
    expect(await new AccessTokens({ ...options, secret: next }).verify(token)).toBeUndefined();
  });

  test('a remembered token is refused from the moment it is revoked', async () => {
    const revoked = new Set<string>();
    const tokens = new AccessTokens({ ...options, isRevoked: ({ sessionId }) => revoked.has(sessionId) });
    const token = await tokens.sign(somebody);
    expect(await tokens.verify(token)).toBeDefined();
    revoked.add('session-1');
    expect(await tokens.verify(token)).toBeUndefined();
  });

  const header = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string };
  const key = createSecretKey(Buffer.from(secret));
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
  const forge = async (head: object, claims: object, signer = key, algorithm = 'HS256') => {
    const { kid } = header(await new AccessTokens(options).sign(somebody));
    return new SignJWT({ sid: 's', jti: 'j', sub: 'u', iss: 'us', aud: 'api', iat: 1, exp: 9_999_999_999, ...claims })
      .setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid, ...head })
      .sign(signer);
  };
  const unsigned = async () => {
    const [, payload = ''] = (await forge({}, {})).split('.');
    const kid = header(await new AccessTokens(options).sign(somebody)).kid;
    return `${Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid })).toString('base64url')}.${payload}.`;
  };

  test('the forger of these tests makes tokens that pass when nothing is wrong with them', async () => {
    expect(await new AccessTokens(options).verify(await forge({}, {}))).toBeDefined();
  });

  test.each<[string, () => Promise<string>]>([
    ['no signature', unsigned],
    ['another algorithm of the same key', () => forge({}, {}, key, 'HS512')],
    ['a public-key algorithm', () => forge({}, {}, rsa, 'RS256')],
    ['another key under our key id', () => forge({}, {}, createSecretKey(Buffer.from('x'.repeat(40))))],
    ['another audience', () => forge({}, { aud: 'other' })],
    ['another issuer', () => forge({}, { iss: 'other' })],
    ['another type', () => forge({ typ: 'JWT' }, {})],
    ['no type', () => forge({ typ: undefined }, {})],
    ['an unknown key id', () => forge({ kid: 'nobody' }, {})],
    ['no expiry', () => forge({}, { exp: undefined })],
    ['an expiry that is over', () => forge({}, { exp: 2 })],
    ['no session', () => forge({}, { sid: undefined })],
    ['nothing of a token', () => Promise.resolve('not.a.token')],
  ])('a token with %s is refused', async (_fault, make) => {
    expect(await new AccessTokens(options).verify(await make())).toBeUndefined();
  });
});

describe('passwords', () => {
  const cheap = new Passwords({ memoryKiB: 1_024, passes: 1 });

  test('a password is told from another one, and two hashes of it differ', async () => {
    const [first, second] = await Promise.all([cheap.hash('correct horse'), cheap.hash('correct horse')]);
    expect(first).not.toBe(second);
    expect(first).toMatch(/^\$argon2id\$/);
    expect(await cheap.verify(first, 'correct horse')).toBe(true);
    expect(await cheap.verify(first, 'correct horsf')).toBe(false);
  });

  test('without a stored hash no password fits', async () => {
    expect(await cheap.verify(undefined, 'anything')).toBe(false);
  });

  test('the hash that stands in for one is made beforehand, so that the first stranger waits no longer', async () => {
    const hash = jest.spyOn(Passwords.prototype, 'hash');
    const fresh = new Passwords({ memoryKiB: 1_024, passes: 1 });
    expect(hash).toHaveBeenCalledTimes(1);
    await fresh.verify(undefined, 'anything');
    expect(hash).toHaveBeenCalledTimes(1);
    hash.mockRestore();
  });

  test('a hash of a lower cost counts as outdated', async () => {
    const stored = await cheap.hash('correct horse');
    expect([cheap.isOutdated(stored), new Passwords().isOutdated(stored)]).toEqual([false, true]);
  });
});

describe('cursors', () => {
  const cursors = new Cursors(secret);
  const cursor = cursors.encode('orders:m1:newest', ['2026-01-01T00:00:00.000Z', '665f1c0c2f8b9a0012345678']);

  test('a cursor leads back to where its page ended', () => {
    expect(cursors.decode('orders:m1:newest', cursor)).toEqual([
      '2026-01-01T00:00:00.000Z',
      '665f1c0c2f8b9a0012345678',
    ]);
  });

  test('a cursor shows nothing of its position, and is the same for the same one', () => {
    const shown = Buffer.from(cursor, 'base64url').toString('latin1');
    expect(shown).not.toMatch(/2026|665f/);
    expect(cursors.encode('orders:m1:newest', ['2026-01-01T00:00:00.000Z', '665f1c0c2f8b9a0012345678'])).toBe(cursor);
    expect(cursors.encode('orders:m2:newest', ['2026-01-01T00:00:00.000Z', '665f1c0c2f8b9a0012345678'])).not.toBe(
      cursor,
    );
  });

  test.each([
    ["another tenant's list", () => cursors.decode('orders:m2:newest', cursor)],
    ['a changed position', () => cursors.decode('orders:m1:newest', `${cursor.slice(0, -2)}AA`)],
    ['another secret', () => new Cursors(`${secret}2`).decode('orders:m1:newest', cursor)],
    ['no cursor at all', () => cursors.decode('orders:m1:newest', 'x')],
  ])('a cursor is refused for %s', (_fault, decode) => {
    expect(decode).toThrow('nextCursor');
  });
});

test('a new secret has 256 bits, and its digest does not hold it', () => {
  const value = newSecret();
  expect(Buffer.from(value, 'base64url')).toHaveLength(32);
  expect(digestOf(value)).toBe(digestOf(value));
  expect(digestOf(value)).not.toContain(value);
});
