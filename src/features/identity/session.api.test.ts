import { beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { createSecretKey } from 'node:crypto';
import {
  accountApp,
  newAddress,
  PASSWORD,
  SECRET,
  signUpAndIn,
  TOKEN_RULES,
  type AccountApp,
} from '../../../tests/accounts.ts';
import { withDatabase } from '../../../tests/environment/index.ts';
import { collections } from '../../container/collections.ts';
import { AccessTokens } from '../../platform/security/tokens.ts';
import { Id } from '../../shared/ids.ts';
import { MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import { LOCKOUT_MS } from './attempt.store.ts';

const database = withDatabase({ collections });
let accounts: AccountApp;
beforeAll(() => {
  accounts = accountApp(database);
});

const signIn = (email: string, password: string) => accounts.http().post('/api/auth/sign-in').send({ email, password });
const refresh = (refreshToken: string) => accounts.http().post('/api/auth/refresh').send({ refreshToken });
const me = (authorization: string) => accounts.http().get('/api/me').set('Authorization', authorization);
const refreshTokenOf = ({ body }: { body: unknown }): string => (body as { refreshToken: string }).refreshToken;
const bodyOf = ({ body }: { body: unknown }): object => ({ ...(body as object), requestId: '' });

describe('access tokens (A1)', () => {
  const key = createSecretKey(Buffer.from(SECRET));
  const forge = async (head: object, claims: object, signer = key, algorithm = 'HS256') => {
    const { accessToken } = await signUpAndIn(accounts);
    const [header = '', payload = ''] = accessToken.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    return new SignJWT({ ...(JSON.parse(payload) as object), ...claims })
      .setProtectedHeader({ ...(JSON.parse(header) as object), alg: algorithm, ...head })
      .sign(signer);
  };

  test('a token that is signed anew as it was passes, so that the refusals here have one cause each', async () => {
    await me(`Bearer ${await forge({}, {})}`).expect(200);
  });

  test.each<[string, () => Promise<string>]>([
    ['another algorithm', () => forge({}, {}, key, 'HS512')],
    ['another key', () => forge({}, {}, createSecretKey(Buffer.from('x'.repeat(40))))],
    ['another audience', () => forge({}, { aud: 'other' })],
    ['another issuer', () => forge({}, { iss: 'other' })],
    ['another type', () => forge({ typ: 'JWT' }, {})],
    ['an unknown key id', () => forge({ kid: 'nobody' }, {})],
    ['an expiry that is over', () => forge({}, { exp: 2 })],
    ['a session that is not there', () => forge({}, { sid: 'f'.repeat(24) })],
    ['nothing of a token', () => Promise.resolve('not-a-token')],
  ])('a token with %s answers 401', async (_fault, make) => {
    const refused = await me(`Bearer ${await make()}`).expect(401);
    expect(refused.body).toMatchObject({ code: 'unauthenticated' });
  });

  test('a token without a signature answers 401', async () => {
    const [, payload = ''] = (await signUpAndIn(accounts)).accessToken.split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
    await me(`Bearer ${header}.${payload}.`).expect(401);
  });

  test('no token, and one that is sent as a password, answer 401', async () => {
    const { accessToken } = await signUpAndIn(accounts);
    await accounts.http().get('/api/me').expect(401);
    await me(`Basic ${accessToken}`).expect(401);
  });
});

describe('refresh tokens (A2)', () => {
  test('a refresh token gives new tokens, and the new one again', async () => {
    const { refreshToken } = await signUpAndIn(accounts);
    const first = await refresh(refreshToken).expect(200);
    expect(first.body).toMatchObject({ tokenType: 'Bearer', expiresIn: 900 });
    await refresh(refreshTokenOf(first)).expect(200);
  });

  test('a token that is used again ends the session: neither the newest nor the access token holds', async () => {
    const { refreshToken, authorization } = await signUpAndIn(accounts);
    const newest = refreshTokenOf(await refresh(refreshToken).expect(200));
    const reused = await refresh(refreshToken).expect(401);
    expect(reused.body).toMatchObject({ code: 'refresh-refused' });
    await refresh(newest).expect(401);
    await me(authorization).expect(401);
  });

  test('of ten refreshes at the same moment one succeeds', async () => {
    const { refreshToken } = await signUpAndIn(accounts);
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(refreshToken)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(401)]);
  });

  test('a session that is not refreshed for 30 days has ended', async () => {
    const { refreshToken } = await signUpAndIn(accounts);
    const before = accounts.clock.now;
    accounts.clock.now = new Date(before.getTime() + 30 * 24 * 60 * MINUTE_MS);
    await refresh(refreshToken).expect(401);
    accounts.clock.now = before;
  });

  test.each(['', 'nonsense', `${'a'.repeat(24)}.${'b'.repeat(43)}`])(
    'what is no token of ours (%j) is refused',
    async (token) => {
      expect((await refresh(token)).status).toBe(token === '' ? 422 : 401);
    },
  );

  test('the database holds no refresh token', async () => {
    const { refreshToken } = await signUpAndIn(accounts);
    const [sessionId = '', secret = ''] = refreshToken.split('.');
    const row = await database.primary.collection('sessions').findOne({ _id: Id.decode(sessionId) });
    expect(row).toHaveProperty('tokenDigest');
    expect(JSON.stringify(row)).not.toContain(secret);
  });
});

describe('signing out', () => {
  test('ends this session and no other', async () => {
    const first = await signUpAndIn(accounts);
    const second = await signIn(first.email, PASSWORD).expect(200);
    await accounts.http().post('/api/auth/sign-out').send({ refreshToken: first.refreshToken }).expect(204);
    await me(first.authorization).expect(401);
    await refresh(first.refreshToken).expect(401);
    await refresh(refreshTokenOf(second)).expect(200);
  });

  test('everywhere ends all sessions of the user, and of nobody else', async () => {
    const [user, other] = await Promise.all([signUpAndIn(accounts), signUpAndIn(accounts)]);
    const second = await signIn(user.email, PASSWORD).expect(200);
    await accounts.http().post('/api/auth/sign-out-everywhere').set('Authorization', user.authorization).expect(204);
    await me(user.authorization).expect(401);
    await refresh(refreshTokenOf(second)).expect(401);
    await me(other.authorization).expect(200);
  });

  test('another process learns of it within seconds', async () => {
    const user = await signUpAndIn(accounts);
    const elsewhere = accountApp(database);
    const there = () => elsewhere.http().get('/api/me').set('Authorization', user.authorization);
    await there().expect(200);
    await accounts.http().post('/api/auth/sign-out-everywhere').set('Authorization', user.authorization).expect(204);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    await there().expect(401);
  });

  test('with what is no token answers the same', async () => {
    await accounts.http().post('/api/auth/sign-out').send({ refreshToken: 'nonsense' }).expect(204);
  });
});

describe('signing in (A3)', () => {
  test('an unknown address and a wrong password get one answer, for the same work', async () => {
    const { email } = await signUpAndIn(accounts);
    const costOf = async (address: string) => {
      accounts.work.hashes = 0;
      const answer = await signIn(address, 'a wrong password').expect(401);
      const queries = /(\d+) quer/.exec(answer.get('server-timing') ?? '')?.[1];
      return { answer: bodyOf(answer), hashes: accounts.work.hashes, queries };
    };
    // The first unknown address of a process makes the hash that is compared with.
    await costOf(newAddress());
    expect(await costOf(newAddress())).toEqual(await costOf(email));
  });

  test('known and unknown addresses are locked alike, for longer each time', async () => {
    const { email } = await signUpAndIn(accounts);
    for (const address of [email, newAddress()]) {
      for (let wrong = 1; wrong <= 5; wrong += 1) await signIn(address, 'a wrong password').expect(401);
      const locked = await signIn(address, PASSWORD).expect(429);
      expect(locked.body).toMatchObject({ code: 'sign-in-locked' });
      expect(locked.get('retry-after')).toBe('30');

      accounts.clock.now = new Date(accounts.clock.now.getTime() + 30 * SECOND_MS);
      await signIn(address, 'a wrong password').expect(401);
      expect((await signIn(address, 'a wrong password').expect(429)).get('retry-after')).toBe('60');
    }
  });

  test('knocking at a locked account does not keep it locked, and the right password opens it', async () => {
    const { email } = await signUpAndIn(accounts);
    for (let wrong = 1; wrong <= 5; wrong += 1) await signIn(email, 'a wrong password').expect(401);
    for (let knock = 1; knock <= 5; knock += 1) await signIn(email, 'a wrong password').expect(429);
    accounts.clock.now = new Date(accounts.clock.now.getTime() + 30 * SECOND_MS);
    await signIn(email, PASSWORD).expect(200);
    await signIn(email, 'a wrong password').expect(401);
    await signIn(email, PASSWORD).expect(200);
  });

  test('of fifty guesses at the same moment no more are looked at than one after the other', async () => {
    const { email } = await signUpAndIn(accounts);
    accounts.work.hashes = 0;
    await Promise.all(Array.from({ length: 50 }, () => signIn(email, 'a wrong password')));
    expect(accounts.work.hashes).toBe(5);
  });

  test('the delay grows with each wrong password up to an hour', () => {
    expect(LOCKOUT_MS.toSorted((a, b) => a - b)).toEqual(LOCKOUT_MS);
    expect(LOCKOUT_MS.at(-1)).toBe(60 * MINUTE_MS);
  });

  test('the case of an address does not matter', async () => {
    const { email } = await signUpAndIn(accounts);
    await signIn(email.toUpperCase(), PASSWORD).expect(200);
  });

  test('a token of another installation is refused', async () => {
    const { id } = await signUpAndIn(accounts);
    const other = new AccessTokens({ ...TOKEN_RULES, secret: `${SECRET}-2`, isRevoked: () => false });
    await me(`Bearer ${await other.sign({ userId: id, sessionId: 'f'.repeat(24) })}`).expect(401);
  });
});
